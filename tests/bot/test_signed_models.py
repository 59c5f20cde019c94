"""A model says who made it, and only the keys of this set-up say so."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from base.encryption import KeyRing
from bot.signed_models import MARK, model_id_of, model_keys, sign_model

OLD = KeyRing("k1", {"k1": b"\x01" * 32}, bytes(32))
ROTATED = KeyRing("k2", {"k1": b"\x01" * 32, "k2": b"\x02" * 32}, bytes(32))
STRANGE = KeyRing("k1", {"k1": b"\x03" * 32}, bytes(32))


def check(data: bytes, keys: KeyRing) -> None:
    """As a dialogue process does: by any of the keys."""
    head, archive = data[: len(MARK) + 64], data[len(MARK) + 64 :]
    for half in model_keys(keys).split(","):
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(half))
        try:
            return key.verify(head[len(MARK) :], MARK + hashlib.sha256(archive).digest())
        except InvalidSignature:
            continue
    raise InvalidSignature


@given(st.binary(max_size=200))
def test_what_we_signed_is_known_also_after_the_keys_were_rotated(archive: bytes) -> None:
    check(sign_model(OLD, archive), OLD)
    check(sign_model(OLD, archive), ROTATED)
    check(sign_model(ROTATED, archive), ROTATED)
    assert sign_model(OLD, archive) == sign_model(OLD, archive)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_model_that_was_changed_anywhere_is_nobodys(archive: bytes, data: st.DataObject) -> None:
    signed = bytearray(sign_model(OLD, archive))
    signed[data.draw(st.integers(len(MARK), len(signed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidSignature):
        check(bytes(signed), OLD)


def test_a_strangers_model_is_not_ours() -> None:
    with pytest.raises(InvalidSignature):
        check(sign_model(STRANGE, b"archive"), ROTATED)


def test_a_model_is_known_by_its_archive_whoever_signed_it() -> None:
    name = hashlib.sha256(b"archive").hexdigest()
    assert {
        model_id_of(data) for data in (b"archive", sign_model(OLD, b"archive"), sign_model(STRANGE, b"archive"))
    } == {name}

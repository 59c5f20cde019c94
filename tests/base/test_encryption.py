"""Sealed columns and blind indexes."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.encryption import (
    KeyProblem,
    KeyRing,
    add_root_key,
    create_key_file,
    key_id_of,
    list_root_keys,
    read_key_file,
    retire_column_root,
)

RING = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)
COLUMN = "contact_points.value_sealed"


@given(st.text())
def test_what_is_sealed_opens_again_and_is_never_readable(value: str) -> None:
    row = uuid4()
    sealed = RING.seal(value, column=COLUMN, row=row)
    assert RING.unseal(sealed, column=COLUMN, row=row) == value
    assert len(value) < 4 or value.encode(errors="replace") not in sealed


def test_a_ciphertext_moved_to_another_row_or_column_does_not_open() -> None:
    row = uuid4()
    sealed = RING.seal("a@b.example", column=COLUMN, row=row)
    with pytest.raises(KeyProblem):
        RING.unseal(sealed, column=COLUMN, row=uuid4())
    with pytest.raises(KeyProblem):
        RING.unseal(sealed, column="contacts.other", row=row)


@given(st.integers(min_value=0, max_value=200), st.integers(min_value=1, max_value=255))
def test_an_altered_ciphertext_never_opens(position: int, flip: int) -> None:
    row = uuid4()
    sealed = bytearray(RING.seal("a@b.example", column=COLUMN, row=row))
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(KeyProblem):
        RING.unseal(bytes(sealed), column=COLUMN, row=row)


def test_after_rotation_old_rows_still_open_and_new_rows_use_the_new_key(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    create_key_file(path)
    row = uuid4()
    old = read_key_file(path)
    sealed = old.seal("a@b.example", column=COLUMN, row=row)
    assert add_root_key(path) == "k2"
    ring = read_key_file(path)
    assert ring.unseal(sealed, column=COLUMN, row=row) == "a@b.example"
    assert key_id_of(ring.seal("x", column=COLUMN, row=row)) == "k2"
    assert ring.blind_index("a", kind="email") == old.blind_index("a", kind="email")
    assert ring.derive_all("tokens")[1] == old.derive("tokens")


def test_a_retired_key_is_named_in_the_error() -> None:
    row = uuid4()
    sealed = RING.seal("x", column=COLUMN, row=row)
    with pytest.raises(KeyProblem, match="k1 is not in the key file"):
        KeyRing("k2", {"k2": b"\x03" * 32}, b"\x02" * 32).unseal(sealed, column=COLUMN, row=row)


def test_a_blind_index_finds_equal_values_of_one_kind_only() -> None:
    assert RING.blind_index("+4930", kind="phone") == RING.blind_index("+4930", kind="phone")
    assert RING.blind_index("+4930", kind="phone") != RING.blind_index("+4930", kind="email")


def test_a_key_file_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "root.key"
    create_key_file(path)
    before = path.read_bytes()
    create_key_file(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(KeyProblem, match="chmod 600"):
        read_key_file(path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"newest":"k1","roots":{"k1":"AAAA"},"index_root":"AAAA"}'])
def test_a_damaged_key_file_says_to_restore_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "root.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyProblem, match="restore"):
        read_key_file(path)


def test_what_a_retired_key_sealed_never_opens_again_and_what_it_signed_still_counts(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    create_key_file(path)
    old, row = read_key_file(path), uuid4()
    sealed = old.seal("a@b.example", column=COLUMN, row=row)
    add_root_key(path)
    retire_column_root(path, "k1")
    ring = read_key_file(path)
    with pytest.raises(KeyProblem, match="k1 is not in the key file"):
        ring.unseal(sealed, column=COLUMN, row=row)
    assert ring.derive_all("tokens")[1] == old.derive("tokens")
    assert ring.blind_index("a", kind="email") == old.blind_index("a", kind="email")
    first, second = list_root_keys(path)
    assert (first.key_id, first.is_newest, first.retired_on is not None) == ("k1", False, True)
    assert (second.key_id, second.is_newest, second.retired_on) == ("k2", True, None)


def test_the_bytes_of_a_retired_key_are_written_over(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    create_key_file(path)
    add_root_key(path)
    with path.open("rb") as before:
        secret = json.loads(path.read_text())["column_roots"]["k1"]
        retire_column_root(path, "k1")
        assert secret.encode() not in before.read()
    assert secret not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("key_id", "why"), [("k2", "rotate"), ("k9", "seals nothing"), ("k1", "also signs links")])
def test_a_key_that_is_needed_is_not_retired(tmp_path: Path, key_id: str, why: str) -> None:
    """The file is of a time when one root did both."""
    path = tmp_path / "root.key"
    create_key_file(path)
    content = json.loads(path.read_text())
    row, older = uuid4(), {name: content[name] for name in ("newest", "roots", "index_root")}
    path.write_text(json.dumps(older))
    sealed = read_key_file(path).seal("x", column=COLUMN, row=row)
    add_root_key(path)
    with pytest.raises(KeyProblem, match=why):
        retire_column_root(path, key_id)
    assert read_key_file(path).unseal(sealed, column=COLUMN, row=row) == "x"

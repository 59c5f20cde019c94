"""A mail is only believed to come from its From when our own server or a signature says so."""

from __future__ import annotations

import base64
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.email.message import sign
from channels.email.origin import Origin, read_origin
from channels.email.reading import parse_mail
from channels.email.settings import EmailSettings
from tests.channels.email.mails import ANN, written


@cache
def key() -> tuple[bytes, bytes]:
    """A private key in PEM, and the record that its public one is published by."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def published(*names: str):
    return lambda name, timeout=5: key()[1] if name.decode().rstrip(".") in names else None


def signed(raw: bytes, domain: str) -> bytes:
    raw = raw.replace(b"\n", b"\r\n")
    return dkim.sign(raw, b"s1", domain.encode(), key()[0]) + raw


def origin(raw: bytes, *, sender: str = ANN, authserv_id: str | None = None, lookup=None) -> Origin:
    lookup = lookup or published("s1._domainkey.customer.example")
    return read_origin(parse_mail(raw), raw, sender, authserv_id=authserv_id, lookup=lookup)


def proven(raw: bytes, **more) -> bool:
    return origin(raw, **more) == "proven"


def test_a_signature_of_the_senders_domain_proves_it() -> None:
    assert proven(signed(written(), "customer.example"))


def test_a_signature_of_another_domain_proves_nothing() -> None:
    assert not proven(signed(written(), "evil.example"), lookup=published("s1._domainkey.evil.example"))


def test_an_altered_mail_is_not_proven() -> None:
    assert not proven(signed(written("yes"), "customer.example").replace(b"yes", b"no!"))


def test_an_unsigned_mail_is_not_proven() -> None:
    assert not proven(written())


def test_the_domain_above_may_sign_for_the_one_below_but_not_the_other_way_round() -> None:
    raw = signed(written(sender="a@mail.customer.example"), "customer.example")
    assert proven(raw, sender="a@mail.customer.example")
    below = signed(written(), "mail.customer.example")
    assert not proven(below, lookup=published("s1._domainkey.mail.customer.example"))


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("mx.northwind.example; dmarc=pass (p=NONE) header.from=customer.example", True),
        ("mx.northwind.example; dkim=pass header.d=customer.example; spf=pass", True),
        ("mx.northwind.example; dkim=pass header.i=@evil.example; spf=pass", False),
        ("mx.northwind.example; spf=pass smtp.mailfrom=customer.example", False),
        ("mx.northwind.example; dmarc=fail header.from=customer.example", False),
        ("mx.evil.example; dmarc=pass header.from=customer.example", False),
        ("mx.northwind.example", False),
        ("", False),
    ],
)
def test_only_what_our_own_server_found_out_is_believed(result, expected) -> None:
    raw = written(Authentication_Results=result) if result else written()
    assert proven(raw, authserv_id="mx.northwind.example") is expected


def test_what_the_sender_put_below_our_servers_words_is_not_believed() -> None:
    forged = written(Authentication_Results="mx.northwind.example; dmarc=pass header.from=customer.example")
    raw = b"Authentication-Results: mx.northwind.example; dmarc=fail\n" + forged
    assert not proven(raw, authserv_id="mx.northwind.example")


def test_what_we_send_is_signed_so_that_others_can_check_it() -> None:
    raw = written(sender="hello@northwind.example", List_Unsubscribe="<https://x.example>").replace(b"\n", b"\r\n")
    settings = EmailSettings(from_address="hello@northwind.example", dkim_selector="s1", dkim_key=key()[0].decode())
    ours = sign(raw, settings)
    assert dkim.verify(ours, dnsfunc=published("s1._domainkey.northwind.example"))
    head = ours.partition(b"\r\nFrom")[0].replace(b"\r\n ", b"").replace(b" ", b"").lower()
    assert b"list-unsubscribe" in head
    assert sign(raw, EmailSettings(from_address="hello@northwind.example")) == raw
    with pytest.raises(ValueError, match="key"):
        sign(raw, EmailSettings(from_address="a@b.example", dkim_selector="s1", dkim_key="no key"))

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


GMAIL = (
    "mx.google.com; dkim=pass header.i=@customer.example header.s=20230601 header.b=AbCd/ef=; spf=pass (google.com: "
    "domain of ann@customer.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=ann@customer.example; "
    "dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=customer.example; dara=pass header.i=@company.example"
)
RSPAMD = (
    "mail.northwind.example; dkim=pass header.d=customer.example header.s=s1 header.b=abc; "
    'dmarc=pass (policy=none) header.from=customer.example; spf=pass (mail: domain of "ann" designates 192.0.2.1) '
    "smtp.mailfrom=ann@customer.example"
)


@pytest.mark.parametrize(("server", "result"), [("mx.google.com", GMAIL), ("mail.northwind.example", RSPAMD)])
def test_the_words_of_real_mail_servers_are_understood(server, result) -> None:
    assert proven(written(Authentication_Results=result), authserv_id=server)


@pytest.mark.parametrize(
    "result",
    [
        # Whoever sends a mail chooses the address of its envelope, and servers repeat it in their results.
        "mx.northwind.example; spf=pass smtp.mailfrom=dmarc=pass@evil.example",
        "mx.northwind.example; spf=pass smtp.mailfrom=header.from=customer.example.dmarc=pass@evil.example",
        'mx.northwind.example; spf=pass smtp.mailfrom="x; dmarc=pass header.from=customer.example"@evil.example',
        "mx.northwind.example; spf=pass (x; dmarc=pass header.from=customer.example) smtp.mailfrom=x@evil.example",
        'mx.northwind.example; spf=pass reason="; dmarc=pass header.from=customer.example; " smtp.mailfrom=e.example',
        "mx.northwind.example; x-spam=pass; dkim=pass (d=customer.example) header.d=evil.example",
        "mx.northwind.example; dmarc=pass",
        "mx.northwind.example; dmarc=pass header.from=evil.example",
        "mx.northwind.example; dmarc=pass header.from=sub.customer.example",
        "mx.northwind.example; dkim=pass header.d=example",
        "mx.northwind.example; dkim=pass header.d=notcustomer.example",
        "mx.northwind.example; dkim=policy header.d=customer.example",
        "mx.northwind.example; dmarc=pass header.from=customer.example; dmarc=none header.from=evil.example",
        "mx.northwind.example.evil.example; dmarc=pass header.from=customer.example",
        "mx.northwind.example dmarc=pass header.from=customer.example",
        "mx.northwind.example; (((((",
    ],
)
def test_what_somebody_has_our_server_repeat_proves_nothing(result) -> None:
    assert origin(written(Authentication_Results=result), authserv_id="mx.northwind.example") == "unknown"


def test_a_mail_that_its_domain_disowns_is_refuted_though_something_else_passes() -> None:
    result = "mx.northwind.example; dkim=pass header.d=customer.example; dmarc=fail header.from=customer.example"
    assert origin(written(Authentication_Results=result), authserv_id="mx.northwind.example") == "refuted"


@pytest.mark.parametrize(
    "line",
    [
        "victim@customer.example <attacker@customer.example>",
        "<victim@customer.example> <attacker@customer.example>",
        "victim@customer.example, attacker@customer.example",
        "friends: victim@customer.example, attacker@customer.example;",
        "=?utf-8?q?victim=40customer=2Eexample?=, <attacker@customer.example>",
    ],
)
def test_a_from_that_two_readers_read_differently_is_not_proven(line) -> None:
    raw = f"From: {line}\nAuthentication-Results: mx; dmarc=pass header.from=customer.example\n\nhello\n".encode()
    sender = "victim@customer.example"
    assert origin(raw, sender=sender, authserv_id="mx") == "unknown"
    assert origin(signed(raw, "customer.example"), sender=sender) == "unknown"


def test_a_second_from_put_before_the_signed_one_is_not_proven() -> None:
    raw = signed(written(sender="attacker@customer.example"), "customer.example")
    assert proven(raw, sender="attacker@customer.example")
    assert not proven(b"From: victim@customer.example\r\n" + raw, sender="victim@customer.example")


def test_what_is_appended_to_a_mail_that_was_signed_in_part_is_not_proven() -> None:
    raw = written("yes").replace(b"\n", b"\r\n")
    in_part = dkim.sign(raw, b"s1", b"customer.example", key()[0], length=True) + raw
    assert dkim.verify(in_part + b"no, never\r\n", dnsfunc=published("s1._domainkey.customer.example"))
    assert not proven(in_part + b"no, never\r\n")


def test_a_signature_of_old_is_not_enough() -> None:
    raw = written().replace(b"\n", b"\r\n")
    old = dkim.sign(raw, b"s1", b"customer.example", key()[0], signature_algorithm=b"rsa-sha1") + raw
    assert dkim.verify(old, dnsfunc=published("s1._domainkey.customer.example"))
    assert not proven(old)


def test_a_domain_that_only_tries_signing_out_proves_nothing() -> None:
    assert not proven(signed(written(), "customer.example"), lookup=lambda _name, timeout=5: key()[1] + b"; t=y")


def test_a_sound_signature_counts_though_others_beside_it_do_not() -> None:
    broken = b"DKIM-Signature: v=1; a=rsa-sha256; d=customer.example; s=s1; h=from; bh=!; b=!\r\n"
    unknown = b"DKIM-Signature: v=1; a=ed25519-sha256; d=customer.example; s=ed; h=from; bh=AAAA; b=AAAA\r\n"
    assert proven(broken + unknown + signed(written(), "customer.example"))


def test_nobodys_dns_is_asked_for_a_signature_that_could_prove_nothing() -> None:
    asked: list[bytes] = []

    def note(name: bytes, timeout: float = 5) -> None:
        asked.append(name)

    assert not proven(signed(written(), "evil.example"), lookup=note)
    assert asked == []
    many = signed(written(), "customer.example")
    signature = many[: many.index(b"From:")]
    assert not proven(signature * 50 + many, lookup=note)
    assert 0 < len(asked) <= 3


@pytest.mark.parametrize("server_writes", ["xn--bcher-kva.example", "XN--BCHER-KVA.example"])
def test_a_domain_with_other_letters_is_the_same_as_the_dns_knows_it(server_writes) -> None:
    result = f"Authentication-Results: mx; dmarc=pass header.from={server_writes}"
    raw = f"From: ann@bücher.example\n{result}\n\nhi".encode()
    assert proven(raw, sender="ann@bücher.example", authserv_id="mx")
    plain = signed(b"From: ann@xn--bcher-kva.example\n\nhi\n", "xn--bcher-kva.example")
    assert proven(plain, sender="ann@bücher.example", lookup=published("s1._domainkey.xn--bcher-kva.example"))

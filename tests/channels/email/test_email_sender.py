"""What a mail server says, and what it leaves unsaid, becomes the right outcome."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from icalendar import Calendar

from base.database import transaction
from base.errors import InvalidInput
from base.ids import new_id
from channels.email import handover
from channels.email.sender import EmailSender
from channels.email.settings import EmailSettings, SMTPServer, parse_smtp_url
from crm.consent.double_opt_in import issue_token
from crm.meetings.routes import read_token as read_meeting_token
from crm.privacy.pages.tokens import read_request_token
from outreach.accounts.book import AccountBook
from outreach.accounts.service import save_account
from outreach.delivery import SEND_TIMEOUT
from outreach.ports import Accepted, InDoubt, Refused, RetryLater
from tests.channels.email.test_origin import key


class NoClock:
    def now(self):
        return datetime.now(UTC)


async def test_a_mail_that_asks_to_confirm_gets_its_link_when_it_is_sent(serve, sender_to, envelope, keys):
    server, confirmation_id = await serve(), new_id()
    letter = envelope(purpose="service", text="Please: {link}", content={"confirmation_id": str(confirmation_id)})
    assert isinstance(await sender_to(server).send(letter), Accepted)
    (message,) = server.taken
    text = message.get_body(("plain",)).get_content()
    assert f"/consent/confirm/{issue_token(keys, confirmation_id)}\r\n" in text
    assert "{link}" not in text
    assert message["List-Unsubscribe"] is None


async def test_a_mail_about_a_privacy_request_carries_the_link_of_that_request(serve, sender_to, envelope, keys):
    server, request_id = await serve(), new_id()
    letter = envelope(purpose="service", text="Please: {link}", content={"privacy_request_id": str(request_id)})
    assert isinstance(await sender_to(server).send(letter), Accepted)
    text = server.taken[0].get_body(("plain",)).get_content()
    (token,) = re.findall(r"/privacy/request/(\S+)", text)
    assert read_request_token(keys, token) == request_id


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_mail_about_a_meeting_carries_its_link_and_what_calendars_take(
    serve, sender_to, envelope, keys, cancelled
):
    server, meeting_id = await serve(), new_id()
    meeting = {
        "title": "Demo ä", "place": "Room 1", "starts_at": "2026-11-24T09:00:00+00:00",
        "ends_at": "2026-11-24T09:30:00+00:00", "cancelled": cancelled, "sequence": 3,
    }  # fmt: skip
    content = {"meeting_id": str(meeting_id), "meeting": meeting}
    letter = envelope(purpose="service", text="Move it: {link}", content=content)
    assert isinstance(await sender_to(server).send(letter), Accepted)
    (message,) = server.taken
    (token,) = re.findall(r"/meetings/(\S+)", message.get_body(("plain",)).get_content())
    assert read_meeting_token(keys, token) == meeting_id
    parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    method = "CANCEL" if cancelled else "REQUEST"
    assert [part.get_param("method") for part in parts] == [method, method]
    assert [part.get_filename() for part in parts] == [None, "meeting.ics"]
    for part in parts:
        calendar = Calendar.from_ical(part.get_payload(decode=True))
        [event] = calendar.events
        assert (calendar["METHOD"], event["UID"], int(event["SEQUENCE"])) == (method, str(meeting_id), 3)
        assert (event["SUMMARY"], event["ATTENDEE"]) == ("Demo ä", "mailto:ada@customer.example")
        assert ("URL" in event) is not cancelled


async def test_a_message_is_handed_over_with_its_stable_id(serve, sender_to, envelope):
    server = await serve()
    letter = envelope()
    first = await sender_to(server).send(letter)
    second = await sender_to(server).send(letter)
    assert first == second == Accepted(f"<{letter.outbox_id}@northwind.example>")
    assert [message["Message-ID"] for message in server.taken] == [first.provider_id] * 2
    assert server.envelopes[0][:2] == ("hello@northwind.example", ["ada@customer.example"])


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL", "451 4.3.0 busy"),
        ("MAIL", "550 5.7.1 not you"),
        ("RCPT", "450 4.2.1 greylisted"),
        ("RCPT", "421 4.7.0 too many connections"),
        ("RCPT", "550 5.7.1 policy"),
        ("RCPT", "552 5.2.2 mailbox full"),
        ("DATA", "452 4.3.1 no space"),
        ("DATA", "554 5.7.1 looks like spam"),
    ],
)
async def test_a_4xx_is_tried_again_and_a_5xx_is_final(serve, sender_to, envelope, command, answer):
    expected = RetryLater if answer.startswith("4") else Refused
    server = await serve(script={command: answer})
    outcome = await sender_to(server).send(envelope())
    assert isinstance(outcome, expected)
    assert answer[:9] in outcome.reason
    assert not getattr(outcome, "dead_address", False)


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.10"])
async def test_a_mailbox_that_does_not_exist_is_a_hard_bounce(serve, sender_to, envelope, code):
    server = await serve(script={"RCPT": f"550 {code} <ada@customer.example>: user unknown"})
    outcome = await sender_to(server).send(envelope())
    assert outcome == Refused("hard_bounce", f"There is no such mailbox (550 {code}).", dead_address=True)


async def test_reasons_never_repeat_the_address(serve, sender_to, envelope):
    for command in ("MAIL", "RCPT", "DATA"):
        server = await serve(script={command: "550 5.7.1 <ada@customer.example> rejected"})
        assert "ada@" not in (await sender_to(server).send(envelope())).reason


async def test_nobody_listening_is_tried_again(sender_to, envelope, serve):
    server = await serve()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server.port = probe.getsockname()[1]
    assert isinstance(await sender_to(server).send(envelope()), RetryLater)


async def test_silence_before_the_message_was_handed_over_is_tried_again(serve, sender_to, envelope, monkeypatch):
    monkeypatch.setattr(handover, "_BEFORE_DATA", 0.3)
    for command in ("MAIL", "RCPT"):
        server = await serve(hang_at=command)
        assert isinstance(await sender_to(server).send(envelope()), RetryLater)


async def test_silence_after_the_message_was_handed_over_leaves_doubt(serve, sender_to, envelope, monkeypatch):
    monkeypatch.setattr(handover, "_DATA", 0.3)
    server = await serve(hang_after_data=True)
    assert isinstance(await sender_to(server).send(envelope()), InDoubt)
    assert len(server.taken) == 1


def test_the_sender_gives_up_before_delivery_does():
    assert SEND_TIMEOUT.total_seconds() > handover._BEFORE_DATA + handover._DATA + handover._QUIT


async def test_it_logs_in_when_told_to_and_a_wrong_password_can_be_mended(serve, sender_to, envelope, certificate):
    server = await serve(smtp={"with_login": True, "tls_context": certificate})
    target = {"username": "parley", "verify_certificate": False}
    right = await sender_to(server, password="right", **target).send(envelope())
    wrong = await sender_to(server, password="wrong", **target).send(envelope())
    assert isinstance(right, Accepted)
    assert isinstance(wrong, RetryLater)
    assert "log-in" in wrong.reason
    assert server.logins[0] == (b"parley", b"right")


@pytest.fixture
def certificate(tmp_path) -> ssl.SSLContext:
    """A self-signed certificate for loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(today - timedelta(days=1))
    signed = built.not_valid_after(today + timedelta(days=1)).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "both.pem").write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return context


async def test_encryption_is_used_when_offered_and_when_demanded(serve, sender_to, envelope, certificate):
    offers = await serve(smtp={"tls_context": certificate, "require_starttls": True})
    for security in ("starttls_if_offered", "starttls"):
        outcome = await sender_to(offers, security=security, verify_certificate=False).send(envelope())
        assert isinstance(outcome, Accepted)
    implicit = await serve(ssl=certificate)
    outcome = await sender_to(implicit, security="tls", verify_certificate=False).send(envelope())
    assert isinstance(outcome, Accepted)


async def test_a_certificate_nobody_vouches_for_is_not_accepted(serve, sender_to, envelope, certificate):
    offers = await serve(smtp={"tls_context": certificate})
    outcome = await sender_to(offers, security="starttls").send(envelope())
    assert isinstance(outcome, RetryLater)
    assert offers.taken == []


async def test_demanded_encryption_that_is_not_offered_sends_nothing_in_the_clear(serve, sender_to, envelope):
    plain = await serve()
    outcome = await sender_to(plain, security="starttls").send(envelope())
    assert not isinstance(outcome, Accepted)
    assert plain.taken == []


async def test_addresses_beyond_ascii_go_as_the_server_can_take_them(serve, sender_to, envelope):
    server = await serve()
    assert isinstance(await sender_to(server).send(envelope(address="ada@bücher.example")), Accepted)
    assert isinstance(await sender_to(server).send(envelope(address="jörg@bücher.example")), Accepted)
    assert server.envelopes[0][1] == ["ada@xn--bcher-kva.example"]
    assert server.envelopes[1][1] == ["jörg@bücher.example"]
    assert "SMTPUTF8" in server.envelopes[1][2]
    old = await serve(smtp={"enable_SMTPUTF8": False})
    assert (await sender_to(old).send(envelope(address="jörg@bücher.example"))).rule == "not_supported"


async def test_what_is_no_address_is_refused_without_asking_a_server(settings, keys, envelope):
    sender = EmailSender(settings, keys, NoClock())
    for address in ("ada", "ada@customer.example\nBcc: x@y.example", "a b@c.example"):
        assert (await sender.send(envelope(address=address))).rule == "unsendable"
    assert (await sender.send(envelope(address=None))).rule == "no_address"


async def test_a_dkim_key_that_cannot_sign_is_a_setting_that_is_missing_and_loses_no_message(settings, keys):
    whole = replace(settings, dkim_selector="s1", dkim_key=key()[0].decode())
    assert EmailSender(whole, keys, NoClock()).configured() is None
    for broken, words in (
        (replace(whole, dkim_key="no key"), "RSA private key"),
        (replace(whole, dkim_key=None), "go together"),
        (replace(whole, dkim_selector=None), "go together"),
    ):
        problem = EmailSender(broken, keys, NoClock()).configured()
        assert problem is not None
        assert words in problem
        assert "no key" not in problem


@pytest.fixture
async def book(database, keys, now):
    """Two mailboxes; the first is the one that is used where none is named."""
    ids = {}
    for minute, name in enumerate(("main", "sales")):
        async with transaction(database.sessions) as session:
            ids[name] = await save_account(
                session, keys, channel="email", name=name, address=f"{name}@inbox.example", settings={}, secrets={},
                now=now + timedelta(minutes=minute),
            )  # fmt: skip
    accounts = AccountBook(database.sessions, keys)
    await accounts.refresh()
    return accounts, ids


@pytest.mark.parametrize(
    ("wanted", "account", "purpose", "expected"),
    [
        (None, None, "marketing", "main@inbox.example"),
        (None, "sales", "marketing", "sales@inbox.example"),
        ("team@northwind.example", None, "marketing", "team@northwind.example"),
        # A talk that is answered elsewhere would end there.
        ("team@northwind.example", "sales", "answer", "sales@inbox.example"),
        ("team@northwind.example", None, "answer", "main@inbox.example"),
    ],
)
async def test_a_mail_is_answered_to_a_mailbox_that_is_read(  # noqa: PLR0917
    serve, settings, keys, envelope, book, wanted, account, purpose, expected
):
    accounts, ids = book
    server = await serve()
    whole = replace(settings, server=SMTPServer(host=server.host, port=server.port), reply_to=wanted)
    sender = EmailSender(whole, keys, NoClock(), accounts=accounts)
    await sender.send(envelope(account_id=ids.get(account), purpose=purpose))
    assert server.taken[0]["Reply-To"] == expected


async def test_an_answer_names_a_mailbox_that_was_brought_in_a_moment_ago(  # noqa: PLR0917
    serve, settings, keys, envelope, book, database, now
):
    accounts, _ = book
    async with transaction(database.sessions) as session:
        fresh = await save_account(
            session, keys, channel="email", name="new", address="new@inbox.example", settings={}, secrets={}, now=now
        )
    server = await serve()
    whole = replace(settings, server=SMTPServer(host=server.host, port=server.port), reply_to=None)
    sender = EmailSender(whole, keys, NoClock(), accounts=accounts)
    await sender.send(envelope(account_id=fresh, purpose="answer"))
    assert server.taken[0]["Reply-To"] == "new@inbox.example"


async def test_a_mail_from_the_mailbox_that_is_read_needs_no_other_address(serve, settings, keys, envelope, book):
    accounts, _ = book
    server = await serve()
    smtp = SMTPServer(host=server.host, port=server.port)
    whole = replace(settings, server=smtp, reply_to=None, from_address="main@inbox.example")
    await EmailSender(whole, keys, NoClock(), accounts=accounts).send(envelope())
    await EmailSender(whole, keys, NoClock()).send(envelope())
    assert [message["Reply-To"] for message in server.taken] == [None, None]


def test_the_first_missing_setting_is_named():
    server = SMTPServer(host="h", port=25)
    assert "smtp_url" in EmailSettings().missing()
    partly = EmailSettings(server=server, from_address="a@b.example", from_name="B", public_url="https://b.example")
    assert "postal_address" in partly.missing()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtps://u%40x:p%3Aw@h.example",
            SMTPServer(host="h.example", port=465, security="tls", username="u@x", password="p:w"),
        ),
        ("smtp+starttls://h.example:2525", SMTPServer(host="h.example", port=2525, security="starttls")),
        ("smtp://127.0.0.1", SMTPServer(host="127.0.0.1", port=25)),
    ],
)
def test_an_smtp_address_says_where_and_how(url, expected):
    assert parse_smtp_url(url) == expected


@pytest.mark.parametrize("url", ["http://h", "smtp://", "smtps://u:secret@h:99999", "h:25", "smtp://[::1"])
def test_another_address_is_refused_without_repeating_its_password(url):
    with pytest.raises(InvalidInput) as refused:
        parse_smtp_url(url)
    assert "secret" not in refused.value.message


def test_the_password_does_not_show_in_what_is_logged():
    assert "secret" not in repr(SMTPServer(host="h", port=25, username="u", password="secret"))

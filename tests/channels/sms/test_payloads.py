"""Webhook forms read into messages and reports: strictly, and STOP as Twilio read it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from multidict import MultiDict

from base.errors import Malformed, NotAllowed
from channels.sms.numbers import find_kind
from channels.sms.payloads import read_form, read_report, read_said
from channels.sms.settings import SMSAccount
from channels.sms.simulator import LocalTwilio, Number, Sent, Service
from channels.sms.simulator.state import new_sid
from crm.consent.opt_out import read_keyword, read_opt_out

SID = "AC" + "0" * 32
OURS, THEIRS = "+14155550100", "+14155552671"
OUTBOX = UUID(int=7)


def account(sender: str = OURS, **changed) -> SMSAccount:
    kind = find_kind(sender)
    assert kind is not None
    made = SMSAccount(SID, sender, kind, ("token",), (SID, "token"), us_registration="CTESTED")
    return replace(made, **changed)


def inbound(
    text: str = "hello", *, number: Number | None = None, media: tuple[str, ...] = (), **changed: str
) -> MultiDict[str]:
    twilio = LocalTwilio(account_sid=SID, tokens=("token",), numbers=[])
    names = [twilio.keep_media(kind, b"x") for kind in media]
    return MultiDict({**twilio.inbound_form(THEIRS, number or Number(OURS), text, media=names), **changed})


def report(status: str, code: int | None = None, **changed: str) -> MultiDict[str]:
    twilio = LocalTwilio(account_sid=SID, tokens=("token",), numbers=[])
    sent = Sent(new_sid("SM"), OURS, None, THEIRS, "hi", "", 60)
    return MultiDict({**twilio.report_form(sent, status, code), **changed})


def test_a_text_is_read_with_its_sender_and_id() -> None:
    form = inbound("I would like a demo")
    said = read_said(form, account())
    assert said is not None
    assert (said.provider_id, said.sender.value, said.text) == (form["MessageSid"], THEIRS, "I would like a demo")
    assert said.sender.proven
    assert not said.answered


@pytest.mark.parametrize("missing", ["MessageSid", "AccountSid", "From"])
def test_what_lacks_what_every_message_has_is_malformed(missing: str) -> None:
    form = inbound()
    del form[missing]
    with pytest.raises(Malformed, match=missing):
        read_said(form, account())


@pytest.mark.parametrize(
    "changed",
    [
        {"MessageSid": "SM123"},
        {"MessageSid": "SM" + "g" * 32},
        {"NumMedia": "-1"},
        {"NumMedia": "11"},
        {"NumMedia": "many"},
        {"NumMedia": "1"},
        {"OptOutType": "MAYBE"},
        {"From+1555": ""},
        {"a": "b"},
        {"Söme": "b"},
    ],
)
def test_what_does_not_have_twilios_form_is_malformed(changed: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        read_said(inbound(**changed), account())


def test_fields_that_twilio_adds_one_day_are_no_fault() -> None:
    assert read_said(inbound(BrandNewField="1", ChannelMetadata="{}"), account()) is not None


def test_an_error_of_form_repeats_nothing_that_was_sent() -> None:
    with pytest.raises(Malformed) as raised:
        read_said(inbound("swordfish", MessageSid="SMswordfish"), account())
    assert "swordfish" not in raised.value.message


@pytest.mark.parametrize("changed", [{"AccountSid": "AC" + "1" * 32}, {"To": "+14155550199"}, {"To": ""}])
def test_what_is_meant_for_somebody_else_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        read_said(inbound(**changed), account())


def test_a_services_messages_are_known_by_the_service_whatever_number_they_came_to() -> None:
    service = Service([Number("+14155550188")])
    form = inbound(number=service.numbers[0], MessagingServiceSid=service.sid)
    assert read_said(form, account(service.sid)) is not None
    with pytest.raises(NotAllowed):
        read_said(inbound(), account(service.sid))


@pytest.mark.parametrize("sender", ["12345", "whatsapp:+14155552671", "rcs:agent", "Bank", "", "+0123456789"])
def test_what_cannot_be_answered_by_text_is_left_alone(sender: str) -> None:
    assert read_said(inbound(From=sender), account()) is None


def test_signs_that_no_database_takes_are_left_out() -> None:
    said = read_said(inbound("a\x00b\ud800c"), account())
    assert said is not None
    assert said.text == "abc"


def test_files_come_with_their_kind_and_a_name() -> None:
    said = read_said(inbound("", media=("image/jpeg", "text/vcard; charset=utf-8", "x/unheard-of")), account())
    assert said is not None
    assert [(one.media_type, one.name) for one in said.attachments] == [
        ("image/jpeg", "file-1.jpg"),
        ("text/vcard", "file-2.vcf"),
        ("x/unheard-of", "file-3"),
    ]
    assert all("/Media/ME" in one.ref for one in said.attachments)


@pytest.mark.parametrize(
    ("text", "read_as", "stops", "answered"),
    [
        ("STOP", "STOP", True, True),
        ("Stop.", "STOP", True, True),
        ("NOMORE", "STOP", True, True),
        ("HELP", "HELP", False, True),
        ("AIUTO", "HELP", False, True),
        ("START", "START", False, True),
    ],
)
def test_what_twilio_read_as_a_word_and_answered_is_that_word_and_answered(text, read_as, stops, answered) -> None:
    said = read_said(inbound(text, OptOutType=read_as), account())
    assert said is not None
    assert (read_opt_out(said.text, channel="sms") is not None) == stops
    assert said.answered == answered
    if not stops:
        assert (read_keyword(said.text, channel="sms") or "").upper() == read_as


@pytest.mark.parametrize(
    ("text", "answered"),
    [("STOP", True), (" stop ", True), ("Optout", True), ("START", True), ("HELP", False), ("STOP PLEASE", False),
     ("please stop texting me", False), ("hello", False)],
)  # fmt: skip
def test_words_that_twilio_answers_by_itself_are_known_without_its_saying_so(text, answered) -> None:
    said = read_said(inbound(text), account())
    assert said is not None
    assert said.answered == answered
    ours = read_said(inbound(text), account(stop_replies="parley"))
    assert ours is not None
    assert not ours.answered


@pytest.mark.parametrize(
    ("status", "state"),
    [("accepted", "accepted"), ("scheduled", "accepted"), ("queued", "accepted"), ("sending", "accepted"),
     ("sent", "accepted"), ("delivered", "delivered"), ("read", "read"), ("undelivered", "undelivered"),
     ("failed", "undelivered"), ("canceled", "undelivered")],
)  # fmt: skip
def test_twilios_statuses_are_states_of_ours(status: str, state: str) -> None:
    form = report(status)
    read = read_report(form, account(), OUTBOX)
    assert read is not None
    assert (read.state, read.outbox_id, read.message_provider_id) == (state, OUTBOX, form["MessageSid"])


@pytest.mark.parametrize("status", ["receiving", "received", "partially_delivered", ""])
def test_a_status_that_says_nothing_of_a_message_of_ours_is_left_alone(status: str) -> None:
    assert read_report(report(status), account(), OUTBOX) is None


def test_the_older_name_of_the_status_is_read_where_the_newer_is_missing() -> None:
    form = report("delivered")
    del form["MessageStatus"]
    read = read_report(form, account(), OUTBOX)
    assert read is not None
    assert read.state == "delivered"


@pytest.mark.parametrize(
    ("code", "dead", "opted_out", "put_off"),
    [(30003, False, False, False), (30004, False, False, False), (30005, True, False, False),
     (30006, True, False, False), (30007, False, False, False), (30034, False, False, False),
     (21610, False, True, False), (30610, False, False, True), (30615, False, False, True),
     (99999, False, False, False), (None, False, False, False)],
)  # fmt: skip
def test_a_report_of_failure_says_what_follows_from_it(code, dead, opted_out, put_off) -> None:
    read = read_report(report("undelivered", code), account(), OUTBOX)
    assert read is not None
    assert (read.dead_address, read.opted_out, read.put_off) == (dead, opted_out, put_off)
    assert read.reason
    assert read.rule == (str(code) if code else "undelivered")


def test_a_report_of_another_account_is_refused() -> None:
    with pytest.raises(NotAllowed):
        read_report(report("sent", AccountSid="AC" + "1" * 32), account(), OUTBOX)


def test_a_form_with_too_many_fields_is_not_read() -> None:
    with pytest.raises(Malformed, match="fields"):
        read_form(b"&".join(b"A%d=1" % number for number in range(500)))

"""Bringing a number in: what is told, what is missing at Twilio; a call in the terminal; recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from base.errors import InvalidInput
from base.ids import new_id
from channels.voice.addresses import OVERRIDES, call_url, status_url
from channels.voice.payloads import OfACall
from channels.voice.settings import read_told, settings_that_follow
from channels.voice.setup import FIELDS, VoiceSetup
from channels.voice.simulator import LocalTwilio, Number, simulate, simulated_account
from channels.voice.simulator.phone import read_typed
from outreach.accounts.service import Account, get_account
from tests.bot.scripted_dialogue import say
from tests.channels.voice.conftest import ACCOUNT_SID, OURS, SECOND_TOKEN, TEAM, TOKEN, Desk, question

SITE = "https://talk.northwind-ledger.com"
TOLD = {"account_sid": ACCOUNT_SID, "auth_token": TOKEN, "address": OURS}


@pytest.fixture
async def twilio() -> AsyncIterator[LocalTwilio]:
    local = LocalTwilio(account_sid=ACCOUNT_SID, tokens=(TOKEN, SECOND_TOKEN), numbers=[Number(OURS)])
    await local.start()
    yield local
    await local.stop()


def account_at(twilio: LocalTwilio, account_id: UUID | None = None, **more: Any) -> Account:
    settings = {"account_sid": ACCOUNT_SID, "api_url": twilio.url, **more}
    return Account(account_id or new_id(), "voice", "main", OURS, settings, {"auth_token": TOKEN})


def levels(findings: Any) -> dict[str, str]:
    return {one.text: one.level for one in findings}


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"account_sid": "AC1"}, "account_sid"),
        ({"auth_token": ""}, "auth_token"),
        ({"address": "415 555 0100"}, "address"),
        ({"address": ""}, "address"),
        ({"mode": "telepathy"}, "mode"),
        ({"transfer_to": "sales"}, "transfer_to"),
        ({"voicemail": "shout"}, "voicemail"),
        ({"voicemail": "leave message"}, "opt_out_number"),
        ({"voicemail": "leave message", "opt_out_number": OURS}, "opt_out_number"),
        ({"recording": "secretly"}, "recording"),
        ({"api_key_sid": "SK1"}, "api_key"),
        ({"api_url": "https://api.evil.example"}, "api_url"),
        ({"api_url": "http://127.0.0.1@evil.example:80"}, "api_url"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words_that_name_it(wrong: dict[str, str], names: str) -> None:
    with pytest.raises(InvalidInput, match=names):
        read_told({**TOLD, **wrong})


def test_what_is_told_is_kept_as_it_is_meant() -> None:
    account = read_told({**TOLD, "address": "+1 (415) 555-0100", "mode": "Relay", "transfer_to": TEAM})
    assert (account.number, account.mode, account.transfer_to) == (OURS, "relay", TEAM)
    assert account.region == "US"
    assert settings_that_follow(TOLD, account)["per_second"] == 1.0
    assert TOKEN not in repr(account)
    for pace in ("0", "-1", "many", "101"):
        with pytest.raises(InvalidInput):
            settings_that_follow({"per_second": pace}, account)


async def test_a_number_is_pointed_here_and_then_all_is_well(twilio: LocalTwilio) -> None:
    setup, account = VoiceSetup(), account_at(twilio, transfer_to=TEAM)
    assert await setup.prepare(TOLD, public_url=SITE) == (OURS, settings_that_follow(TOLD, read_told(TOLD)))
    before = levels(await setup.check(account, public_url=SITE))
    assert before["Twilio does not bring calls to this site."] == "missing"
    for _ in range(2):
        (done,) = await setup.set_webhook(account, public_url=SITE)
        assert done.level == "ok"
    number = twilio.state.numbers[0]
    assert number.voice_url == call_url(SITE, account.id) + OVERRIDES
    assert number.status_callback == status_url(SITE, account.id)
    after = levels(await setup.check(account, public_url=SITE))
    assert "missing" not in after.values()
    assert after[f"{OURS} is yours and can take calls."] == "ok"


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda state: state.numbers.clear(), f"This Twilio account has no number {OURS}."),
        (lambda state: setattr(state.numbers[0], "voice", False), f"{OURS} cannot take calls."),
        (lambda state: state.tokens.clear(), "Twilio does not accept our credentials."),
        (lambda state: setattr(state, "account_status", "suspended"), "Twilio says that the account is suspended."),
    ],
    ids=["not ours", "no voice", "credentials", "suspended"],
)
async def test_what_is_missing_is_said_with_what_to_do(twilio: LocalTwilio, change: Any, finding: str) -> None:
    change(twilio.state)
    findings = await VoiceSetup().check(account_at(twilio), public_url=SITE)
    found = next(one for one in findings if one.text == finding)
    assert (found.level, bool(found.remedy)) == ("missing", True)
    assert TOKEN not in str(findings)


async def test_a_twilio_that_cannot_be_reached_is_said(twilio: LocalTwilio) -> None:
    account = account_at(twilio)
    await twilio.stop()
    assert levels(await VoiceSetup().check(account, public_url=SITE))["Twilio could not be reached."] == "missing"


def test_every_field_is_explained_and_secrets_are_secret() -> None:
    assert all(field.help for field in FIELDS)
    secret = {field.name for field in FIELDS if field.secret}
    assert secret == {"auth_token", "secondary_token", "api_key_secret"}


# The phone in the terminal


@pytest.mark.parametrize(
    ("line", "kind"),
    [("12", "keys"), ("*9", "keys"), ("#", "keys"), ("hello", "speech"), ("room 12", "speech"), ("", "silence"),
     ("/hangup", "hang up"), ("/cut stop", "speech")],
)  # fmt: skip
def test_a_typed_line_is_what_it_looks_like(line: str, kind: str) -> None:
    assert read_typed(line).kind == kind


@pytest.mark.parametrize("settings", [{"mode": "gather"}, {"mode": "relay"}], ids=["gather", "relay"])
async def test_one_can_call_from_the_terminal(desk: Desk) -> None:
    desk.script(question("How many?", "A few", "Many"), say("Noted."))
    port = int(desk.twilio.url.rpartition(":")[2])
    await desk.twilio.stop()
    async with desk.house.sessions() as session:
        account = await get_account(session, desk.house.keys, channel="voice", name="main")
    lines, shown = ["2"], list[str]()

    async def read_line() -> str | None:
        await asyncio.sleep(0.5)
        return lines.pop(0) if lines else None

    await simulate(desk.house.public_url, account, "+14155552671", read_line, shown.append)
    assert port
    assert "◂ Noted." in shown
    assert any("Many: press 2." in one for one in shown)
    assert shown[-1] == "  (the call is over)"
    assert [one.get("value") for one in desk.told()] == ["many"]


def test_the_simulated_account_is_one_the_channel_takes() -> None:
    address, settings, secrets = simulated_account(4711)
    told = read_told({**{key: str(value) for key, value in settings.items()}, **secrets, "address": address})
    assert told.api_url == "http://127.0.0.1:4711"


# Recording


@pytest.mark.parametrize("settings", [{"recording": "announced"}])
@pytest.mark.parametrize(
    ("reaction", "is_recorded"),
    [("silence", True), ("hello?", True), ("8", False), ("no", False), ("Don't record me.", False)],
)
async def test_a_call_is_recorded_only_after_it_was_announced_and_nobody_objected(
    desk: Desk, reaction: str, is_recorded: bool
) -> None:
    desk.script(say("What can I do?"), say("Noted."))
    person = await desk.call()
    assert person.call.heard[1].startswith("This call may be recorded.")
    assert not person.call.recorded
    if reaction == "silence":
        heard = await person.stays_silent()
    else:
        heard = await (person.presses(reaction) if reaction.isdecimal() else person.says(reaction))
    assert person.call.recorded == is_recorded
    assert heard == ["Thank you." if is_recorded else "This call is not recorded.", "What can I do?"]
    assert desk.told() == [], "what is said to the announcement answers nothing else"
    assert await person.says("I would like a demo") == ["Noted."]


@pytest.mark.parametrize("settings", [{}, {"mode": "relay"}])
async def test_without_that_setting_nothing_is_recorded(desk: Desk) -> None:
    person = await desk.call()
    await person.says("hello")
    assert not person.call.recorded
    assert "recorded" not in person.call.all_heard


@pytest.mark.parametrize("settings", [{"recording": "announced", "mode": "relay"}])
async def test_the_announcement_comes_before_the_socket_too(desk: Desk) -> None:
    desk.script(say("What can I do?"), say("Noted."))
    person = await desk.call()
    await person.stays_silent()
    assert person.call.recorded
    assert any("<ConversationRelay" in one for one in person.call.twiml)
    assert person.call.heard[-1] == "What can I do?"


@pytest.mark.parametrize("settings", [{"recording": "announced"}, {"recording": "announced", "mode": "relay"}])
async def test_who_objects_later_is_recorded_no_more_and_the_talk_goes_on(desk: Desk) -> None:
    desk.script(say("What can I do?"), say("Noted."))
    person = await desk.call()
    await person.stays_silent()
    await person.listens()
    assert person.call.recorded
    heard = await person.says("Stop recording.")
    assert not person.call.recorded
    assert heard[0].startswith("This call is not recorded.")
    assert desk.told() == []
    assert not person.is_over
    assert await person.says("I would like a demo") == ["Noted."]


def test_a_caller_whose_number_is_hidden_has_none() -> None:
    form = OfACall.model_validate(
        {
            "CallSid": "CA" + "0" * 32,
            "AccountSid": ACCOUNT_SID,
            "From": "+266696687",
            "To": OURS,
            "Direction": "inbound",
        }
    )
    assert form.theirs is None

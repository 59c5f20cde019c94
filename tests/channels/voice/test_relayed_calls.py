"""Calls over ConversationRelay: streamed, interrupted, by keys, in another language, handed over, and forged."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot.models import Message
from channels.voice.addresses import RELAY, socket_url
from channels.voice.models import Call
from channels.voice.relay import Patience
from channels.voice.simulator.calling import sign
from crm.consent.models import ConsentEvent, Suppression
from tests.bot.scripted_dialogue import say
from tests.channels.voice.conftest import ACCOUNT_SID, TEAM, TOKEN, Desk, notice, question
from tests.channels.voice.test_calls_to_us import HANDS_OFF

QUICK = Patience(silence=1.5, next_key=0.3, moment=0.5, letters=100_000)
RELAY_MODE: dict[str, Any] = {"mode": "relay", "patience": QUICK}


@pytest.fixture
def settings() -> dict[str, Any]:
    return RELAY_MODE


def consent_question() -> dict[str, Any]:
    asked = question("May Northwind Ledger call you with offers? You can say no at any time.", step="demo/consent")
    asked["replies"][0] |= {
        "input": "consent",
        "choices": [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}],
        "consent": {"purpose": "marketing", "channels": ["voice"]},
    }
    return asked


def agrees() -> dict[str, Any]:
    given = {"effect": "record_consent", "purpose": "marketing", "channels": ["voice"], "decision": "given",
             "step": "demo/consent"}  # fmt: skip
    return say("Thank you.", effects=[given])


async def test_the_talk_runs_over_the_socket(desk: Desk) -> None:
    desk.script(notice(), say("A demo it is."), say("Gladly."))
    person = await desk.call()
    assert "<ConversationRelay" in person.call.twiml[0]
    assert person.call.heard == [notice()["replies"][0]["text"]]
    assert await person.says("I would like a demo") == ["A demo it is."]
    assert await person.says("tomorrow") == ["Gladly."]
    assert [one["text"] for one in desk.told()] == ["I would like a demo", "tomorrow"]
    assert person.call.problems == []


async def test_only_the_last_of_what_is_said_is_an_answer(desk: Desk) -> None:
    person = await desk.call()
    await person.says("a longer sentence")
    assert [one["text"] for one in desk.told()] == ["a longer sentence"]


async def test_a_key_is_a_choice_and_one_that_begins_a_longer_waits_for_it(desk: Desk) -> None:
    labels = [f"Choice {number}" for number in range(1, 13)]
    desk.script(question("Which?", *labels))
    person = await desk.call()
    await person.presses("12")
    await person.presses("1")
    await person.presses("3")
    assert [one["value"] for one in desk.told()] == ["choice_12", "choice_1", "choice_3"]


async def test_a_long_answer_is_streamed_in_pieces_of_which_the_last_says_so(desk: Desk) -> None:
    words = " ".join(f"This is sentence number {number}." for number in range(60))
    desk.script(say("Hello."), say(words))
    person = await desk.call()
    heard = await person.says("I would like a demo")
    assert " ".join(heard).split() == words.split()
    texts = [one for one in person.call.sent_over_socket if one["type"] == "text"]
    pieces = texts[2:]
    assert len(pieces) > 3
    assert [one["last"] for one in pieces] == [False] * (len(pieces) - 1) + [True]
    assert {one["lang"] for one in texts} == {"en-US"}


async def test_a_consent_text_that_was_cut_off_is_asked_again_and_no_answer_to_it_counts(desk: Desk) -> None:
    desk.script(say("Hello."), consent_question(), agrees())
    person = await desk.call()
    await person.says("I would like a demo")
    again = await person.says("yes", cuts=True)
    assert again[0].startswith("This must be heard to the end")
    assert "May Northwind Ledger call you with offers?" in person.call.heard[-1]
    assert len(desk.told()) == 1, "the yes was no answer"
    async with desk.house.sessions() as session:
        assert (await session.scalars(select(ConsentEvent))).all() == []
    await person.presses("1")
    async with desk.house.sessions() as session:
        (event,) = (await session.scalars(select(ConsentEvent))).all()
    assert (event.event, event.channel, event.purpose) == ("given", "voice", "marketing")


async def test_a_consent_text_cannot_be_interrupted_and_all_else_can(desk: Desk) -> None:
    desk.script(say("Hello."), consent_question())
    person = await desk.call()
    await person.says("I would like a demo", barges=True)
    texts = [one for one in person.call.sent_over_socket if one["type"] == "text"]
    consent = [one for one in texts if "call you with offers" in str(one["token"])]
    assert [one["interruptible"] for one in consent] == [False] * len(consent)
    assert consent
    assert texts[-1]["interruptible"] is False
    await person.presses("2", barges=True)
    assert [one.get("value") for one in desk.told()] == [None, "no"]


async def test_what_interrupts_anything_else_is_simply_answered(desk: Desk) -> None:
    desk.script(say("A long story about invoices and what becomes of them."), say("Sorry, go on."))
    person = await desk.call()
    assert await person.says("wait", barges=True) == ["Sorry, go on."]


@pytest.mark.parametrize("words", ["stop", "please don't call me again"])
async def test_stop_ends_the_socket_and_is_confirmed_by_what_follows(desk: Desk, words: str) -> None:
    desk.script(say("Hello."))
    person = await desk.call()
    heard = await person.says(words)
    assert heard[-1] == "Understood. We will not call you again. Goodbye."
    assert person.is_over
    assert {"all", "voice"} & {one.channel for one in await desk.house.rows(Suppression)}


async def test_the_stop_key_works_while_we_speak(desk: Desk) -> None:
    person = await desk.call()
    assert (await person.presses("9", barges=True))[-1].startswith("Understood.")
    assert {one.channel for one in await desk.house.rows(Suppression)} == {"voice"}


@pytest.mark.parametrize("settings", [{**RELAY_MODE, "transfer_to": TEAM}])
async def test_a_hand_over_ends_the_socket_and_puts_the_caller_through(desk: Desk) -> None:
    desk.script(say("Hello."), say("Of course.", effects=HANDS_OFF))
    person = await desk.call()
    heard = await person.says("a person, please")
    assert heard == ["Of course.", "I am putting you through to a colleague now."]
    assert person.call.dialled == [TEAM]
    (end,) = [one for one in person.call.sent_over_socket if one["type"] == "end"]
    assert json.loads(str(end["handoffData"])) == {"reason": "handoff"}


async def test_silence_is_asked_offered_and_ended(desk: Desk) -> None:
    desk.script(question("How many?", "A few", "Many"))
    person = await desk.call()
    await asyncio.wait_for(person.call.ended.wait(), 15)
    said = person.call.all_heard
    assert said.count("Sorry, I did not hear anything.") == 2
    assert "0 to talk to a person" in said
    assert person.call.heard[-1].startswith("I still cannot hear you")


async def test_another_language_is_told_before_it_is_spoken(desk: Desk) -> None:
    desk.house.stage.live.shown = desk.house.stage.live.shown.__class__(1, "flows-1", "model-1", ("en", "de"))
    desk.script(say("Hello."), say("Guten Tag."))
    person = await desk.call()
    await person.says("Guten Tag, ich hätte gern eine Vorführung von Ihrem Programm")
    kinds = [(one["type"], one.get("ttsLanguage") or one.get("lang")) for one in person.call.sent_over_socket[-2:]]
    assert kinds == [("language", "de-DE"), ("text", "de-DE")]


async def test_a_slow_answer_is_announced(desk: Desk) -> None:
    person = await desk.call()
    desk.dialogue.delay = 1.5
    heard = await person.says("hard question")
    heard += [] if len(heard) > 1 else await _next(person, len(person.call.heard))
    assert heard == ["One moment, please.", "echo hard question"]


async def _next(person: Any, have: int) -> list[str]:
    for _ in range(100):
        if len(person.call.heard) > have:
            return person.call.heard[have:]
        await asyncio.sleep(0.05)
    return []


async def test_a_socket_that_breaks_goes_on_turn_by_turn(desk: Desk) -> None:
    desk.script(question("How many?", "A few", "Many"), say("Noted."))
    person = await desk.call()
    (socket,) = list(desk.sockets.sockets)
    await socket.close()
    for _ in range(100):
        if "<Gather" in person.call.twiml[-1]:
            break
        await asyncio.sleep(0.05)
    assert person.call.heard[-1].startswith("How many?")
    assert await person.presses("2") == ["Noted."]


# Who opens sockets


async def _announced(desk: Desk) -> Call:
    """A call whose socket was announced, and not opened."""
    person = desk.dial()
    for _ in range(100):
        rows = await desk.house.rows(Call)
        if rows and rows[0].relays:
            return rows[0]
        await asyncio.sleep(0.02)
    raise AssertionError(person.call.problems)


def _url(desk: Desk, sid: str, number: int = 1) -> str:
    path = RELAY.format(account=desk.account_id, call=sid, number=number)
    return socket_url(desk.house.public_url + path)


@pytest.mark.parametrize("how", ["no signature", "wrong key", "signed as http", "another call", "another number",
                                 "signed for another call"])  # fmt: skip
async def test_a_forged_upgrade_is_refused_and_leaves_no_row(desk: Desk, how: str) -> None:
    person = await desk.call()
    before = await desk.house.count_rows()
    sid = person.call.sid
    url = _url(desk, "CA" + "e" * 32 if how == "another call" else sid, 2 if how == "another number" else 1)
    signature: str | None = sign(TOKEN, url, {})
    if how == "no signature":
        signature = None
    elif how == "wrong key":
        signature = sign("another", url, {})
    elif how == "signed as http":
        signature = sign(TOKEN, url.replace("ws:", "http:"), {})
    elif how == "signed for another call":
        signature = sign(TOKEN, _url(desk, "CA" + "d" * 32), {})
    status = await _upgrade(url, signature)
    assert status == 403
    assert await desk.house.count_rows() == before


async def test_a_socket_that_was_opened_is_not_opened_again(desk: Desk) -> None:
    person = await desk.call()
    url = _url(desk, person.call.sid)
    assert await _upgrade(url, sign(TOKEN, url, {})) == 403
    assert await person.says("still here") == ["echo still here"]


async def _upgrade(url: str, signature: str | None) -> int:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    async with aiohttp.ClientSession() as http:
        try:
            async with http.ws_connect(url, headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status


@pytest.mark.parametrize(
    "frames",
    [
        ["not json"],
        [{"type": "prompt", "voicePrompt": "hello", "last": True}],
        [{"type": "setup", "callSid": "CA" + "f" * 32, "accountSid": ACCOUNT_SID}],
    ],
    ids=["no frame", "no setup", "another call"],
)
async def test_a_socket_that_does_not_say_which_call_it_is_is_closed(desk: Desk, frames: list[Any]) -> None:
    person = await desk.call()
    await person.hangs_up()
    await desk.until_ended()
    async with desk.house.sessions() as session, session.begin():
        call = await session.scalar(select(Call))
        assert call is not None
        call.ended_at, call.relays = None, 2
    url = _url(desk, person.call.sid, 2)
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, headers={"X-Twilio-Signature": sign(TOKEN, url, {})}) as socket,
    ):
        for frame in frames:
            await socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
        closed = await socket.receive(timeout=5)
    assert closed.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    async with desk.house.sessions() as session:
        said = await session.scalars(select(Message).where(Message.author == "visitor", Message.text != ""))
        assert said.all() == []


async def test_a_flood_of_keys_becomes_a_few_turns_and_the_call_goes_on(desk: Desk) -> None:
    desk.dialogue.delay = 0.3
    person = await desk.call()
    await person.presses("5" * 2_000)
    await asyncio.sleep(2)
    assert len(desk.told()) <= 1
    (call,) = await desk.house.rows(Call)
    assert call.turn <= 60

"""Forged, replayed and poisoned webhooks of calls: refused without a row, answered once, text stays text."""

from __future__ import annotations

import asyncio
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.voice.addresses import OVERRIDES, call_url
from channels.voice.prompts import Ask, Speech, Step
from channels.voice.simulator.calling import call, sign
from channels.voice.simulator.grammar import NoTwiML, read_twiml
from channels.voice.simulator.line import Line
from channels.voice.simulator.state import PhoneCall, State, new_sid
from channels.voice.twiml import Ways, build
from crm.consent.models import Suppression
from tests.bot.scripted_dialogue import say
from tests.channels.voice.conftest import ACCOUNT_SID, CALLER, OURS, SECOND_TOKEN, TOKEN, Desk, question

POISON = [
    "</Say><Dial>+19005550100</Dial><Say>",
    "]]><Redirect>evil.example</Redirect>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "&lt;Hangup/&gt; & 'quotes' \"more\"",
    "bell\x07 and \ufffe",
]
WAYS = Ways("https://x.example/t", "https://x.example/w", "https://x.example/d", "wss://x.example/r",
            "https://x.example/e", "+14155550177", OURS, "US")  # fmt: skip


def form_of(sid: str, **more: str) -> dict[str, str]:
    facts = Line(State(ACCOUNT_SID, [TOKEN]), None, PhoneCall(sid, CALLER, OURS, "inbound"), print).facts()  # type: ignore[arg-type]
    return {**facts, **more}


async def post(address: str, form: dict[str, str], signature: str | None, **how: Any) -> tuple[int, str]:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    async with (
        aiohttp.ClientSession() as http,
        http.post(address, headers=headers, **(how or {"data": form})) as answer,
    ):
        return answer.status, await answer.text()


# Text stays text


@pytest.mark.parametrize("poison", POISON)
async def test_what_the_bot_says_is_said_and_never_carried_out(desk: Desk, poison: str) -> None:
    desk.script(say("Hello."), question(f"You said {poison}", poison, "Other"))
    person = await desk.call()
    heard = await person.says(f"I would like a demo {poison}")
    assert person.call.problems == []
    assert person.call.dialled == []
    assert not person.is_over
    visible = "".join(char for char in poison if char >= " " and char != "\ufffe")
    assert visible.split()[0] in heard[0]


@given(st.text(), st.text())
def test_any_text_makes_twiml_that_twilio_can_read_and_that_says_it(text: str, label: str) -> None:
    step = Step("listen", "en", (Speech(text), Speech(label, whole=True)), Ask(labels={"one": label, "two": text}))
    root = read_twiml(build(step, WAYS))
    assert {one.tag for one in root.iter()} <= {"Response", "Say", "Gather"}
    said = "".join(one.text or "" for one in root.iter("Say"))
    plain = "".join(char for char in text + label if char.isalnum())
    assert "".join(char for char in said if char.isalnum()) == plain


@pytest.mark.parametrize("then", ["listen", "transfer", "connect", "wait", "hang up"])
def test_every_step_is_twiml_as_twilios_own_builder_knows_it(then: Any) -> None:
    step = Step(then, "de", (Speech("Hallo", sound="https://x.example/a.mp3"),), records=True)
    root = read_twiml(build(step, WAYS))
    assert root[0].tag == "Start"


NO_TWIML = (
    "<Response><Sing/></Response>",
    "<Response><Say><Dial/></Say></Response>",
    '<Response><Gather tune="x"/></Response>',
    "<Request/>",
    "no xml",
)


@pytest.mark.parametrize("text", NO_TWIML)
def test_the_local_twilio_refuses_what_is_no_twiml(text: str) -> None:
    with pytest.raises(NoTwiML):
        read_twiml(text)


# Who calls our webhooks (forgeries: tests/contracts)


@pytest.mark.parametrize("token", [TOKEN, SECOND_TOKEN])
@pytest.mark.parametrize("fragment", ["", OVERRIDES])
async def test_both_tokens_and_the_address_with_its_retries_are_believed(desk: Desk, token: str, fragment: str) -> None:
    address, form = call_url(desk.house.public_url, desk.account_id), form_of(new_sid("CA"))
    status, text = await post(address, form, sign(token, address + fragment, form))
    assert status == 200
    assert "<Gather" in text


def test_the_local_twilio_signs_as_twilios_own_validator_does() -> None:
    form = form_of(new_sid("CA"), SpeechResult="straße & <b>", Digits="")
    for url in ("https://mycompany.example/hooks?n=1", "wss://mycompany.example/hooks/relay/1"):
        fields = form if url.startswith("https") else {}
        assert RequestValidator(TOKEN).validate(url, fields, sign(TOKEN, url, fields))
    told = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
            "To": "+18005551212"}  # fmt: skip
    assert sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", told) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


# The same again


async def test_the_same_call_told_again_is_one_call_with_the_same_answer(desk: Desk) -> None:
    address, form = call_url(desk.house.public_url, desk.account_id), form_of(new_sid("CA"))
    answers = await asyncio.gather(*(post(address, form, sign(TOKEN, address, form)) for _ in range(6)))
    before = await desk.house.count_rows()
    again = await post(address, form, sign(TOKEN, address, form))
    assert {*answers, again} == {answers[0]}
    assert answers[0][0] == 200
    assert await desk.house.count_rows() == before
    assert len(desk.dialogue.requests) == 1


async def test_the_same_turn_told_again_gets_the_same_answer_and_is_no_second_turn(desk: Desk) -> None:
    address, form = call_url(desk.house.public_url, desk.account_id), form_of(new_sid("CA"))
    await post(address, form, sign(TOKEN, address, form))
    turn = f"{desk.house.public_url}/hooks/voice/{desk.account_id}/turn?n=1"
    said = {**form, "SpeechResult": "I would like a demo", "Confidence": "0.9"}
    answers = await asyncio.gather(*(post(turn, said, sign(TOKEN, turn, said)) for _ in range(5)))
    assert len(set(answers)) == 1
    assert [one["text"] for one in desk.told()] == ["I would like a demo"]
    # Another thing said under the number of a turn that was answered changes nothing.
    other = {**said, "SpeechResult": "something else"}
    assert await post(turn, other, sign(TOKEN, turn, other)) == answers[0]
    assert len(desk.told()) == 1


@pytest.mark.parametrize("number", ["2", "7", "99999"])
async def test_a_turn_out_of_its_order_is_hung_up_on(desk: Desk, number: str) -> None:
    address, form = call_url(desk.house.public_url, desk.account_id), form_of(new_sid("CA"))
    await post(address, form, sign(TOKEN, address, form))
    turn = f"{desk.house.public_url}/hooks/voice/{desk.account_id}/turn?n={number}"
    said = {**form, "SpeechResult": "hello"}
    status, text = await post(turn, said, sign(TOKEN, turn, said))
    assert (status, [one.tag for one in ET.fromstring(text)]) == (200, ["Hangup"])
    assert desk.told() == []


@pytest.mark.parametrize("number", ["-1", "x", "9999999", "1e3"])
async def test_a_turn_whose_number_is_none_is_malformed(desk: Desk, number: str) -> None:
    form = form_of(new_sid("CA"))
    turn = f"{desk.house.public_url}/hooks/voice/{desk.account_id}/turn?n={number}"
    assert (await post(turn, form, sign(TOKEN, turn, form)))[0] == 400


async def test_a_turn_of_a_call_that_is_over_or_never_was_is_hung_up_on(desk: Desk) -> None:
    person = await desk.call()
    await person.hangs_up()
    await desk.until_ended()
    before = await desk.house.count_rows()
    for sid in (person.call.sid, new_sid("CA")):
        turn = f"{desk.house.public_url}/hooks/voice/{desk.account_id}/turn?n=1"
        said = {**form_of(sid), "SpeechResult": "hello"}
        _, text = await post(turn, said, sign(TOKEN, turn, said))
        assert "<Hangup" in text
    assert await desk.house.count_rows() == before


# Floods


async def test_thousands_of_keys_are_no_answer_and_no_message(desk: Desk) -> None:
    desk.script(question("How many?", "A few", "Many"))
    person = await desk.call()
    address = f"{desk.house.public_url}/hooks/voice/{desk.account_id}/turn?n=1"
    form = {**form_of(person.call.sid), "Digits": "1" * 10_000}
    status, text = await post(address, form, sign(TOKEN, address, form))
    assert status == 200
    assert "That key has no meaning here." in text
    assert desk.told() == []


async def test_a_speech_of_many_thousand_characters_is_heard_as_far_as_a_message_goes(desk: Desk) -> None:
    person = await desk.call()
    await person.says("invoice " * 3_000)
    assert len(desk.told()[0]["text"]) <= 4_000


PROMPTS: dict[str, Any] = {
    "choice": question("Which?", "One", "Two"),
    "many": question("Which?", *[f"Number {number}" for number in range(12)]),
    "text": question("Why?", input="text"),
    "email": question("Your address?", input="email"),
    "phone": question("Your number?", input="phone"),
    "date": question("When?", input="date"),
    "rating": question("How much?", input="rating", limits={"lowest": 0, "highest": 10}),
    "nothing": say("That is all."),
}


@pytest.mark.parametrize("kind", PROMPTS)
@pytest.mark.parametrize("how", ["word", "key", "early"])
async def test_stop_stops_at_every_prompt(desk: Desk, kind: str, how: str) -> None:
    desk.script(PROMPTS[kind])
    person = await desk.call()
    if how == "key":
        keys = "*9" if kind in ("phone", "date", "rating") or kind == "many" else "9"
        await person.presses(f"{keys}#" if kind in ("phone", "date") else keys)
    else:
        await person.says("stop", barges=how == "early", confidence=0.01)
    assert person.is_over
    assert {"all", "voice"} & {one.channel for one in await desk.house.rows(Suppression)}
    assert person.call.heard[-1].startswith("Understood.")


async def test_reports_of_calls_are_verified_too(desk: Desk) -> None:
    person = await desk.call()
    address = f"{desk.house.public_url}/hooks/voice/{desk.account_id}/status"
    form = {**form_of(person.call.sid), "CallStatus": "completed"}
    assert (await post(address, form, sign("another", address, form)))[0] == 403
    assert await person.says("still here") == ["echo still here"]
    called = await call(desk.twilio.session, TOKEN, address, form)
    assert called.statuses == (204,)
    assert (await person.says("hello"))[-1:] == []
    assert person.is_over

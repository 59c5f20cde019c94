"""People call, and talk with the bot turn by turn: said, pressed, silent, noisy, stopped, put through."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from bot.models import Conversation, Message
from channels.voice.models import Call, CallAnswer
from channels.voice.simulator import Input
from crm.consent.models import Suppression
from crm.contacts.models import Contact, ContactPoint
from crm.timeline.models import TimelineEvent
from tests.bot.scripted_dialogue import say
from tests.channels.voice.conftest import NOTICE, TEAM, Desk, notice, question


async def test_a_caller_hears_the_notice_first_and_then_the_question_with_its_keys(desk: Desk) -> None:
    opening = notice()
    opening["replies"] += question("What brings you here?", "A demo", "Prices")["replies"]
    desk.script(opening)
    person = await desk.call()
    assert person.call.heard[0] == NOTICE
    assert "What brings you here?" in person.call.heard[1]
    assert "A demo: press 1." in person.call.heard[1]
    assert person.call.languages == ["en-US", "en-US"]


async def test_who_we_are_and_that_it_is_a_machine_is_said_first_where_the_flow_does_not(desk: Desk) -> None:
    desk.script(say("What can I do for you?"))
    person = await desk.call()
    assert person.call.heard[0].startswith("Hello. You have reached Northwind Ledger. You are talking to an automated")
    assert person.call.heard[1] == "What can I do for you?"
    assert "Northwind" not in "".join(await person.says("hello"))


async def test_what_is_said_is_answered_in_the_same_call(desk: Desk) -> None:
    desk.script(say("Hello."), say("A demo it is."))
    person = await desk.call()
    assert await person.says("I would like a demo") == ["A demo it is."]
    assert [one["text"] for one in desk.told()] == ["I would like a demo"]
    assert person.call.problems == []


async def test_a_key_is_a_tap_on_the_choice_it_stands_for(desk: Desk) -> None:
    desk.script(question("How many?", "A few", "Many"), say("Noted."))
    person = await desk.call()
    assert await person.presses("2") == ["Noted."]
    (told,) = desk.told()
    assert (told["kind"], told["value"], told["step"]) == ("choice", "many", "demo/ask")


@pytest.mark.parametrize("words", ["two", "Two.", "2"])
async def test_a_choice_can_be_named_by_its_number(desk: Desk, words: str) -> None:
    desk.script(question("How many?", "A few", "Many"), say("Noted."))
    person = await desk.call()
    await person.says(words)
    assert [(one["kind"], one["value"]) for one in desk.told()] == [("choice", "many")]


async def test_a_number_that_was_asked_for_is_typed_up_to_the_hash_key(desk: Desk) -> None:
    asked = say("What is your number?")
    asked["replies"][0] |= {"input": "phone", "step": "demo/phone"}
    desk.script(asked, say("Thank you."))
    person = await desk.call()
    assert "numDigits" not in person.call.twiml[-1]
    await person.presses("4155552671#")
    assert [(one["kind"], one["text"]) for one in desk.told()] == [("text", "4155552671")]


async def test_a_key_that_begins_a_longer_one_waits_for_it(desk: Desk) -> None:
    labels = [f"Choice {number}" for number in range(1, 13)]
    desk.script(question("Which?", *labels), say("Noted."))
    person = await desk.call()
    assert 'numDigits="2"' in person.call.twiml[-1]
    await person.presses("12")
    await person.presses("1#")
    assert next(one.get("value") for one in desk.told()) == "choice_12"


async def test_an_address_that_is_spelled_out_is_written_as_one(desk: Desk) -> None:
    asked = say("What is your e-mail address?")
    asked["replies"][0] |= {"input": "email", "step": "demo/email"}
    desk.script(asked, asked, asked)
    person = await desk.call()
    await person.says("Ann dot Lee at example dot com.")
    await person.says("it is ann at example dot co dot uk")
    assert [one["text"] for one in desk.told()] == ["ann.lee@example.com", "it is ann@example.co.uk"]


# Silence and noise


async def test_silence_is_asked_again_then_the_keys_are_offered_then_we_say_goodbye(desk: Desk) -> None:
    desk.script(question("How many?", "A few", "Many"))
    person = await desk.call()
    once = await person.stays_silent()
    assert once[0] == "Sorry, I did not hear anything."
    assert once[1].startswith("How many?")
    twice = await person.stays_silent()
    assert "0 to talk to a person" in twice[-1]
    assert "9 to get no more calls" in twice[-1]
    assert (await person.stays_silent())[0].startswith("I still cannot hear you")
    assert person.is_over
    assert desk.told() == []


async def test_something_said_after_a_silence_begins_the_count_anew(desk: Desk) -> None:
    person = await desk.call()
    for _ in range(3):
        await person.stays_silent()
        await person.stays_silent()
        await person.says("I am here")
    assert not person.is_over


@pytest.mark.parametrize("confidence", [0.05, 0.3])
async def test_noise_is_no_answer(desk: Desk, confidence: float) -> None:
    person = await desk.call()
    assert (await person.says("traffic noise", confidence=confidence))[0] == "Sorry, I did not catch that."
    assert desk.told() == []


@pytest.mark.parametrize("confidence", [None, 0.0, 0.9])
async def test_speech_whose_confidence_is_not_told_counts(desk: Desk, confidence: float | None) -> None:
    person = await desk.call()
    await person.says("hello", confidence=confidence)
    assert [one["text"] for one in desk.told()] == ["hello"]


async def test_the_hash_key_says_it_again_and_a_key_without_meaning_is_said_to_have_none(desk: Desk) -> None:
    desk.script(question("How many?", "A few", "Many"))
    person = await desk.call()
    assert (await person.presses("#"))[-1].startswith("How many?")
    assert (await person.presses("7"))[0] == "That key has no meaning here."
    assert desk.told() == []


# Stopping


STOPS = ["stop", "Stop.", "please don't call me again", "take me off your list"]


@pytest.mark.parametrize("words", STOPS)
async def test_stop_at_any_prompt_ends_the_calls_and_is_confirmed(desk: Desk, words: str) -> None:
    desk.script(question("How many?", "A few", "Many"))
    person = await desk.call()
    heard = await person.says(words, confidence=0.1)
    assert heard[-1] == "Understood. We will not call you again. Goodbye."
    assert person.is_over
    stopped = {one.channel for one in await desk.house.rows(Suppression)}
    assert stopped & {"all", "voice"}


async def test_the_stop_key_stops_calls_and_nothing_else(desk: Desk) -> None:
    desk.script(question("How many?", "A few", "Many"))
    person = await desk.call()
    heard = await person.presses("9")
    assert heard[-1].startswith("Understood.")
    assert person.is_over
    rows = await desk.house.rows(Suppression)
    assert {one.channel for one in rows} == {"voice"}
    assert {one.contact_id is not None for one in rows} == {True, False}, "the person and the number"


async def test_nine_is_an_answer_where_it_is_one_and_star_nine_stops(desk: Desk) -> None:
    asked = say("How likely is it?")
    asked["replies"][0] |= {"input": "rating", "step": "nps/ask", "limits": {"lowest": 0, "highest": 10}}
    desk.script(asked)
    person = await desk.call()
    await person.presses("9#")
    assert [one["text"] for one in desk.told()] == ["9"]
    assert await desk.house.rows(Suppression) == []
    await person.presses("*9")
    assert person.is_over
    assert {one.channel for one in await desk.house.rows(Suppression)} == {"voice"}


async def test_a_stop_takes_effect_also_when_no_dialogue_can_be_reached(desk: Desk) -> None:
    person = await desk.call()
    desk.dialogue.script = lambda _body: 500
    assert (await person.says("stop"))[-1].startswith("Understood.")
    assert {one.channel for one in await desk.house.rows(Suppression)} == {"all"}


async def test_a_stop_that_leaves_calls_open_leaves_the_talk_going(desk: Desk) -> None:
    person = await desk.call()
    await person.says("please stop emailing me")
    assert not person.is_over
    assert {one.channel for one in await desk.house.rows(Suppression)} == {"email"}


# People


HANDS_OFF = [{"effect": "hand_off", "team": "sales", "reason": "asked"}]


@pytest.mark.parametrize("settings", [{"transfer_to": TEAM}])
async def test_who_asks_for_a_person_is_put_through_to_the_team(desk: Desk) -> None:
    desk.script(say("Hello."), say("Of course.", effects=HANDS_OFF))
    person = await desk.call()
    heard = await person.says("I want a person")
    assert heard == ["Of course.", "I am putting you through to a colleague now."]
    assert person.call.dialled == [TEAM]
    assert person.is_over
    assert 'record="do-not-record"' in person.call.twiml[-2]


@pytest.mark.parametrize("settings", [{"transfer_to": TEAM}])
async def test_when_nobody_takes_it_the_caller_hears_that_somebody_calls_back(desk: Desk) -> None:
    desk.script(say("Hello."), say("Of course.", effects=HANDS_OFF))
    person = await desk.call()
    person.call.dial_status = "no-answer"
    assert (await person.says("I want a person"))[-1].startswith("Nobody can take the call")
    assert person.is_over


@pytest.mark.parametrize(
    ("settings", "effects"),
    [({}, HANDS_OFF), ({"transfer_to": TEAM}, [{**HANDS_OFF[0], "open": False}])],
    ids=["no number", "nobody is in"],
)
async def test_without_a_number_or_out_of_hours_somebody_calls_back(desk: Desk, effects: list[dict[str, Any]]) -> None:
    desk.script(say("Hello."), say("Of course.", effects=effects))
    person = await desk.call()
    assert (await person.says("I want a person"))[-1] == "A colleague will call you back. Goodbye."
    assert person.call.dialled == []
    assert person.is_over


async def test_zero_asks_for_a_person(desk: Desk) -> None:
    person = await desk.call()
    await person.presses("0")
    assert [one["text"] for one in desk.told()] == ["I'd like to talk to a person"]


# Time


@pytest.mark.parametrize("settings", [{"answers_within": 0.3}])
async def test_an_answer_that_takes_its_time_is_fetched_when_it_is_there(desk: Desk) -> None:
    person = await desk.call()
    desk.dialogue.delay = 1.5
    heard = await person.says("something hard")
    assert heard[0] == "One moment, please."
    assert heard[-1] == "echo something hard"
    assert any("<Redirect" in one for one in person.call.twiml)
    assert len(desk.told()) == 1


@pytest.mark.parametrize("settings", [{"answers_within": 0.05}])
async def test_nobody_is_kept_waiting_for_good(desk: Desk) -> None:
    person = await desk.call()
    desk.dialogue.script = lambda _body: 503
    heard = await person.says("hello?")
    assert heard[-2:] == ["I am sorry, something does not work on our side at the moment.",
                          "A colleague will call you back. Goodbye."]  # fmt: skip
    assert person.is_over


async def test_a_talk_of_machines_is_ended(desk: Desk) -> None:
    person = await desk.call()
    desk.house.clock.move_seconds(3_601)
    assert (await person.says("hello"))[-1].startswith("We have talked for a long time")
    assert person.is_over


# Who calls


async def test_one_number_is_one_contact_and_each_call_a_talk(desk: Desk) -> None:
    for _ in range(2):
        person = await desk.call()
        await person.hangs_up()
    assert len(await desk.house.rows(ContactPoint)) == 1
    async with desk.house.sessions() as session:
        talks = (await session.scalars(select(Conversation).where(Conversation.channel == "voice"))).all()
    assert len(talks) == 2
    assert len({one.contact_id for one in talks}) == 1


@pytest.mark.parametrize("phone", ["anonymous", "Restricted", "+266696687", "", "client:ann", "sip:ann@example.com"])
async def test_a_hidden_number_is_a_contact_without_address(desk: Desk, phone: str) -> None:
    person = await desk.call(phone)
    assert await person.says("hello") == ["echo hello"]
    assert await desk.house.rows(ContactPoint) == []
    assert len(await desk.house.rows(Contact)) == 1


@pytest.mark.parametrize(
    ("verification", "is_believed"),
    [("", False), ("TN-Validation-Passed-C", False), ("TN-Validation-Failed-A", False),
     ("TN-Validation-Passed-A", True)],
)  # fmt: skip
async def test_only_a_number_that_carriers_vouch_for_is_told_what_we_know(
    desk: Desk, verification: str, is_believed: bool
) -> None:
    first = await desk.call()
    await first.hangs_up()
    await desk.call(verification=verification)
    *_, call = await desk.house.rows(Call)
    happened = await desk.house.rows(TimelineEvent)
    claims = [one.conversation_id for one in happened if one.kind == "address_claimed"]
    assert (call.conversation_id not in claims) == is_believed
    (point,) = await desk.house.rows(ContactPoint)
    assert (point.verified_at is not None) == is_believed


async def test_what_a_first_caller_leaves_is_kept_though_nobody_vouches_for_their_number(desk: Desk) -> None:
    left = {"effect": "capture_lead", "field": "email", "value": "ann@customer.example"}
    desk.script(notice(), say("Thank you.", effects=[left]))
    person = await desk.call()
    assert await person.says("ann at customer dot example") == ["Thank you."]
    points = await desk.house.rows(ContactPoint)
    assert sorted(one.kind for one in points) == ["email", "phone"]
    assert len({one.contact_id for one in points}) == 1


async def test_a_call_that_is_over_keeps_no_answers(desk: Desk) -> None:
    person = await desk.call()
    await person.says("hello")
    await person.hangs_up()
    await desk.until_ended()
    async with desk.house.sessions() as session:
        assert (await session.scalars(select(CallAnswer))).all() == []
    (call,) = await desk.house.rows(Call)
    assert call.ended_at is not None


async def test_the_transcript_has_what_both_said(desk: Desk) -> None:
    person = await desk.call()
    await person.says("hello")
    async with desk.house.sessions() as session:
        call = await session.scalar(select(Call))
        assert call is not None
        rows = await session.scalars(
            select(Message)
            .where(Message.conversation_id == call.conversation_id, Message.seq > 0)
            .order_by(Message.seq)
        )
        assert [(one.author, one.text) for one in rows] == [
            ("bot", "echo "), ("visitor", "hello"), ("bot", "echo hello")
        ]  # fmt: skip


# The language


async def test_the_next_words_are_in_the_language_of_the_talk(desk: Desk) -> None:
    desk.house.stage.live.shown = desk.house.stage.live.shown.__class__(1, "flows-1", "model-1", ("en", "de"))
    desk.script(say("Hello."), say("Guten Tag."), say("Gern."))
    person = await desk.call()
    await person.says("Guten Tag, ich hätte gern eine Vorführung von Ihrem Programm")
    assert person.call.languages[-1] == "de-DE"
    assert 'language="de-DE"' in person.call.twiml[-1]


# Consent


async def test_a_consent_text_is_heard_to_its_end_whatever_is_said_meanwhile(desk: Desk) -> None:
    consent = question("May we call you with offers? You can say no at any time.", step="demo/consent")
    consent["replies"][0] |= {
        "input": "consent",
        "choices": [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}],
        "consent": {"purpose": "marketing", "channels": ["voice"]},
    }
    desk.script(say("Hello."), consent, say("Thank you."))
    person = await desk.call()
    await person.call.inputs.put(Input("speech", "offers"))
    await person.call.inputs.put(Input("speech", "yes", barges=True))
    await asyncio.sleep(0)
    await person.says("bye")
    said = next(one for one in person.call.twiml if "May we call you" in one)
    assert said.index("May we call you") < said.index("<Gather")
    assert any(one.startswith("May we call you with offers?") for one in person.call.heard)

"""Silence: a timer becomes a message to the dialogue, once, and never when the person did say something."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from base.database import transaction
from bot.models import Conversation, Message
from bot.timers import fire_due, next_due_at
from bot.turns import PATIENCE
from tests.bot.scripted_dialogue import Answer, say
from tests.bot.stage import Stage

STEP = "demo/ask_size"
WAIT = timedelta(minutes=20)
TIMER = {"kind": "no_reply", "step": STEP, "seconds": int(WAIT.total_seconds())}
OPT_OUT = {"effect": "opt_out", "scope": "everything"}


def asks(body: dict[str, Any]) -> Answer:
    """A question with a timer; one that is told of the silence and lets go."""
    if body["message"]["kind"] in ("no_reply", "timed_out"):
        return say("still there?")
    return say("how many are you?", timer=TIMER)


async def fire(stage: Stage) -> int:
    async with transaction(stage.sessions) as session:
        return await fire_due(session, stage.clock.now())


async def due_at(stage: Stage) -> Any:
    async with stage.sessions() as session:
        return await next_due_at(session)


async def test_after_the_time_the_dialogue_is_told_of_the_silence_and_answers_it(stage: Stage) -> None:
    stage.dialogue.script = asks
    await stage.say("hello")
    assert await due_at(stage) == stage.clock.now() + WAIT
    stage.clock.move(WAIT - timedelta(seconds=1))
    assert await fire(stage) == 0
    stage.clock.move(timedelta(seconds=1))
    assert await fire(stage) == 1
    assert await fire(stage) == 0, "once"
    assert await due_at(stage) is None
    assert await stage.turns.resume_waiting() == 1
    told = stage.dialogue.requests[-1]["message"]
    assert (told["kind"], told["step"], told["text"]) == ("no_reply", STEP, "")
    assert stage.dialogue.requests[-1]["idle_seconds"] == WAIT.total_seconds()
    assert await stage.transcript() == [
        ("visitor", "hello"), ("bot", "how many are you?"), ("bot", "still there?"),
    ]  # fmt: skip


async def test_a_turn_decides_anew_whether_anything_is_waited_for(stage: Stage) -> None:
    stage.dialogue.script = asks
    await stage.say("hello")
    stage.dialogue.script = lambda _body: say("thank you")
    await stage.say("12")
    assert await due_at(stage) is None
    stage.clock.move(WAIT)
    assert await fire(stage) == 0


async def test_somebody_who_is_just_being_answered_is_not_silent(stage: Stage) -> None:
    stage.dialogue.script = asks
    await stage.say("hello")
    stage.clock.move(WAIT)
    taken = await stage.turns.take(stage.inbound("twelve"))
    assert await fire(stage) == 0
    assert await due_at(stage) is None, "nothing to wake up for"
    await stage.turns.answer(taken.claim)
    assert await due_at(stage) == stage.clock.now() + WAIT
    assert await fire(stage) == 0


async def test_a_message_that_waits_for_the_dialogue_is_no_silence(stage: Stage) -> None:
    stage.dialogue.script = asks
    await stage.say("hello")
    stage.dialogue.script = lambda _body: 503
    await stage.say("twelve")
    stage.clock.move(WAIT)
    assert await fire(stage) == 0


async def test_what_is_said_after_the_time_was_up_is_answered_after_it(stage: Stage) -> None:
    stage.dialogue.script = asks
    await stage.say("hello")
    stage.clock.move(WAIT)
    assert await fire(stage) == 1
    taken = await stage.turns.take(stage.inbound("twelve"))
    await stage.turns.answer(taken.claim)
    assert [body["message"]["kind"] for body in stage.dialogue.requests] == ["text", "no_reply", "text"]


async def test_many_processes_fire_a_timer_once(stage: Stage) -> None:
    stage.dialogue.script = asks
    for number in range(12):
        await stage.begin_again()
        stage.dialogue.script = asks
        await stage.say(f"m{number}")
    stage.clock.move(WAIT)
    fired = await asyncio.gather(*(fire(stage) for _ in range(4)))
    assert sum(fired) == 12
    async with stage.sessions() as session:
        rung = list(await session.scalars(select(Message.conversation_id).where(Message.author == "system")))
    assert len(set(rung)) == len(rung) == 12


async def test_a_few_at_a_time(stage: Stage) -> None:
    for number in range(3):
        await stage.begin_again()
        stage.dialogue.script = asks
        await stage.say(f"m{number}")
    stage.clock.move(WAIT)
    async with transaction(stage.sessions) as session:
        assert await fire_due(session, stage.clock.now(), limit=2) == 2
    assert await fire(stage) == 1


@pytest.mark.parametrize("status", ["handed_off", "closed"])
async def test_a_talk_that_a_person_has_or_that_is_over_only_loses_its_timer(stage: Stage, status: str) -> None:
    stage.dialogue.script = asks
    await stage.say("hello")
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(status=status))
    stage.clock.move(WAIT)
    assert await fire(stage) == 0
    assert await due_at(stage) is None
    async with stage.sessions() as session:
        assert await session.scalar(select(Conversation.timer)) is None


async def test_whoever_opted_out_elsewhere_is_not_asked_whether_they_are_still_there(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("how many?", timer=TIMER, effects=[OPT_OUT])
    await stage.say("hello")
    asked = len(stage.dialogue.requests)
    stage.clock.move(WAIT)
    assert await fire(stage) == 1
    await stage.turns.resume_waiting()
    assert len(stage.dialogue.requests) == asked
    assert (await stage.transcript())[-1] == ("bot", "how many?")
    async with stage.sessions() as session:
        assert (await session.scalar(select(Conversation.state)))["ended"] == "opted_out"  # type: ignore[index]


async def test_nobody_is_called_because_of_somebodys_silence(stage: Stage) -> None:
    stage.dialogue.script = asks
    await stage.say("hello")
    stage.clock.move(WAIT)
    await fire(stage)
    stage.dialogue.script = lambda _body: 503
    await stage.turns.resume_waiting()
    stage.clock.move(PATIENCE)
    await stage.turns.resume_waiting()
    assert (await stage.transcript())[-1] == ("bot", "how many are you?")
    async with stage.sessions() as session:
        assert await session.scalar(select(Conversation.status)) == "open"


async def test_what_the_platform_tells_the_dialogue_is_shown_to_nobody(stage: Stage) -> None:
    stage.dialogue.script = asks
    await stage.say("hello")
    stage.clock.move(WAIT)
    await fire(stage)
    assert await stage.transcript() == [("visitor", "hello"), ("bot", "how many are you?")]

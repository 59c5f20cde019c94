"""Which flows answer a turn: the live ones, and never older ones than those the conversation's state came from."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from base.database import transaction
from bot.handoff.words import words_of
from bot.models import Conversation
from bot.ports import Live
from bot.turns import PATIENCE
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage

NEWER = Live(2, "flows-2", "model-2")


async def publication_of(stage: Stage) -> int | None:
    async with stage.sessions() as session:
        return await session.scalar(select(Conversation.publication).where(Conversation.id == stage.conversation_id))


async def test_a_turn_names_what_is_live_and_keeps_its_number(stage: Stage) -> None:
    await stage.say("hello")
    (asked,) = stage.dialogue.requests
    assert (asked["flows"], asked["model"]) == ("flows-1", "model-1")
    assert await publication_of(stage) == 1
    stage.live.shown = NEWER
    await stage.say("again")
    assert stage.dialogue.requests[-1]["flows"] == "flows-2"
    assert await publication_of(stage) == 2
    assert stage.live.looks == 0, "looking costs a round trip: only when something is amiss"


async def test_a_process_that_is_behind_looks_before_it_answers(stage: Stage) -> None:
    stage.live.shown = NEWER
    await stage.say("hello")
    stage.live.shown, stage.live.stored = Live(1, "flows-1", "model-1"), NEWER
    await stage.say("again")
    assert stage.live.looks == 1
    assert stage.dialogue.requests[-1]["flows"] == "flows-2"


async def test_a_process_that_stays_behind_leaves_the_message_to_others(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(publication=2))
    await stage.say("hello")
    assert stage.dialogue.requests == []
    assert await stage.transcript() == [("visitor", "hello")]
    stage.live.stored = NEWER  # another process, or this one a moment later
    assert await stage.turns.resume_waiting() == 1
    assert await stage.transcript() == [("visitor", "hello"), ("bot", "echo hello")]


async def test_who_asks_for_a_person_meanwhile_is_left_to_a_process_that_is_not_behind(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(publication=2))
    await stage.say("Can I talk to a person, please?")
    assert [author for author, _ in await stage.transcript()] == ["visitor"]


async def test_an_older_publication_never_overwrites_the_number_of_a_newer_one(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(publication=7))
    await stage.say("STOP")
    assert await publication_of(stage) == 7


async def test_nobody_waits_longer_than_two_minutes_for_flows(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(publication=2))
    await stage.say("hello")
    stage.clock.move(PATIENCE)
    await stage.turns.resume_waiting()
    assert (await stage.transcript())[-1] == ("bot", words_of("en")["away"])


async def test_a_turn_tells_the_visitors_own_time_and_how_long_they_were_away(stage: Stage) -> None:
    await stage.say("hello")
    stage.clock.move(timedelta(hours=5, seconds=7))
    await stage.say("back again")
    first, second = stage.dialogue.requests
    assert (first["now"], first["zone"]) == ("2026-11-23T16:00:00+01:00", "Europe/Madrid")
    assert (first["idle_seconds"], second["idle_seconds"]) == (0, 5 * 3_600 + 7)


async def test_a_message_that_waited_counts_the_silence_before_it_and_not_the_wait(stage: Stage) -> None:
    await stage.say("hello")
    stage.clock.move(timedelta(minutes=10))
    stage.dialogue.script = lambda _body: 503
    await stage.say("anybody?")
    stage.clock.move(timedelta(minutes=1))
    stage.dialogue.script = lambda _body: say("yes")
    await stage.turns.resume_waiting()
    assert stage.dialogue.requests[-1]["idle_seconds"] == 600


@pytest.mark.parametrize("zone", [None, "Nowhere/Atlantis", "../../etc/passwd", "", "UTC "])
async def test_a_zone_that_is_none_is_utc(stage: Stage, zone: str | None) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(time_zone=zone))
    await stage.say("hello")
    last = stage.dialogue.requests[-1]
    assert (last["now"], last["zone"]) == ("2026-11-23T15:00:00Z", None)


async def test_splits_stick_to_the_contact_once_there_is_one(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("ok", effects=[{"effect": "hand_off", "team": "x", "reason": "asked"}])
    await stage.say("hello")
    async with transaction(stage.sessions) as session:
        contact_id = await session.scalar(update(Conversation).values(status="open").returning(Conversation.contact_id))
    await stage.say("again")
    subjects = [body["subject"] for body in stage.dialogue.requests]
    assert subjects == [str(stage.conversation_id), str(contact_id)]

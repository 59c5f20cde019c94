"""How real talks went through a flow is counted from the ways their turns took, in a period."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from base.database import transaction
from base.ids import new_id
from bot.models import Conversation, Message
from bot.walked import EdgePassed, Passed, StepPassed, read_passed
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.conftest import Database

BEGAN = [["lead", None, "hello"], ["lead", "hello", "ask_size"]]
SIZE = [["lead", "ask_size", "route"], ["lead", "route", "ask_mail"]]
END = [["lead", "ask_mail", "bye"], ["lead", "bye", None]]


async def talk(database: Database, start: datetime, *turns: tuple[float, list[Any]]) -> UUID:
    """A talk whose turns came so many seconds after its start and took these ways."""
    conversation = Conversation(id=new_id(), channel="web", language="en", created_at=start)
    async with transaction(database.sessions) as session:
        session.add(conversation)
        await session.flush()
        for seq, (seconds, ways) in enumerate(turns):
            session.add(
                Message(
                    id=new_id(), conversation_id=conversation.id, seq=seq, author="visitor", kind="text", text="",
                    data={"walked": ways} if ways else {}, turn_state="done",
                    created_at=start + timedelta(seconds=seconds),
                )
            )  # fmt: skip
    return conversation.id


async def passed(database: Database, since: datetime, until: datetime, flow: str = "lead") -> Passed:
    async with database.sessions() as session:
        return await read_passed(session, flow, since, until)


async def test_each_way_is_counted_once_a_talk_with_the_median_time_before_it(
    database: Database, now: datetime
) -> None:
    await talk(database, now, (0, BEGAN), (10, SIZE), (40, END))
    await talk(database, now, (0, BEGAN), (20, SIZE))
    await talk(database, now, (0, BEGAN), (5, []))

    found = await passed(database, now, now + timedelta(hours=1))

    assert found.talks == 3
    edges = {(edge.step, edge.to): (edge.talks, edge.median) for edge in found.edges}
    assert edges == {
        ("hello", "ask_size"): (3, 0.0),
        ("ask_size", "route"): (2, 15.0),
        ("route", "ask_mail"): (2, 0.0),
        ("ask_mail", "bye"): (1, 30.0),
    }
    steps = {one.step: one for one in found.steps}
    assert steps["ask_size"] == StepPassed("ask_size", 3, 1, 0, 15.0)
    assert steps["ask_mail"] == StepPassed("ask_mail", 2, 1, 0, 30.0)
    assert steps["bye"] == StepPassed("bye", 1, 0, 1, 0.0)


async def test_only_talks_of_the_period_and_of_the_flow_are_counted(database: Database, now: datetime) -> None:
    await talk(database, now - timedelta(days=2), (0, BEGAN), (10, SIZE))
    await talk(database, now, (0, [["other", None, "hello"]]))

    assert await passed(database, now, now + timedelta(hours=1)) == Passed(0, [], [])
    assert (await passed(database, now - timedelta(days=3), now)).talks == 1
    assert (await passed(database, now, now + timedelta(hours=1), "other")).talks == 1


async def test_a_talk_that_began_before_the_period_has_no_time_for_its_first_way(
    database: Database, now: datetime
) -> None:
    await talk(database, now - timedelta(minutes=5), (0, BEGAN), (310, SIZE))

    found = await passed(database, now, now + timedelta(hours=1))

    assert found.edges[0] == EdgePassed("ask_size", "route", 1, None)


async def test_a_flow_that_another_one_interrupted_is_counted_as_if_it_had_not_been(
    database: Database, now: datetime
) -> None:
    aside = [["price", None, "tell"], ["price", "tell", None]]
    await talk(database, now, (0, BEGAN), (10, aside), (30, SIZE))

    edges = {(edge.step, edge.to): edge.median for edge in (await passed(database, now, now + timedelta(days=1))).edges}

    assert edges[("ask_size", "route")] == 30.0


async def test_the_ways_of_a_turn_are_kept_with_its_message(stage: Stage) -> None:
    for ways in (BEGAN, SIZE):
        stage.dialogue.script = lambda _body, ways=ways: {**say("Hello"), "walked": ways}  # type: ignore[misc]
        await stage.say("ten people")

    since = stage.clock.now() - timedelta(days=1)
    async with stage.sessions() as session:
        found = await read_passed(session, "lead", since, since + timedelta(days=2))

    assert {(edge.step, edge.to) for edge in found.edges} == {
        ("hello", "ask_size"), ("ask_size", "route"), ("route", "ask_mail"),
    }  # fmt: skip


@pytest.mark.parametrize("walked", [[["lead"]], [["lead", 1, "x"]], "x", [["lead", None, None, None]]])
async def test_ways_that_do_not_read_as_such_are_no_answer_of_a_dialogue_process(stage: Stage, walked: Any) -> None:
    stage.dialogue.script = lambda _body: {**say("Hello"), "walked": walked}

    await stage.say("ten people")

    assert ("bot", "Hello") not in await stage.transcript()

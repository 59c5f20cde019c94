"""Many browsers that come at once are answered by few queries, each with its own messages."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from base.database import create_engine, create_sessions
from base.ids import new_id
from bot.conversations import Seen, list_messages, list_unseen
from channels.web.replays import TOGETHER, Replays
from tests.channels.web.chat_stage import Process
from tests.statements import statements

_TALKS = 30


async def test_readers_that_come_at_once_are_asked_for_together_and_get_their_own(process: Process) -> None:
    talks = [UUID((await process.open())["conversation_id"]) for _ in range(_TALKS)]
    await process.turns.drain()
    for number, talk in enumerate(talks):
        await process.append(str(talk), number % 4)
    replays = Replays(process.sessions)
    with statements(process.sessions) as asked:
        found = await asyncio.gather(*(replays.read(talk, 1) for talk in talks for _ in range(20)))
    assert len(asked) <= 2 + (20 * _TALKS) // TOGETHER, "one for the first, the rest by the hundred"
    for number, messages in enumerate(found):
        talk = talks[number // 20]
        assert {message.conversation_id for message in messages} <= {talk}
        assert [message.seq for message in messages] == list(range(2, 2 + (number // 20) % 4))


async def test_each_reader_is_told_what_it_would_be_told_alone(process: Process) -> None:
    talks = [UUID((await process.open())["conversation_id"]) for _ in range(3)]
    await process.turns.drain()
    for number, talk in enumerate(talks):
        await process.append(str(talk), number * 3)
    questions = st.lists(
        st.builds(Seen, st.sampled_from([*talks, new_id()]), st.integers(min_value=-2, max_value=12)), max_size=8
    )

    async def compare(readers: list[Seen], limit: int) -> None:
        async with process.sessions() as session:
            together = await list_unseen(session, readers, limit=limit)
            alone = [
                list(await list_messages(session, one.conversation_id, after=one.seq, limit=limit)) for one in readers
            ]
        assert together == alone

    loop = asyncio.get_running_loop()

    @given(questions, st.integers(min_value=1, max_value=5))
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def check(readers: list[Seen], limit: int) -> None:
        asyncio.run_coroutine_threadsafe(compare(readers, limit), loop).result(30)

    await asyncio.to_thread(check)


async def test_a_database_that_is_away_fails_every_reader_and_the_next_are_answered(
    process: Process, opened: dict[str, Any]
) -> None:
    talk = UUID(opened["conversation_id"])
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")
    replays = Replays(create_sessions(away))
    found = await asyncio.gather(*(replays.read(talk, 0) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in found] == [OperationalError] * 5
    replays._sessions = process.sessions  # the database is back
    assert len(await replays.read(talk, 0)) == 1
    await away.dispose()


async def test_who_leaves_before_the_answer_takes_nobody_along(process: Process, opened: dict[str, Any]) -> None:
    talk, replays = UUID(opened["conversation_id"]), Replays(process.sessions)
    leaving, staying = (asyncio.create_task(replays.read(talk, 0)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert [message.seq for message in await staying] == [1]

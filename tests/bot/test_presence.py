"""Who has a number and died loses its turns at once; who lives keeps them; who is in doubt keeps them for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from base.database import libpq_url, transaction
from bot import presence
from bot.claims import Claim, claim_conversation, store_and_claim
from bot.presence import PRESENCE_LOCKS, Presence
from bot.talk_news import follow_talks
from bot.turn_statements import WAITING
from bot.turns import RESUMED_AT_ONCE
from tests.bot.stage import Stage
from tests.conftest import Database
from tests.statements import nodes_of

_MANY = """
WITH talks AS (
    INSERT INTO conversations (id, channel, language, turn_claimed_by, turn_claimed_until, created_at)
    SELECT gen_random_uuid(), 'web', 'en', :number, now() + interval '12 seconds', now() FROM generate_series(1, 20000)
    RETURNING id
)
INSERT INTO messages (id, conversation_id, seq, author, kind, text, turn_state, turn_attempts, created_at)
SELECT gen_random_uuid(), id, 1, 'visitor', 'text', 'hi',
    CASE WHEN row_number() OVER () > 50 THEN 'done' ELSE 'pending' END,
    1, now()
FROM talks
"""
ANSWERED = [("visitor", "are you there?"), ("bot", "echo are you there?")]


@asynccontextmanager
async def living(database: Database, one: Presence) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """For as long as the block runs that process is there."""
    address = libpq_url(database.url)
    async with (
        await psycopg.AsyncConnection.connect(address, autocommit=True) as connection,
        one.shown(connection),
    ):
        server = connection.info.backend_pid
        yield connection
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        # Its server ends a little after it.
        ended = "SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"
        async with asyncio.timeout(10):
            while not (await connection.execute(ended, (server,))).rowcount:
                await asyncio.sleep(0.01)


@pytest.fixture
async def looking(stage: Stage, database: Database) -> AsyncIterator[Stage]:
    """The stage's process is there."""
    async with living(database, stage.turns._presence):
        yield stage


async def claim_by(stage: Stage, number: int | None) -> Claim:
    """A tap is claimed: what reads texts takes seconds to load."""
    async with transaction(stage.sessions) as session:
        tap = stage.inbound("are you there?", value="there")
        taken = await store_and_claim(session, tap, stage.clock.now(), number)
    assert taken.claim is not None
    return taken.claim


async def gone(database: Database) -> int:
    """The number of a process that was there."""
    async with living(database, other := Presence()):
        assert other.number is not None
        return other.number


async def test_a_turn_of_a_process_whose_connection_is_gone_is_done_by_the_next_look_and_once(
    looking: Stage, database: Database
) -> None:
    async with living(database, other := Presence()):
        lost = await claim_by(looking, other.number)
        assert await looking.turns.resume_waiting() == 0
    assert [await looking.turns.resume_waiting() for _ in range(2)] == [1, 0]
    assert await looking.transcript() == ANSWERED
    # It has only lost its connection, and brings its answer now.
    await looking.turns.answer(lost)
    assert await looking.transcript() == ANSWERED


async def test_of_many_who_look_at_once_one_takes_a_lost_turn_on(looking: Stage, database: Database) -> None:
    lost = await claim_by(looking, await gone(database))

    async def take_over() -> Claim | None:
        async with transaction(looking.sessions) as session:
            return await claim_conversation(
                session, looking.conversation_id, looking.clock.now(), None, lost_fence=lost.fence
            )

    taken = [one for one in await asyncio.gather(*(take_over() for _ in range(8))) if one is not None]
    assert [(one.message_id, one.attempts) for one in taken] == [(lost.message_id, 2)]


async def test_a_turn_of_a_process_that_lives_is_left_to_it(looking: Stage, database: Database) -> None:
    async with living(database, other := Presence()):
        claim = await claim_by(looking, other.number)
        assert await looking.turns.resume_waiting() == 0
        await looking.turns.answer(claim)
    assert await looking.transcript() == ANSWERED


async def test_a_turn_without_a_number_waits_until_its_time_is_over(looking: Stage) -> None:
    await claim_by(looking, None)
    assert await looking.turns.resume_waiting() == 0


async def test_what_is_taken_on_twice_waits_until_its_time_is_over(looking: Stage, database: Database) -> None:
    number = await gone(database)
    lost = await claim_by(looking, number)
    async with transaction(looking.sessions) as session:
        assert await claim_conversation(
            session, looking.conversation_id, looking.clock.now(), number, lost_fence=lost.fence
        )
    assert await looking.turns.resume_waiting() == 0, "whoever it kills, it kills one in twelve seconds"


async def test_beside_a_message_that_is_tried_again_no_other_lets_its_talk_be_taken_on_early(
    looking: Stage, database: Database
) -> None:
    await claim_by(looking, await gone(database))
    async with transaction(looking.sessions) as session:
        await store_and_claim(session, looking.inbound("and now?", value="now"), looking.clock.now(), None)
        await session.execute(text("UPDATE messages SET turn_attempts = 2 WHERE text = 'and now?'"))
    assert await looking.turns.resume_waiting() == 0


@pytest.mark.parametrize("where", ["not there", "there for others, not for itself", "in another database"])
async def test_whoever_is_not_seen_says_of_nobody_that_they_are_dead(
    stage: Stage, database: Database, postgres_url: str, where: str
) -> None:
    await claim_by(stage, await gone(database))
    own = stage.turns._presence
    if where == "in another database":
        elsewhere = Database(postgres_url, database.engine, database.sessions)
        async with living(elsewhere, own):
            assert await stage.turns.resume_waiting() == 0
    elif where == "not there":
        assert await stage.turns.resume_waiting() == 0
    else:
        # As a pooler leaves it, which hands its connections round.
        async with living(database, own) as connection:
            await connection.execute("SELECT pg_advisory_unlock_all()")
            assert await stage.turns.resume_waiting() == 0
    async with living(database, own):
        own._judges_from = 0.0
        assert await stage.turns.resume_waiting() == 1


async def test_when_all_connections_end_at_once_turns_in_hand_stay_with_who_has_them(
    stage: Stage, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "SETTLING", 0.6)
    own, other, begun = stage.turns._presence, Presence(), asyncio.Semaphore(0)
    following = [
        asyncio.create_task(follow_talks(database.url, begun.release, lambda _news: None, one)) for one in (own, other)
    ]
    async with asyncio.timeout(20):
        for _ in following:
            await begun.acquire()
        numbers = own.judge, other.judge
        assert None not in numbers
        claim = await claim_by(stage, other.number)
        async with transaction(database.sessions) as session:
            held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE classid = :key AND objid = ANY(:numbers)"
            await session.execute(text(held), {"key": PRESENCE_LOCKS, "numbers": list(numbers)})
        while (own.number, other.number) != (None, None):
            await asyncio.sleep(0.01)
        judged = list[int | None]()
        while own.judge is None or other.judge is None:
            judged += [own.judge] if own.number is not None else []
            assert await stage.turns.resume_waiting() == 0
            await asyncio.sleep(0.02)
    assert judged[0] is None, "who is back says of nobody at once that they are dead"
    assert (own.judge, other.judge) == numbers
    assert await stage.turns.resume_waiting() == 0
    await stage.turns.answer(claim)
    assert await stage.transcript() == ANSWERED
    for one in following:
        one.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    assert (own.number, other.number) == (None, None)


async def test_two_with_the_same_number_are_told_apart(database: Database) -> None:
    one, other = Presence(), Presence()
    other._candidate = one._candidate
    async with living(database, one), living(database, other):
        assert None not in (one.number, other.number)
        assert one.number != other.number


async def test_a_look_does_not_wait_for_turns_that_take_long_and_begins_none_twice(
    looking: Stage, database: Database
) -> None:
    await claim_by(looking, await gone(database))
    async with AsyncExitStack() as others:
        for _ in range(RESUMED_AT_ONCE):
            await others.enter_async_context(looking.turns._few)
        assert [await looking.turns.resume_waiting(patience=0) for _ in range(3)] == [1, 1, 1], "it waits for others"
    looking.dialogue.delay = 0.2
    assert await looking.turns.resume_waiting(patience=0.1) == 1
    assert await looking.turns.resume_waiting(patience=0.1) == 0, "it is in hand"
    await looking.turns.drain()
    assert await looking.transcript() == ANSWERED
    assert len(looking.dialogue.requests) == 1


async def test_a_look_reads_open_messages_and_their_talks_however_many_there_are(
    looking: Stage, database: Database
) -> None:
    values = {"at": looking.clock.now(), "judge": looking.turns._presence.judge, "most": 100}
    async with transaction(looking.sessions) as session:
        await session.execute(text(_MANY), {"number": await gone(database)})
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.exec_driver_sql("ANALYZE conversations, messages")
        assert len((await connection.execute(WAITING, values)).all()) == 50
    nodes = await nodes_of(looking.sessions, str(WAITING.compile(database.engine)), values)
    assert {"Function Scan", "Index Scan conversations"} <= nodes
    assert not {"Seq Scan conversations", "Seq Scan messages"} & nodes

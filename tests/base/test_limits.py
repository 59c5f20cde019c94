"""Limits hold over all processes together, cost few statements, and forget whom they counted."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import func, select, text

from base.database import transaction
from base.encryption import KeyRing
from base.errors import TooMany
from base.limits.models import RateBucket
from base.limits.shared import SharedLimit, forget_unused
from tests.conftest import Database
from tests.statements import statements

A_DAY = 86_400


def a_process(database: Database, keys: KeyRing, amount: int, seconds: float = A_DAY, *, lease: int = 1) -> SharedLimit:
    """The limit as one process has it."""
    return SharedLimit(database.sessions, keys, "tried", amount, seconds, lease=lease)


async def is_allowed(limit: SharedLimit, key: str = "somebody") -> bool:
    try:
        await limit.check(key)
    except TooMany:
        return False
    return True


@pytest.mark.parametrize("lease", [1, 7])
async def test_processes_together_allow_exactly_as_much_as_one(database: Database, keys: KeyRing, lease: int) -> None:
    processes = [a_process(database, keys, 70, lease=lease) for _ in range(3)]
    allowed = await asyncio.gather(*(is_allowed(processes[number % 3]) for number in range(200)))
    # What one holds in reserve is spent before anybody is refused there.
    while any(more := await asyncio.gather(*(is_allowed(one) for one in processes))):
        allowed += more
    async with database.sessions() as session:
        assert (await session.scalars(select(RateBucket.tokens))).one() < 1
    assert sum(allowed) == 70


async def test_many_who_come_at_once_take_no_more_than_they_need_and_leave_the_rest_to_others(
    database: Database, keys: KeyRing
) -> None:
    first, second = (a_process(database, keys, 100, lease=20) for _ in range(2))
    assert all(await asyncio.gather(*(is_allowed(first) for _ in range(30))))
    assert all([await is_allowed(second) for _ in range(60)])


async def test_who_gives_up_waiting_for_a_limit_takes_nobody_along(database: Database, keys: KeyRing) -> None:
    limit = a_process(database, keys, 10, lease=5)
    impatient, patient = (asyncio.create_task(is_allowed(limit)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_what_one_process_spent_another_refuses_and_says_how_long(database: Database, keys: KeyRing) -> None:
    first, second = (a_process(database, keys, 5, 600) for _ in range(2))
    for _ in range(5):
        await first.check("somebody")
    with pytest.raises(TooMany) as caught:
        await second.check("somebody")
    assert 110 <= caught.value.retry_after <= 120
    await second.check("somebody else")


async def test_a_bucket_fills_again_evenly_by_the_databases_clock(database: Database, keys: KeyRing) -> None:
    first, second = (a_process(database, keys, 4, 2.0) for _ in range(2))
    for _ in range(4):
        await first.check("somebody")
    assert not await is_allowed(second)
    await asyncio.sleep(0.6)
    assert [await is_allowed(second) for _ in range(2)] == [True, False]


async def test_a_lease_is_spent_without_asking_and_a_refusal_is_remembered(database: Database, keys: KeyRing) -> None:
    limit = a_process(database, keys, 20, lease=5)
    with statements(database.sessions) as seen:
        for _ in range(20):
            await limit.check("somebody")
        assert sum("rate_buckets" in one for one in seen) == 4
        assert [await is_allowed(limit) for _ in range(50)] == [False] * 50
        assert sum("rate_buckets" in one for one in seen) == 5


async def test_how_much_is_used_up_is_told(database: Database, keys: KeyRing) -> None:
    limit = a_process(database, keys, 4)
    assert [await limit.check("somebody") for _ in range(4)] == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=0.01)


async def test_looking_takes_nothing_and_a_transaction_that_fails_gives_back_what_it_took(
    database: Database, keys: KeyRing
) -> None:
    limit = a_process(database, keys, 2)
    async with database.sessions() as session:
        assert [await limit.look(session, "somebody") for _ in range(5)] == [0.5] * 5
    async with database.sessions() as session:
        await limit.take(session, "somebody")
        await session.rollback()
    for used in (0.5, 1.0):
        async with transaction(database.sessions) as session:
            assert await limit.look(session, "somebody") == pytest.approx(used, abs=0.01)
            await limit.take(session, "somebody")
    async with database.sessions() as session:
        for way in (limit.look, limit.take):
            with pytest.raises(TooMany) as caught:
                await way(session, "somebody")
            assert A_DAY / 2 - 60 <= caught.value.retry_after <= A_DAY / 2


async def test_whom_it_counted_is_kept_as_a_keyed_hash_and_gone_after_a_day(database: Database, keys: KeyRing) -> None:
    limit = a_process(database, keys, 5)
    for address in ("203.0.113.7", "2001:db8::/64"):
        await limit.check(address)
    async with transaction(database.sessions) as session:
        kept = set(await session.scalars(select(RateBucket.key)))
        assert kept == {keys.blind_index(one, kind="limit:tried")[:16] for one in ("203.0.113.7", "2001:db8::/64")}
        assert await forget_unused(session) == 0
        old = keys.blind_index("203.0.113.7", kind="limit:tried")[:16]
        await session.execute(
            text("UPDATE rate_buckets SET filled_at = now() - interval '25 hours' WHERE key = :key"), {"key": old}
        )
        assert await forget_unused(session) == 1
        assert await session.scalar(select(func.count()).select_from(RateBucket)) == 1


async def test_buckets_are_not_written_to_the_log_of_the_database(database: Database) -> None:
    async with database.sessions() as session:
        kind = await session.scalar(text("SELECT relpersistence FROM pg_class WHERE relname = 'rate_buckets'"))
    assert kind in ("u", b"u")


async def test_only_so_many_leases_are_remembered_and_none_for_ever(
    database: Database, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("base.limits.shared._KEPT", 2)
    limit = a_process(database, keys, 8, 1.0, lease=2)
    for key in "abc":
        await limit.check(key)
    with statements(database.sessions) as seen:
        await limit.check("c")
        assert not seen
        await limit.check("a")
        assert sum("rate_buckets" in one for one in seen) == 1
    await limit.check("a")
    await limit.check("b")
    asked = time.monotonic()
    await asyncio.sleep(1.1)
    with statements(database.sessions) as seen:
        await limit.check("b")
    assert sum("rate_buckets" in one for one in seen) == 1, f"a lease is good for a second ({asked})"


def test_a_limit_that_would_be_forgotten_before_it_is_full_is_refused(database: Database, keys: KeyRing) -> None:
    with pytest.raises(ValueError, match="a day at most"):
        a_process(database, keys, 1, A_DAY + 1)

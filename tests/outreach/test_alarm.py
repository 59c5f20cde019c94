"""Procrastinate wakes the pump; losing or repeating a wake-up breaks nothing."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import text

from base.clock import SystemClock
from base.database import transaction
from outreach.alarm import EACH_MINUTE, PUMP, QUEUE, alarm_context, create_alarm, create_connector, drop_stalled, wake
from outreach.pump import DuePump


@pytest.fixture
async def alarm(site):
    """The alarm without its minute hand: what happens in these tests happens because of the wake-up."""
    app = create_alarm(create_connector(site.url))
    app.periodic_registry.periodic_tasks.clear()
    async with app.open_async():
        yield app


async def jobs(site, *states: str) -> list[tuple[str, str]]:
    async with site.sessions() as session:
        rows = await session.execute(text("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id"))
        return [(name, state) for name, state in rows if not states or state in states]


async def work_off(alarm, pump) -> None:
    """Runs a worker until its queue is empty."""
    await alarm.run_worker_async(
        queues=[QUEUE],
        wait=False,
        install_signal_handlers=False,
        listen_notify=False,
        additional_context=alarm_context(pump),
    )


async def test_a_wake_up_runs_the_pump(site, alarm):
    outbox_id = await site.put(await site.contact())
    await wake(alarm)
    await work_off(alarm, site.pump)
    assert (await site.message(outbox_id)).state == "accepted"
    # Finished wake-ups do not pile up.
    assert await jobs(site, "succeeded") == []


async def test_waiting_wake_ups_for_the_same_moment_are_one(site, alarm):
    at = site.clock.now() + timedelta(hours=1)
    for _ in range(5):
        await wake(alarm)
        await wake(alarm, at)
    assert await jobs(site) == [(PUMP, "todo"), (PUMP, "todo")]


async def test_the_pump_has_itself_woken_when_the_next_thing_is_due(site, alarm):
    clock = SystemClock()
    pump = DuePump(site.sessions, site.planner, site.delivery, clock)
    due_at = clock.now() + timedelta(seconds=20)
    await site.put(await site.contact(), due_at=due_at)
    await wake(alarm)
    await work_off(alarm, pump)
    async with site.sessions() as session:
        scheduled = await session.scalars(text("SELECT scheduled_at FROM procrastinate_jobs WHERE status = 'todo'"))
        assert scheduled.all() == [due_at]


async def test_what_is_due_much_later_is_left_to_the_run_of_that_minute(site, alarm):
    await site.put(await site.contact(), due_at=site.clock.now() + timedelta(hours=1))
    await wake(alarm)
    await work_off(alarm, site.pump)
    assert (await jobs(site, "todo")) == []


async def test_a_wake_up_whose_worker_died_is_dropped_and_does_not_block_the_next(site, alarm):
    outbox_id = await site.put(await site.contact())
    await wake(alarm)
    async with transaction(site.sessions) as session:
        # What a kill -9 leaves: the job under way, and a worker that gives no sign of life.
        await session.execute(
            text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')")
        )
        worker = "(SELECT max(id) FROM procrastinate_workers)"
        await session.execute(text(f"UPDATE procrastinate_jobs SET status = 'doing', worker_id = {worker}"))
    assert await jobs(site) == [(PUMP, "doing")]
    await wake(alarm)
    await work_off(alarm, site.pump)
    assert (await site.message(outbox_id)).state == "accepted"
    assert await drop_stalled(alarm) == 1
    assert await jobs(site) == []


async def test_waking_never_fails_also_when_the_database_does_not_answer(site):
    app = create_alarm(create_connector(site.url))
    async with app.open_async():
        async with transaction(site.sessions) as session:
            await session.execute(text("ALTER TABLE procrastinate_jobs RENAME TO procrastinate_gone"))
        await wake(app)


async def test_the_pump_also_runs_each_minute_without_being_woken(site, alarm):
    periodic = create_alarm(create_connector(site.url)).periodic_registry.periodic_tasks
    assert periodic[(EACH_MINUTE, "")].cron == "* * * * *"
    outbox_id = await site.put(await site.contact())
    await alarm.tasks[EACH_MINUTE].defer_async(timestamp=0)
    await work_off(alarm, site.pump)
    assert (await site.message(outbox_id)).state == "accepted"


async def test_a_running_worker_is_woken_at_once(site, alarm):
    outbox_id = await site.put(await site.contact())
    worker = asyncio.create_task(
        alarm.run_worker_async(
            queues=[QUEUE], install_signal_handlers=False, additional_context=alarm_context(site.pump)
        )
    )
    try:
        await asyncio.sleep(0.5)
        await wake(alarm)
        async with asyncio.timeout(10):
            while (await site.message(outbox_id)).state != "accepted":
                await asyncio.sleep(0.05)
    finally:
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker

"""The alarm clock: Procrastinate wakes the due pump. Holds no due time, attempt or outcome of its own.

A wake-up that is lost is made up for within a minute, one that is repeated finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import JobDeferrer, Status

from base.database import libpq_url
from outreach.pump import DuePump

_log = structlog.get_logger(__name__)

QUEUE = "outreach"
PUMP = "outreach.pump_due"
EACH_MINUTE = "outreach.each_minute"
SWEEP = "outreach.sweep_wake_ups"
_PERIOD = timedelta(minutes=1)
POOL_SIZE = 4
"""Connections that the alarm clock of a process may use."""
_STALLED = 60  # seconds without a sign of life from the worker that has the job
_KEPT = 24  # hours a failed wake-up is kept to be looked at


def create_connector(database_url: str, *, pool_size: int = POOL_SIZE) -> procrastinate.PsycopgConnector:
    """Procrastinate's own connections to the platform's database."""
    return procrastinate.PsycopgConnector(conninfo=libpq_url(database_url), min_size=1, max_size=pool_size)


def create_alarm(connector: procrastinate.BaseConnector) -> procrastinate.App:
    """The Procrastinate application with the tasks of this room.

    Who only wakes needs no more. A worker runs it with `additional_context=alarm_context(pump)`.
    """
    app = procrastinate.App(
        connector=connector,
        worker_defaults={"delete_jobs": "successful", "fetch_job_polling_interval": 1.0, "concurrency": 2},
    )

    @app.task(name=PUMP, queue=QUEUE, pass_context=True)
    async def pump_due(context: procrastinate.JobContext) -> None:
        await _pump(app, context)

    @app.periodic(cron="* * * * *", queueing_lock=EACH_MINUTE)
    @app.task(name=EACH_MINUTE, queue=QUEUE, pass_context=True)
    async def pump_each_minute(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001
        await _pump(app, context)

    @app.periodic(cron="*/5 * * * *", queueing_lock=SWEEP)
    @app.task(name=SWEEP, queue=QUEUE)
    async def sweep_wake_ups(timestamp: int) -> None:  # noqa: ARG001
        await drop_stalled(app)

    return app


def alarm_context(pump: DuePump) -> dict[str, Any]:
    """What a worker hands to the tasks."""
    return {"pump": pump}


async def wake(app: procrastinate.App, at: datetime | None = None) -> None:
    """Has the pump run now, or at a moment. Call it after the commit that made something due.

    Waiting wake-ups for the same second are one. Never fails: the pump runs each minute in any case.
    """
    second = "now" if at is None else str(int(at.timestamp()))
    await defer_once(app.configure_task(PUMP, queue=QUEUE, queueing_lock=f"{PUMP}:{second}", schedule_at=at))


async def defer_once(job: JobDeferrer) -> None:
    """Puts a wake-up in line unless one with its queueing lock waits there. Never fails: a lost one is made up for."""
    try:
        await job.defer_async()
    except AlreadyEnqueued:
        return
    except ConnectorException:
        _log.warning("wake_up_lost", task=job.job.task_name, exc_info=True)


async def drop_stalled(app: procrastinate.App) -> int:
    """Ends wake-ups whose worker died, and forgets old failed ones. What they should have done is still due."""
    stalled = list(await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=_STALLED))
    for job in stalled:
        if job.id is not None:
            await app.job_manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)
    if stalled:
        _log.warning("wake_ups_dropped", jobs=len(stalled))
    await app.job_manager.delete_old_jobs(nb_hours=_KEPT, queue=QUEUE, include_failed=True)
    return len(stalled)


async def _pump(app: procrastinate.App, context: procrastinate.JobContext) -> None:
    pump = cast("Mapping[str, Any]", context.additional_context)["pump"]
    assert isinstance(pump, DuePump)
    await pump.run_once()
    next_due_at = await pump.next_due_at()
    # What is due later is found by the run of that minute.
    if next_due_at is not None and next_due_at < pump.now() + _PERIOD:
        # Not sooner than in a second: what others hold is still due, and they are at work on it.
        await wake(app, max(next_due_at, pump.now() + timedelta(seconds=1)))

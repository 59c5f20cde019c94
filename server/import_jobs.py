"""Imports in the worker: it looks for what was asked for each minute and when it is woken. Holds no rule of its own."""

from __future__ import annotations

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from crm.imports.work import ImportWork
from outreach.alarm import QUEUE
from server.wiring import Platform

log = structlog.get_logger(__name__)

LOOK = "imports.look"
EACH_MINUTE = "imports.each_minute"
CLEAN_UP = "imports.clean_up"


def create_import_work(platform: Platform) -> ImportWork:
    """What a worker does for imports."""
    settings = platform.settings
    return ImportWork(platform.sessions, platform.keys, platform.clock, settings.imports_folder, settings.company_name)


def add_import_jobs(alarm: procrastinate.App, work: ImportWork) -> None:
    """Has the worker look each minute, and at once when it is woken. The work holds up no other task."""

    @alarm.periodic(cron="* * * * *", queueing_lock=EACH_MINUTE)
    @alarm.task(name=EACH_MINUTE, queue=QUEUE)
    async def look_each_minute(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        work.wake()

    @alarm.task(name=LOOK, queue=QUEUE)
    async def look() -> None:
        work.wake()

    @alarm.periodic(cron="37 * * * *", queueing_lock=CLEAN_UP)
    @alarm.task(name=CLEAN_UP, queue=QUEUE, lock=CLEAN_UP)
    async def clean_up(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        await work.clean_up()


async def wake_imports(alarm: procrastinate.App) -> None:
    """Has a worker look now. Call it after the commit that made something to do; it never fails."""
    try:
        await alarm.configure_task(LOOK, queue=QUEUE, queueing_lock=LOOK).defer_async()
    except AlreadyEnqueued:
        return
    except ConnectorException:
        log.warning("wake_up_lost", exc_info=True)

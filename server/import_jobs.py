"""Imports in the worker: it looks for what was asked for each minute and when it is woken. Holds no rule of its own."""

from __future__ import annotations

import procrastinate

from crm.imports.work import ImportWork
from outreach.alarm import QUEUE
from server.wiring import Platform
from server.woken_jobs import IMPORTS, add_looks

CLEAN_UP = "imports.clean_up"


def create_import_work(platform: Platform) -> ImportWork:
    """What a worker does for imports."""
    settings = platform.settings
    return ImportWork(platform.sessions, platform.keys, platform.clock, settings.imports_folder, settings.company_name)


def add_import_jobs(alarm: procrastinate.App, work: ImportWork) -> None:
    """Has the worker look each minute, and at once when it is woken. The work holds up no other task."""
    add_looks(alarm, work, IMPORTS)

    @alarm.periodic(cron="37 * * * *", queueing_lock=CLEAN_UP)
    @alarm.task(name=CLEAN_UP, queue=QUEUE, lock=CLEAN_UP)
    async def clean_up(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        await work.clean_up()

"""Bulk operations in the worker: it looks for them each minute and when it is woken. Holds no rule of its own."""

from __future__ import annotations

import procrastinate

from admin.bulk.work import BulkWork
from bot.intake.sealing import sender_index_of
from crm.privacy.requests import Hands
from outreach.alarm import QUEUE
from outreach.follow_ups import JourneyFollowUps
from server.wiring import Platform
from server.woken_jobs import BULK, add_looks

CLEAN_UP = "bulk.clean_up"


def create_bulk_work(platform: Platform) -> BulkWork:
    """What a worker does about bulk operations."""
    settings, keys = platform.settings, platform.keys
    hands = Hands(keys, JourneyFollowUps(), sender_index_of(keys), settings.company_name, settings.mail_folder)
    return BulkWork(platform.sessions, platform.clock, hands)


def add_bulk_jobs(alarm: procrastinate.App, work: BulkWork) -> None:
    """Has the worker look each minute, and at once when it is woken. The work holds up no other task."""
    add_looks(alarm, work, BULK)

    @alarm.periodic(cron="47 4 * * *", queueing_lock=CLEAN_UP)
    @alarm.task(name=CLEAN_UP, queue=QUEUE, lock=CLEAN_UP)
    async def clean_up(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        await work.clean_up()

"""Has the worker keep segments true: each minute, and at once when somebody saved a rule. Holds no rule of its own.

What has an event on the timeline is followed within a second by who reacts to events; this finds all else.
"""

from __future__ import annotations

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from crm.segments.work import SegmentWork
from outreach.alarm import QUEUE
from server.wiring import Platform

log = structlog.get_logger(__name__)

LOOK = "segments.look"
EACH_MINUTE = "segments.each_minute"


def create_segment_work(platform: Platform) -> SegmentWork:
    """What a worker does for segments."""
    return SegmentWork(platform.sessions, platform.keys, platform.clock)


def add_segment_jobs(alarm: procrastinate.App, work: SegmentWork) -> None:
    """Has the worker look each minute, and at once when it is woken. The work holds up no other task."""

    @alarm.periodic(cron="* * * * *", queueing_lock=EACH_MINUTE)
    @alarm.task(name=EACH_MINUTE, queue=QUEUE)
    async def look_each_minute(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        work.wake()

    @alarm.task(name=LOOK, queue=QUEUE)
    async def look() -> None:
        work.wake()


async def wake_segments(alarm: procrastinate.App) -> None:
    """Has a worker look now. Call it after the commit that made something to do; it never fails."""
    try:
        await alarm.configure_task(LOOK, queue=QUEUE, queueing_lock=LOOK).defer_async()
    except AlreadyEnqueued:
        return
    except ConnectorException:
        log.warning("wake_up_lost", task=LOOK, exc_info=True)

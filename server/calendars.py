"""Puts together what meetings need of the settings: busy times, the person's page, invitations, the worker's part."""

from __future__ import annotations

from functools import partial

import procrastinate
from aiohttp import web

from crm.meetings.caldav.work import CalDAVWork
from crm.meetings.page import PersonsPages
from crm.meetings.page import routes as page_routes
from crm.meetings.routes import MeetingPages
from crm.meetings.routes import routes as invitation_routes
from outreach.alarm import wake
from server.quarantine import is_held
from server.wiring import Platform, create_busy_feeds
from server.woken_jobs import add_looks, wake_worker

CALENDARS = "calendars"
"""The kind of work that keeps CalDAV calendars in step."""


class CalendarWork(CalDAVWork):
    """What the worker does about CalDAV calendars: in quarantine it looks there and writes nothing."""

    async def write_due(self) -> int:
        """Writes all that is due, outside of quarantine."""
        return 0 if await is_held(self._sessions) else await super().write_due()


def add_calendar_jobs(alarm: procrastinate.App, platform: Platform) -> CalDAVWork:
    """What writes meetings into CalDAV calendars and looks there: each minute, and at once when it is woken."""
    work = CalendarWork(
        platform.sessions,
        platform.keys,
        platform.clock,
        platform.settings.site_url,
        allow_private=platform.settings.calendars_private,
    )
    add_looks(alarm, work, CALENDARS)
    return work


async def wake_calendars(alarm: procrastinate.App) -> None:
    """Has the workers write what was changed, and mail the person. Call it after the commit; it never fails."""
    await wake_worker(alarm, CALENDARS)
    await wake(alarm)


def create_meeting_routes(platform: Platform, alarm: procrastinate.App) -> list[web.RouteDef]:
    """Invitations, and the page behind the link of a meeting."""
    settings = platform.settings
    invitations = MeetingPages(
        platform.sessions,
        platform.keys,
        platform.clock,
        settings.company_name,
        settings.email_from or "noreply@localhost",
        settings.site_url,
    )
    pages = PersonsPages(
        platform.sessions,
        platform.keys,
        platform.clock,
        create_busy_feeds(platform),
        settings.company_name,
        partial(wake_calendars, alarm),
    )
    return [*invitation_routes(invitations), *page_routes(pages)]

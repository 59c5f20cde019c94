"""What a fresh installation begins with beside its flows: the calendars they book in. Never touches what is there."""

from __future__ import annotations

from base.database import transaction
from crm.meetings.calendars import NewCalendar, add_calendar, had_calendars
from server.wiring import Platform

_WORKING_HOURS = {day: ["09:00-12:30", "13:30-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
_CALENDARS = (("sales", "Meeting with {company}"), ("customer_success", "Talk about your contract with {company}"))
"""The calendars that the shipped flows name."""


async def add_first_calendars(platform: Platform) -> None:
    """Adds the calendars of the shipped flows when there never was any: one that was removed does not come back."""
    settings = platform.settings
    async with transaction(platform.sessions) as session:
        if await had_calendars(session):
            return
        for name, title in _CALENDARS:
            new = NewCalendar(
                name, title.format(company=settings.company_name), settings.default_time_zone, _WORKING_HOURS
            )
            await add_calendar(session, platform.keys, new, now=platform.clock.now())

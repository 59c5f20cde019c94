"""What a fresh installation begins with."""

from __future__ import annotations

from base.clock import SystemClock
from base.database import transaction
from crm.meetings.calendars import list_calendars, remove_calendar
from crm.meetings.models import Calendar
from server.first_content import add_first_calendars
from server.settings import Settings
from server.wiring import Platform


async def test_calendars_that_were_removed_do_not_come_back(database, keys, tmp_path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "var")
    platform = Platform(settings, database.engine, database.sessions, keys, SystemClock(), "test")
    await add_first_calendars(platform)
    async with transaction(platform.sessions) as session:
        shipped = await list_calendars(session)
        assert [one.name for one in shipped] == ["customer_success", "sales"]
        for one in shipped:
            version = (await session.get_one(Calendar, one.id)).version
            await remove_calendar(session, one.id, version=version, now=platform.clock.now())
    await add_first_calendars(platform)
    async with platform.sessions() as session:
        assert await list_calendars(session) == []

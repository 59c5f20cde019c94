"""Looks what became of our meetings in the CalDAV calendars behind ours: by what changed since the last look.

Nothing is taken for deleted because it is missing in a list: the server is asked for it by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.meetings.caldav.client import CalDAVClient, StoredEvent, TokenTooOld
from crm.meetings.caldav.event import read_event
from crm.meetings.caldav.rules import LOOK_EVERY, look_again_after
from crm.meetings.caldav.writing import find_others, name_of
from crm.meetings.hours import Period
from crm.meetings.models import Calendar, CalendarEntry, CalendarLink, Meeting

_AT_ONCE = 100
_MANY = 3
"""So many meetings are not all deleted at once by hand: then the calendar itself was emptied or made anew."""
EMPTIED = "all meetings are gone there"


@dataclass(frozen=True, slots=True)
class Watched:
    """A meeting as it was last written or seen there."""

    id: UUID
    version: int
    etag: str | None
    period: Period
    clashes: bool


@dataclass(frozen=True, slots=True)
class Look:
    """A calendar that is looked at now, and the meetings to come in it."""

    link: CalendarLink
    name: str
    zone: ZoneInfo
    watched: tuple[Watched, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look came to, by meeting."""

    token: str | None
    moved: Mapping[UUID, Period] = field(default_factory=dict)
    gone: frozenset[UUID] = frozenset()
    etags: Mapping[UUID, str | None] = field(default_factory=dict)
    clashing: frozenset[UUID] = frozenset()
    free_again: frozenset[UUID] = frozenset()
    problem: str | None = None


async def read_due_looks(session: AsyncSession, now: datetime) -> list[Look]:
    """The calendars whose time has come; each is put off at once, so that nobody else looks at it now."""
    due = (
        await session.execute(
            select(CalendarLink, Calendar.name, Calendar.zone)
            .join(Calendar, Calendar.id == CalendarLink.calendar_id)
            .where(CalendarLink.look_at <= now)
            .order_by(CalendarLink.look_at)
            .limit(_AT_ONCE)
            .with_for_update(of=CalendarLink, skip_locked=True)
        )
    ).all()
    ids = [link.calendar_id for link, _, _ in due]
    if not ids:
        return []
    put_off = update(CalendarLink).where(CalendarLink.calendar_id.in_(ids)).values(look_at=now + LOOK_EVERY)
    await session.execute(put_off.execution_options(synchronize_session=False))
    booked = exists().where(and_(Meeting.id == CalendarEntry.meeting_id, Meeting.state == "booked"))
    entries = await session.scalars(
        select(CalendarEntry).where(
            CalendarEntry.calendar_id.in_(ids), CalendarEntry.state == "written", CalendarEntry.ends_at > now, booked
        )
    )
    watched: dict[UUID, list[Watched]] = {key: [] for key in ids}
    for one in entries:
        if one.starts_at is not None and one.ends_at is not None:
            period = one.starts_at, one.ends_at
            watched[one.calendar_id].append(Watched(one.id, one.version, one.etag, period, one.clashes))
    return [Look(link, name, ZoneInfo(zone), tuple(watched[link.calendar_id])) for link, name, zone in due]


async def look(client: CalDAVClient, one: Look, now: datetime) -> Seen:
    """What changed there.

    Raises:
        CalendarFailed: it could not be asked.
    """
    token, names = await _changed(client, one)
    if names is None:
        wanted, others_changed = list(one.watched), True
    else:
        by_name = {name_of(each.id): each for each in one.watched}
        wanted = [each for name, each in by_name.items() if name in names or each.etag is None]
        others_changed = bool(names - by_name.keys())
    found = await client.read_events([name_of(each.id) for each in wanted])
    moved: dict[UUID, Period] = {}
    gone: set[UUID] = set()
    etags: dict[UUID, str | None] = {}
    for each, stored in zip(wanted, found, strict=True):
        await _compare(client, one, each, stored, moved, gone, etags)
    if len(gone) >= _MANY and len(gone) == len(one.watched):
        return Seen(one.link.sync_token, problem=EMPTIED)
    clashing, free_again = await _find_clashes(client, one, gone, moved, now) if others_changed else (set(), set())
    return Seen(token, moved, frozenset(gone), etags, frozenset(clashing), frozenset(free_again))


async def note_looked(
    session: AsyncSession, one: Look, seen: Seen | None, now: datetime, *, problem: str | None
) -> None:
    """Stores what was seen; without `seen` it failed. What was changed here meanwhile is left to whoever writes it."""
    attempts = one.link.attempts + 1 if problem else 0
    values = {"attempts": attempts, "problem": problem, "look_at": now + look_again_after(attempts)}
    if seen is not None and not problem:
        values |= {"sync_token": seen.token, "looked_at": now}
    own = CalendarLink.calendar_id == one.link.calendar_id
    # Another calendar may stand behind ours by now.
    await session.execute(
        update(CalendarLink)
        .where(own, CalendarLink.linked_at == one.link.linked_at)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if seen is None or problem:
        return
    for each in one.watched:
        change: dict[str, object] = {}
        if each.id in seen.etags:
            change["etag"] = seen.etags[each.id]
        if each.id in seen.moved:
            change |= {"starts_at": seen.moved[each.id][0], "ends_at": seen.moved[each.id][1]}
        if each.id in seen.clashing or each.id in seen.free_again:
            change["clashes"] = each.id in seen.clashing
        if change:
            same = CalendarEntry.id == each.id, CalendarEntry.version == each.version
            await session.execute(
                update(CalendarEntry).where(*same).values(**change).execution_options(synchronize_session=False)
            )


async def _changed(client: CalDAVClient, one: Look) -> tuple[str | None, set[str] | None]:
    """The new token and what changed, by name; None for all, where that cannot be said."""
    if one.link.sync_token is not None:
        try:
            changes = await client.list_changes(one.link.sync_token)
        except TokenTooOld:
            pass
        else:
            return changes.token or one.link.sync_token, {*changes.changed, *changes.removed}
    return await client.read_token(), None


async def _compare(  # noqa: PLR0917  # one meeting as it was and as it stands there, and what comes of it
    client: CalDAVClient,
    one: Look,
    each: Watched,
    stored: StoredEvent,
    moved: dict[UUID, Period],
    gone: set[UUID],
    etags: dict[UUID, str | None],
) -> None:
    if stored.data is None:
        if await client.is_gone(stored.path):
            gone.add(each.id)
        return
    if stored.etag == each.etag and each.etag is not None:
        return
    seen = read_event(stored.data, each.id, one.zone)
    if seen is not None and seen.cancelled:
        gone.add(each.id)
        return
    if seen is not None and seen.period != each.period:
        moved[each.id] = seen.period
    etags[each.id] = stored.etag


async def _find_clashes(
    client: CalDAVClient, one: Look, gone: set[UUID], moved: Mapping[UUID, Period], now: datetime
) -> tuple[set[UUID], set[UUID]]:
    """Meetings during which something else is there now, and those during which nothing is any more."""
    standing = {each.id: moved.get(each.id, each.period) for each in one.watched if each.id not in gone}
    if not standing:
        return set(), set()
    window = max(now, min(begin for begin, _ in standing.values())), max(end for _, end in standing.values())
    ours = frozenset(str(each.id) for each in one.watched)
    others = await find_others(client, window, one.zone, ours)
    hit = {
        key
        for key, (begin, end) in standing.items()
        if any(other.period[0] < end and other.period[1] > begin for other in others)
    }
    before = {each.id for each in one.watched if each.clashes}
    return hit - before, (before & standing.keys()) - hit

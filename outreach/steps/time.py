"""Steps that let time pass: when those who come to them go on. All clocks are the people's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Text, Uuid, any_, bindparam, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from base.nested_rows import asked_ids
from base.row_sets import given_rows, rows_of
from crm.contacts.models import Contact
from crm.profiling.service import find_refusals
from crm.timeline.models import TimelineEvent
from outreach.conditions_sql import compile_condition
from outreach.definitions import Step
from outreach.merge_values import remembered_of
from outreach.neighbours import conversations, messages
from outreach.quiet_hours import find_zone
from outreach.steps.ways import go_on
from outreach.walking import Group, Walker, Work
from outreach.wall_clock import WEEKDAYS, first_on, next_at

_ACTED = ("link_clicked", "email_opened", "conversation_started", "message_read", "page_viewed", "meeting_booked")
"""Kinds of events at whose hour somebody was there; a message of theirs is another."""
_DAY_ONLY = len("2026-12-24")
_NEXT = timedelta(microseconds=1)
"""What was waited for is over then: a second wait for the same is for the next."""
_HABITS = timedelta(days=180)
"""How far back hours count."""


async def wait_for(work: Work, group: Group) -> None:
    """So long."""
    length = timedelta(seconds=group.step.seconds)
    for walker in _newcomers(group):
        walker.wait(walker.at + length, work.now)
    await _release(work, group)


async def wait_until(work: Work, group: Group) -> None:
    """Until a time of day, or a moment counted from a date that is known."""
    newcomers = _newcomers(group)
    if newcomers:
        zones, fields = await _read_people(work, newcomers)
        for walker in newcomers:
            known = {**fields.get(walker.contact_id, {}), **walker.remembered}
            _await_moment(work, group.step, walker, zones.get(walker.contact_id, work.default_zone), known)
    await _release(work, group)


async def best_time(work: Work, group: Group) -> None:
    """Until the hour at which they answered before, within the window; whoever may not be judged by that: default."""
    newcomers = _newcomers(group)
    if newcomers:
        zones, _ = await _read_people(work, newcomers)
        hours = await _read_habits(work, group.step, [walker.contact_id for walker in newcomers], zones)
        for walker in newcomers:
            zone = zones.get(walker.contact_id, work.default_zone)
            walker.wait(choose_time(group.step, walker.at, zone, hours.get(walker.contact_id)), work.now)
    await _release(work, group)


async def wait_event(work: Work, group: Group) -> None:
    """Until they do something. The reactor makes them due when they do; here it is looked up, so that a wake-up that
    was lost is made up for when the time is over. What they did after their time was over comes too late, however late
    they are looked at; what they did before they were brought here, while they were due here, does not.
    """
    step, length = group.step, timedelta(seconds=group.step.seconds)
    asked = [one for one in group.walkers if one.begun_at is not None or step.since == "entry" or one.at < work.now]
    events = await _find_events(work, group.of(asked)) if asked else {}
    happened: list[Walker] = []
    for walker in group.walkers:
        begun_at = walker.begun_at or walker.at
        found = events.get(walker.id)
        if found is not None and found[2] <= max(begun_at + length, walker.at):
            data, source, occurred_at = found
            walker.remember(remembered_of(step.remember, data, source))
            walker.at = max(walker.at, min(occurred_at, work.now) + _NEXT)
            happened.append(walker)
            continue
        if walker.begun_at is not None and begun_at + length <= work.now:
            walker.go(step.timed_out)
            continue
        walker.wait(begun_at + length, work.now)
    if happened:
        await go_on(work, group.of(happened))


def choose_time(step: Step, at: datetime, zone: ZoneInfo, habit: int | None) -> datetime:
    """When the step lets somebody on: at the hour they answer at, or the default, or the next moment in the window."""
    latest = at + timedelta(seconds=step.seconds)
    wished = step.default
    if habit is not None:
        wished = min(max(f"{habit:02d}:00", step.earliest), step.latest)
    chosen = next_at(at, wished, zone, step.weekdays)
    return chosen if chosen <= latest else _next_in_window(step, at, zone)


def _next_in_window(step: Step, at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    open_today = not step.weekdays or WEEKDAYS[local.weekday()] in step.weekdays
    if open_today and time.fromisoformat(step.earliest) <= local.time() <= time.fromisoformat(step.latest):
        return at
    return next_at(at, step.earliest, zone, step.weekdays)


def _newcomers(group: Group) -> list[Walker]:
    return [walker for walker in group.walkers if walker.begun_at is None]


async def _release(work: Work, group: Group) -> None:
    """Lets those on whose time is over; who went another way has left the step."""
    over = [
        walker
        for walker in group.walkers
        if not walker.resting and walker.begun_at is not None and walker.step == group.name
    ]
    if over:
        await go_on(work, group.of(over))


def _await_moment(work: Work, step: Step, walker: Walker, zone: ZoneInfo, known: Mapping[str, Any]) -> None:
    at = step.at or "09:00"
    if step.field is None:
        walker.wait(next_at(walker.at, at, zone, step.weekdays), work.now)
        return
    moment = moment_of(known.get(step.field), step, zone)
    if moment is None:
        walker.go(step.missing)
    elif moment < walker.at and step.past is not None:
        walker.go(step.past)
    else:
        walker.wait(max(moment, walker.at), work.now)


def moment_of(value: object, step: Step, zone: ZoneInfo) -> datetime | None:
    """The moment that a step counts from a day or moment of somebody; None when it is neither."""
    if not isinstance(value, str):
        return None
    days, hours = timedelta(days=step.days), timedelta(hours=step.hours)
    try:
        if len(value) == _DAY_ONLY:
            return first_on(date.fromisoformat(value) + days, step.at or "09:00", zone, step.weekdays) + hours
        given = datetime.fromisoformat(value)
        local = given.replace(tzinfo=zone) if given.tzinfo is None else given.astimezone(zone)
        if step.at is not None or step.weekdays:
            at = step.at or f"{local:%H:%M}"
            return first_on(local.date() + days, at, zone, step.weekdays) + hours
        # Days keep the time of day, also over a change of the clock.
        return (local + days).astimezone(UTC) + hours
    except (ValueError, OverflowError):
        return None


async def _read_people(
    work: Work, walkers: Sequence[Walker]
) -> tuple[dict[UUID, ZoneInfo], dict[UUID, Mapping[str, Any]]]:
    rows = await work.session.execute(_PEOPLE, {"ids": [walker.contact_id for walker in walkers]})
    zones: dict[UUID, ZoneInfo] = {}
    fields: dict[UUID, Mapping[str, Any]] = {}
    for row in rows:
        zones[row.id] = find_zone(row.time_zone) or work.default_zone
        fields[row.id] = row.fields
    return zones, fields


async def _read_habits(
    work: Work, step: Step, contact_ids: Sequence[UUID], zones: Mapping[UUID, ZoneInfo]
) -> dict[UUID, int]:
    """The hour within the window at which each was there most often; of several the earliest."""
    refused = await find_refusals(work.session, work.gatekeeper.keys, contact_ids, "scoring", work.now)
    judged = [contact_id for contact_id in contact_ids if contact_id not in refused]
    if not judged:
        return {}
    given = {"ids": judged, "since": work.now - _HABITS, "kinds": list(_ACTED)}
    counts: dict[UUID, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for contact_id, at in await work.session.execute(_HOURS, given):
        hour = at.astimezone(zones.get(contact_id, work.default_zone)).hour
        if step.earliest <= f"{hour:02d}:59" and f"{hour:02d}:00" <= step.latest:
            counts[contact_id][hour] += 1
    return {contact_id: min(hours, key=lambda hour: (-hours[hour], hour)) for contact_id, hours in counts.items()}


async def _find_events(work: Work, group: Group) -> dict[UUID, tuple[Mapping[str, Any], str, datetime]]:
    """The first event of each that they wait for: since the step was begun, or since they entered."""
    definition, step = group.definition, group.step
    statement = work.library.statement(
        ("event", definition.journey, definition.version, group.name), lambda: _events_statement(step)
    )
    since = [walker.entered_at if step.since == "entry" else walker.begun_at or walker.at for walker in group.walkers]
    asked = rows_of({"id": walker.contact_id, "since": at} for walker, at in zip(group.walkers, since, strict=True))
    given = {**asked, "now": work.now}
    rows = await work.session.execute(statement, given)
    found = {row.contact_id: (row.data, row.source, row.occurred_at) for row in rows}
    return {walker.id: found[walker.contact_id] for walker in group.walkers if walker.contact_id in found}


def _events_statement(step: Step) -> Any:
    asked = given_rows({"id": Uuid(), "since": DateTime(timezone=True)})
    wanted = [
        TimelineEvent.contact_id == asked.c.id,
        TimelineEvent.kind == literal(step.kind, Text()),
        TimelineEvent.occurred_at >= asked.c.since,
    ]
    if step.where:
        wanted.append(compile_condition(step.where))
    return (
        select(TimelineEvent.contact_id, TimelineEvent.data, TimelineEvent.source, TimelineEvent.occurred_at)
        .ext(distinct_on(TimelineEvent.contact_id))
        .join(asked, wanted[0])
        .where(*wanted[1:])
        .order_by(TimelineEvent.contact_id, TimelineEvent.occurred_at, TimelineEvent.id)
    )


def _hours_statement() -> Any:
    asked = asked_ids("ids")
    since = bindparam("since", type_=Contact.created_at.type)
    done = select(TimelineEvent.contact_id, TimelineEvent.occurred_at.label("at")).join(
        asked, asked.c.id == TimelineEvent.contact_id
    )
    kinds = bindparam("kinds", type_=ARRAY(Text()))
    done = done.where(TimelineEvent.kind == any_(kinds), TimelineEvent.occurred_at > since)
    wrote = (
        select(conversations.c.contact_id, messages.c.created_at)
        .join(messages, messages.c.conversation_id == conversations.c.id)
        .join(asked, asked.c.id == conversations.c.contact_id)
        .where(messages.c.author == "visitor", messages.c.kind != "start", messages.c.created_at > since)
    )
    return union_all(done, wrote)


def _people_statement() -> Any:
    asked = asked_ids("ids")
    return select(Contact.id, Contact.time_zone, Contact.fields).join(asked, asked.c.id == Contact.id)


_PEOPLE = _people_statement()
_HOURS = _hours_statement()

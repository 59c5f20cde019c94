"""The reactor: takes events of contacts in sets and does what follows from them, in one transaction a set.

Scores first, then segments (`Reaction`s, whose own changes come back as events), then journeys: who leaves by an exit
rule or has reached the goal, who has done what they were waited for, who comes in. Events are gone from the queue with
that transaction: killed in the middle, it is as if nothing had been done. Sends nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import DateTime, Uuid, any_, bindparam, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, repeat_on_deadlock, transaction
from base.nested_rows import Ids
from base.row_sets import given_rows, rows_of
from base.tables import table_of
from crm.contacts.models import Contact
from crm.timeline.models import TimelineEvent
from crm.timeline.service import take_unreacted
from flows.conditions import condition_holds
from outreach.definitions import Goal, JourneyDefinition, Step
from outreach.entering import Entrant, enter
from outreach.exiting import end_each
from outreach.leaving import find_leavers
from outreach.library import Library, Live
from outreach.merge_values import remembered_of
from outreach.models import Enrolment
from outreach.ports import Reaction
from outreach.steps.awaited import AWAITED

_log = structlog.get_logger(__name__)

AT_ONCE = 500
_SETS_A_RUN = 20
GOAL = "goal"
_TOO_OLD = timedelta(days=1)
"""Events that are older when they are heard of let nobody in: who imports last year's orders did not get them today."""
_ENROLLED = "enrolled"
_OWN_NOTES = frozenset({_ENROLLED, "journey_exited", "message_sent", "score_changed"})
"""What we note ourselves says nothing new about a person: rules that count it do so with the next event or look."""
_AT_ONCE_KINDS = frozenset({"opted_out", "consent_withdrawn", "handed_off"})
"""After these it is asked at once whether somebody leaves, and not only before their next step."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a contact."""

    id: UUID
    kind: str
    contact_id: UUID
    conversation_id: UUID | None
    data: Mapping[str, Any]
    source: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Reacted:
    """What a run came to. `arrived` were put into a journey by somebody else, such as a colleague.

    `due`: whether somebody is new in a journey or goes on in one. `is_full`: whether so many events were taken as are
    taken at once, so that there may be more already.
    """

    events: int = 0
    entered: int = 0
    woken: int = 0
    left: int = 0
    arrived: int = 0
    is_full: bool = False

    @property
    def due(self) -> bool:
        return bool(self.entered or self.woken or self.arrived)

    def __add__(self, other: Reacted) -> Reacted:
        return Reacted(
            self.events + other.events,
            self.entered + other.entered,
            self.woken + other.woken,
            self.left + other.left,
            self.arrived + other.arrived,
            other.is_full,
        )


class Reactor:
    """`outreach.ports.DueWork`: reacts to what nobody has reacted to yet."""

    def __init__(self, sessions: Sessions, library: Library, reactions: Sequence[Reaction] = ()) -> None:
        self._sessions = sessions
        self.library = library
        self._reactions = reactions
        self.finishing = False

    async def do_due(self, now: datetime) -> int:
        """Some sets, so that a long queue holds up nothing else; returns how many events there were."""
        return (await self.react(now, sets=_SETS_A_RUN)).events

    async def next_due_at(self) -> datetime | None:
        """Events wake who reacts by a notification, and are looked for in each run."""
        return None

    async def react(self, now: datetime, *, sets: int | None = None) -> Reacted:
        """Until the queue is empty, or so many sets, a set a transaction."""
        total, left = Reacted(), sets
        while not self.finishing and left != 0:
            left = None if left is None else left - 1
            done = await repeat_on_deadlock(lambda: self._react_to_some(now))
            total += done
            if not done.events:
                break
        return total

    async def _react_to_some(self, now: datetime) -> Reacted:
        async with transaction(self._sessions) as session:
            taken = await take_unreacted(session, AT_ONCE)
            if not taken:
                return Reacted()
            # Everything that follows belongs to these contacts: in the order of their ids, before anything else.
            held = await _hold(session, {one.contact_id for one in taken})
            touched = {one.contact_id for one in taken if one.kind not in _OWN_NOTES}
            concerned = [contact_id for contact_id in held if contact_id in touched]
            for reaction in self._reactions if concerned else ():
                await reaction(session, concerned, now)
            events = await _read_events(session, [one.event_id for one in taken], frozenset(held))
            done = await self._follow(session, events, now)
            arrived = sum(event.kind == _ENROLLED for event in events)
            return replace(done, events=len(taken), arrived=arrived, is_full=len(taken) == AT_ONCE)

    async def _follow(self, session: AsyncSession, events: Sequence[Event], now: datetime) -> Reacted:
        journeys = await self.library.live(session)
        by_contact: dict[UUID, list[Event]] = defaultdict(list)
        for event in events:
            by_contact[event.contact_id].append(event)
        left, woken = await self._go_on(session, journeys, by_contact, now)
        entered = 0
        for live in journeys.values():
            entered += await self._let_in(session, live, events, now)
        return Reacted(entered=entered, left=left, woken=woken)

    async def _go_on(
        self,
        session: AsyncSession,
        journeys: Mapping[str, Live],
        by_contact: Mapping[UUID, Sequence[Event]],
        now: datetime,
    ) -> tuple[int, int]:
        """Enrolments of these people: who leaves, who reached the goal, who is woken."""
        rows = await _read_enrolments(session, by_contact)
        versions = await self.library.read(session, {(row.journey, row.version) for row in rows})
        leaving: dict[UUID, str] = {}
        waking: dict[UUID, datetime] = {}
        asked: list[Any] = []
        for row in rows:
            definition = _definition_of(row, journeys, versions)
            if definition is None:
                continue
            own = by_contact[row.contact_id]
            reached = _first_goal(definition, row, own)
            if reached is not None and row.goal_at is None:
                await _note_goal(session, row.id, definition.goal, reached)
            if row.state != "active":
                continue
            outcome = _outcome(definition, row, own, reached=reached is not None)
            if outcome is not None:
                leaving[row.id] = outcome
                continue
            if any(event.kind in _AT_ONCE_KINDS for event in own):
                asked.append(row)
            woken_at = _woken_at(definition.steps.get(row.step), row, own)
            if woken_at is not None:
                waking[row.id] = woken_at
        if asked:
            leaving |= await find_leavers(session, self.library, asked, versions, now)
        left = await end_each(session, leaving, now)
        awake = {enrolment_id: at for enrolment_id, at in waking.items() if enrolment_id not in leaving}
        await _wake(session, awake, now)
        return left, len(awake)

    async def _let_in(self, session: AsyncSession, live: Live, events: Sequence[Event], now: datetime) -> int:
        definition, entered = live.definition, 0
        for entry in definition.entries:
            step = definition.steps[entry]
            coming: dict[UUID, Entrant] = {}
            for event in events:
                if enters_by(step, event) and event.occurred_at > now - _TOO_OLD:
                    kept = remembered_of(step.remember, event.data, event.source)
                    # The latest counts: a cart that changed twice is one cart.
                    coming[event.contact_id] = Entrant(event.contact_id, event.conversation_id, kept)
            if coming:
                done = await enter(session, self.library, live, list(coming.values()), now, entry=entry)
                entered += len(done.contact_ids)
        return entered


def enters_by(step: Step, event: Event) -> bool:
    """Whether an event takes its contact in by this step."""
    if step.step == "on_event":
        return event.kind == step.kind and _fits(step.where, event)
    if step.step == "on_segment":
        kind = "segment_entered" if step.when == "enters" else "segment_left"
        return event.kind == kind and step.segment in (event.data.get("segment"), event.data.get("segment_id"))
    if step.step == "on_conversation_outcome":
        told = event.data
        return event.kind == "flow_ended" and told.get("flow") == step.flow and told.get("outcome") in step.outcomes
    return False


def _fits(where: Mapping[str, Any] | None, event: Event) -> bool:
    return where is None or condition_holds(where, event.data)


def _definition_of(
    row: Any, journeys: Mapping[str, Live], versions: Mapping[tuple[str, str], JourneyDefinition]
) -> JourneyDefinition | None:
    live, own = journeys.get(row.journey), versions.get((row.journey, row.version))
    if live is not None and live.follows(row.version) and row.step in live.definition.steps:
        return live.definition
    return own


def _first_goal(definition: JourneyDefinition, row: Any, events: Sequence[Event]) -> Event | None:
    """The event that is what the journey is for, done since they entered and in time."""
    goal = definition.goal
    if goal is None:
        return None
    for event in events:
        in_time = goal.within_seconds is None or event.occurred_at <= row.entered_at + timedelta(
            seconds=goal.within_seconds
        )
        if event.kind == goal.kind and event.occurred_at >= row.entered_at and in_time and _fits(goal.where, event):
            return event
    return None


def _outcome(definition: JourneyDefinition, row: Any, events: Sequence[Event], *, reached: bool) -> str | None:
    """How they leave by what they did since they entered: by the goal first, then by the exit rules in their order."""
    if reached:
        return GOAL
    for rule in definition.exit_on:
        for event in events:
            if event.kind == rule.kind and event.occurred_at >= row.entered_at and _fits(rule.where, event):
                return rule.outcome
    return None


def _woken_at(step: Step | None, row: Any, events: Sequence[Event]) -> datetime | None:
    """When they did what their step waits for; None while they did not, or when they do not wait for anything."""
    if step is None or row.begun_at is None:
        return None
    if step.step in AWAITED:
        told = [event.occurred_at for event in events if event.kind in AWAITED[step.step]]
        return max(min(told), row.begun_at) if told else None
    if step.step != "wait_event":
        return None
    since = row.entered_at if step.since == "entry" else row.begun_at
    over_at = row.begun_at + timedelta(seconds=step.seconds)
    found = [
        event.occurred_at
        for event in events
        if event.kind == step.kind and since <= event.occurred_at <= over_at and _fits(step.where, event)
    ]
    return max(min(found), row.begun_at) if found else None


async def _hold(session: AsyncSession, contact_ids: Collection[UUID]) -> list[UUID]:
    connection = await session.connection()
    return list((await connection.execute(_HOLD, {"contact_ids": list(contact_ids)})).scalars())


async def _read_events(session: AsyncSession, event_ids: Sequence[UUID], held: frozenset[UUID]) -> list[Event]:
    """The events in the order in which they happened. One may be another contact's since: they were merged."""
    connection = await session.connection()
    rows = await connection.execute(_EVENTS_NAMED, {"event_ids": list(event_ids)})
    return [Event(*row) for row in rows if row.contact_id in held]


async def _read_enrolments(session: AsyncSession, contact_ids: Collection[UUID]) -> Sequence[Any]:
    """All of theirs that a goal may still be reached in. Waits for a planner that has one in hand: it may be just
    arriving at a wait for one of these events.
    """
    connection = await session.connection()
    return (await connection.execute(_ENROLMENTS_OF, {"contact_ids": list(contact_ids)})).all()


async def _note_goal(session: AsyncSession, enrolment_id: UUID, goal: Goal | None, event: Event) -> None:
    value = event.data.get(goal.value) if goal is not None and goal.value is not None else 1
    worth = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    connection = await session.connection()
    reached = {"of_enrolment": enrolment_id, "reached_at": event.occurred_at, "worth": worth}
    await connection.execute(_NOTE_GOAL, reached)


async def _wake(session: AsyncSession, woken: Mapping[UUID, datetime], now: datetime) -> None:
    if woken:
        connection = await session.connection()
        await connection.execute(_WAKE, rows_of({"id": one, "due_at": min(at, now)} for one, at in woken.items()))


_CONTACTS, _EVENTS, _ENROLMENTS = table_of(Contact), table_of(TimelineEvent), table_of(Enrolment)
_contacts_named = any_(bindparam("contact_ids", type_=Ids()))
_HOLD = (
    select(_CONTACTS.c.id)
    .where(_CONTACTS.c.id == _contacts_named)
    .order_by(_CONTACTS.c.id)
    .with_for_update(key_share=True)
)
_EVENTS_NAMED = (
    select(*(_EVENTS.c[one.name] for one in fields(Event)))
    .where(_EVENTS.c.id == any_(bindparam("event_ids", type_=Ids())))
    .order_by(_EVENTS.c.occurred_at, _EVENTS.c.id)
)
_ENROLMENTS_OF = (
    select(
        *(
            _ENROLMENTS.c[name]
            for name in (
                "id", "journey", "version", "step", "state", "contact_id", "begun_at", "entered_at", "goal_at",
            )
        )
    )
    .where(
        _ENROLMENTS.c.contact_id == _contacts_named,
        or_(_ENROLMENTS.c.state == literal_column("'active'"), _ENROLMENTS.c.goal_at.is_(None)),
    )
    .order_by(_ENROLMENTS.c.id)
    .with_for_update()
)  # fmt: skip
_NOTE_GOAL = (
    update(_ENROLMENTS)
    .where(_ENROLMENTS.c.id == bindparam("of_enrolment", type_=_ENROLMENTS.c.id.type))
    .values(
        goal_at=bindparam("reached_at", type_=_ENROLMENTS.c.goal_at.type),
        goal_value=bindparam("worth", type_=_ENROLMENTS.c.goal_value.type),
    )
)
_given = given_rows({"id": Uuid(), "due_at": DateTime(timezone=True)})
_WAKE = (
    update(_ENROLMENTS)
    .where(_ENROLMENTS.c.id == _given.c.id, _ENROLMENTS.c.state == literal_column("'active'"))
    .values(due_at=_given.c.due_at)
)

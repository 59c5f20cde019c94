"""Where people are when a journey's version changes: who stands where, where each lands, and getting them there.

Nobody starts over and nobody is lost: who stands on a step that the new version has too stays on it and waits as long
as before; who stands on one that is gone lands on the nearest step ahead, unless told otherwise, and begins it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from base.errors import InvalidInput, NotFound
from outreach.definitions import JourneyDefinition
from outreach.entry_models import DateField
from outreach.library import Library, Live
from outreach.models import Enrolment, Journey, JourneyVersion
from outreach.trail import LANDED, Move, Moves, record_all

Places = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By journey and version, the step that people on a step land on."""
How = Literal["stays", "pinned", "mapped", "nearest", "ends"]

_AT_ONCE = 500
NO_PLACE = "no_place"


@dataclass(frozen=True, slots=True)
class Impact:
    """People of one version on one step, and where a new version puts them; None: they leave the journey."""

    journey: str
    version: str
    step: str
    people: int
    lands_on: str | None
    how: How


def find_place(
    before: JourneyDefinition, after: JourneyDefinition, step: str, places: Mapping[str, str] | None = None
) -> tuple[str | None, How]:
    """Where somebody lands who stands on a step of the version before."""
    old, new = before.steps.get(step), after.steps.get(step)
    if old is not None and new is not None and new.step == old.step:
        return step, "stays"
    told = (places or {}).get(step)
    if told is not None and told in after.steps:
        return told, "mapped"
    ahead, seen = deque([step]), {step}
    while ahead:
        name = ahead.popleft()
        if name in after.steps:
            return name, "nearest"
        for to in before.steps[name].leads_to() if name in before.steps else ():
            if to not in seen:
                seen.add(to)
                ahead.append(to)
    return None, "ends"


async def go_live(
    session: AsyncSession, definition: JourneyDefinition, now: datetime, *, places: Mapping[str, Any] | None = None
) -> None:
    """Makes a published version the live one. Of a journey that follows, everybody is brought to it from now on."""
    name = definition.journey
    before = await session.scalar(select(Journey.live_version).where(Journey.id == name).with_for_update())
    fields = {step.field for step in definition.steps.values() if step.step == "on_date" and step.field is not None}
    if fields:
        rows = [{"field": field} for field in sorted(fields)]
        await session.execute(insert(DateField).values(rows).on_conflict_do_nothing())
    live = {"live_version": definition.version, "updated_at": now}
    if before != definition.version:
        lands = before is not None and definition.version_policy == "follow"
        live |= {"places": dict(places or {}), "landing": lands, "landed_to": None}
    statement = insert(Journey).values(id=name, dates_done_to=now, **live)
    await session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=live))


async def roll_back(
    session: AsyncSession, library: Library, journey: str, version: str, now: datetime, *, places: Any = None
) -> None:
    """Makes a version that was published before the live one again, until the next publishing.

    Raises:
        NotFound: there is no such version.
    """
    definition = (await library.read(session, [(journey, version)])).get((journey, version))
    if definition is None:
        raise NotFound(f"The journey {journey} has no version {version}.")
    await go_live(session, definition, now, places=places)


async def preview(
    session: AsyncSession,
    library: Library,
    definition: JourneyDefinition,
    places: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Impact]:
    """Who stands where in a journey, and where they would be if this version went live.

    Raises:
        InvalidInput: `places` names a step that the version does not have.
    """
    for told in (places or {}).values():
        strangers = sorted(set(told.values()) - definition.steps.keys())
        if strangers:
            raise InvalidInput(f"The new version has no step {strangers[0]} to land on.")
    standing = await session.execute(
        select(Enrolment.version, Enrolment.step, func.count())
        .where(Enrolment.journey == definition.journey, Enrolment.state == "active")
        .group_by(Enrolment.version, Enrolment.step)
        .order_by(Enrolment.version, Enrolment.step)
    )
    counted = [(version, step, people) for version, step, people in standing]
    old = await library.read(session, [(definition.journey, version) for version, _, _ in counted])
    found: list[Impact] = []
    for version, step, people in counted:
        before = old.get((definition.journey, version))
        lands_on: str | None = step
        how: How = "pinned"
        if version == definition.version:
            how = "stays"
        elif definition.version_policy == "follow" and before is not None:
            lands_on, how = find_place(before, definition, step, (places or {}).get(version))
        found.append(Impact(definition.journey, version, step, people, lands_on, how))
    return found


class Landing:
    """`outreach.ports.DueWork`: brings people to the version that their journey follows, a set at a time."""

    def __init__(self, sessions: Sessions, library: Library) -> None:
        self._sessions = sessions
        self._library = library

    async def do_due(self, now: datetime) -> int:
        """Until everybody is there; returns how many were brought."""
        brought = 0
        while True:
            async with transaction(self._sessions) as session:
                journey = await session.scalar(
                    select(Journey.id).where(Journey.landing == true()).limit(1).with_for_update(skip_locked=True)
                )
                if journey is None:
                    return brought
                brought += await self._bring_some(session, journey, now)

    async def next_due_at(self) -> datetime | None:
        """Landing is done when it is seen, at the latest within a minute."""
        return None

    async def _bring_some(self, session: AsyncSession, journey: str, now: datetime) -> int:
        live = (await self._library.live(session, [journey])).get(journey)
        reached = await session.scalar(select(Journey.landed_to).where(Journey.id == journey))
        rows = await _next_people(session, journey, reached) if live is not None else []
        if not rows or live is None:
            await _note(session, journey, landing=False, landed_to=None)
            return 0
        behind = [row for row in rows if live.follows(row.version)]
        old = await self._library.read(session, {(journey, row.version) for row in behind})
        ids: dict[tuple[str, str | None], list[UUID]] = {}
        moves = Moves()
        for row in behind:
            before = old.get((journey, row.version))
            if before is None:
                continue  # the planner ends them, as it ends whoever has no step to stand on
            lands_on, how = find_place(before, live.definition, row.step, live.places.get(row.version))
            key = ("stays", None) if how == "stays" else ("moves", lands_on)
            ids.setdefault(key, []).append(row.id)
            if key[1] is not None:
                moves.add(journey, [Move(row.step, lands_on, None, LANDED)])
        for (move, lands_on), some in ids.items():
            await _bring(session, live, some, lands_on, now, stays=move == "stays")
        await record_all(session, moves.take(), now)
        await _note(session, journey, landing=True, landed_to=rows[-1].contact_id)
        return sum(map(len, ids.values()))


async def _next_people(session: AsyncSession, journey: str, reached: UUID | None) -> Sequence[Any]:
    people = select(Enrolment.id, Enrolment.contact_id, Enrolment.version, Enrolment.step).where(
        Enrolment.journey == journey, Enrolment.state == "active"
    )
    if reached is not None:
        people = people.where(Enrolment.contact_id > reached)
    # Whom a planner has in hand, it brings itself.
    people = people.order_by(Enrolment.contact_id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    return (await session.execute(people)).all()


async def _bring(
    session: AsyncSession, live: Live, ids: Sequence[UUID], lands_on: str | None, now: datetime, *, stays: bool
) -> None:
    values: dict[str, Any] = {"version": live.definition.version, "updated_at": now}
    if not stays and lands_on is not None:
        values |= {"step": lands_on, "begun_at": None, "due_at": now, "arrivals": Enrolment.arrivals + 1}
    if not stays and lands_on is None:
        # Still on a step that is not there: due now, the planner ends them with the reason.
        values |= {"due_at": now}
    await session.execute(
        update(Enrolment).where(Enrolment.id.in_(ids)).values(**values).execution_options(synchronize_session=False)
    )


async def _note(session: AsyncSession, journey: str, *, landing: bool, landed_to: UUID | None) -> None:
    await session.execute(
        update(Journey)
        .where(Journey.id == journey)
        .values(landing=landing, landed_to=landed_to)
        .execution_options(synchronize_session=False)
    )


async def list_versions(session: AsyncSession, journey: str) -> list[tuple[str, datetime]]:
    """Published versions, the latest first."""
    rows = await session.execute(
        select(JourneyVersion.version, JourneyVersion.published_at)
        .where(JourneyVersion.journey == journey)
        .order_by(JourneyVersion.published_at.desc(), JourneyVersion.version)
    )
    return [(version, published_at) for version, published_at in rows]

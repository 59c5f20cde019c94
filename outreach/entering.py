"""Lets sets of people into a journey, or says why not. Runs in the caller's transaction; advances nobody.

In this order: the journey's state, its condition at the entry, its re-entry rule, the exclusive group, the share that
is held back. A rule that keeps somebody out is counted for them in `entry_refusals`.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.nested_rows import asked_ids, one_of
from crm.contacts.models import Contact
from outreach.conditions_sql import compile_condition
from outreach.definitions import JourneyDefinition
from outreach.entry_models import EntryRefusal
from outreach.exiting import end
from outreach.library import Library, Live
from outreach.models import Enrolment
from outreach.trail import Happened, Move, Moves, record_all

HELD_OUT = "held_out"
RE_ENTERED = "re_entered"
GAVE_WAY = "gave_way"


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody who comes to a journey, by the talk it happened in, with what an entry step keeps of the event."""

    contact_id: UUID
    conversation_id: UUID | None = None
    remembered: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a set: who is in now, and by which rule how many are not."""

    contact_ids: frozenset[UUID] = frozenset()
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Door:
    """A way into a journey, at a moment."""

    session: AsyncSession
    library: Library
    definition: JourneyDefinition
    begins: str
    now: datetime


async def enter(
    session: AsyncSession,
    library: Library,
    live: Live,
    entrants: Sequence[Entrant],
    now: datetime,
    *,
    entry: str | None = None,
) -> Entered:
    """Puts those who may be into the journey, at an entry step, or where one begins who is put in by hand.

    Contacts are locked, in the order of their ids, so that of two who let the same one in the second sees the first.
    """
    definition = live.definition
    begins = entry or definition.first
    coming = await _hold(session, {entrant.contact_id: entrant for entrant in entrants})
    if begins is None or not coming:
        return Entered()
    door = _Door(session, library, definition, begins, now)
    kept_out: dict[UUID, str] = {}

    def refuse(contact_ids: Collection[UUID], rule: str) -> None:
        for contact_id in contact_ids:
            kept_out[contact_id] = rule
            del coming[contact_id]

    if live.state != "running":
        refuse(list(coming), live.state)
    refuse(await _unfit(door, coming), "only_if")
    again = await _past(door, coming)
    for contact_id, past in again.items():
        if past.rule is not None:
            refuse([contact_id], past.rule)
    held_out = frozenset(contact_id for contact_id in coming if is_held_out(definition, contact_id))
    refuse(await _give_way(door, coming.keys() - held_out), "exclusive_group")
    restarted = [past.running for contact_id, past in again.items() if contact_id in coming and past.running]
    await end(session, restarted, RE_ENTERED, now)
    admitted = await _insert(door, coming, held_out)
    await _note_refusals(session, definition.journey, kept_out, now)
    data = {"journey": definition.journey, "name": definition.name}
    events = [Happened("enrolled", one, coming[one].conversation_id, data) for one in sorted(admitted)]
    moves = Moves()
    moves.add(definition.journey, [Move(None, begins)] * len(events))
    await record_all(session, [*events, *moves.take()], now)
    refused = Counter(kept_out.values())
    if held_out:
        refused[HELD_OUT] = len(held_out)
    return Entered(frozenset(admitted), dict(refused))


def is_held_out(definition: JourneyDefinition, contact_id: UUID) -> bool:
    """Whether somebody belongs to the share that is held back: the same for good, whatever the version."""
    if not definition.holdout_percent:
        return False
    digest = hashlib.sha256(f"holdout:{definition.journey}:{contact_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < definition.holdout_percent / 100 * 2**64


async def _hold(session: AsyncSession, entrants: dict[UUID, Entrant]) -> dict[UUID, Entrant]:
    """Takes the rows of the contacts, which everybody takes before rows that belong to them; who is gone is dropped."""
    held = await session.scalars(_HOLD, {"ids": sorted(entrants)})
    return {contact_id: entrants[contact_id] for contact_id in held}


async def _unfit(door: _Door, coming: Collection[UUID]) -> list[UUID]:
    """Those who do not meet the condition of the entry."""
    condition = door.definition.steps[door.begins].only_if
    if condition is None or not coming:
        return []
    asked = asked_ids("ids")
    statement = door.library.statement(
        ("only_if", door.definition.journey, door.definition.version, door.begins),
        lambda: select(Contact.id).join(asked, asked.c.id == Contact.id).where(compile_condition(condition)),
    )
    fit = set(await door.session.scalars(statement, {"ids": list(coming), "now": door.now}))
    return [contact_id for contact_id in coming if contact_id not in fit]


@dataclass(frozen=True, slots=True)
class _Past:
    """Earlier entries of somebody: which rule speaks against another, and the enrolment that another one ends."""

    rule: str | None = None
    running: UUID | None = None


async def _past(door: _Door, coming: Collection[UUID]) -> dict[UUID, _Past]:
    if not coming:
        return {}
    rows = await door.session.execute(
        select(Enrolment.contact_id, Enrolment.id, Enrolment.state, Enrolment.updated_at).where(
            one_of(Enrolment.contact_id, coming),
            Enrolment.journey == door.definition.journey,
        )
    )
    by_contact: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        by_contact[row.contact_id].append(row)
    return {contact_id: _judge(door.definition, own, door.now) for contact_id, own in by_contact.items()}


def _judge(definition: JourneyDefinition, own: Sequence[Any], now: datetime) -> _Past:
    running = next((row.id for row in own if row.state == "active"), None)
    if any(row.state == HELD_OUT for row in own):
        return _Past(HELD_OUT)
    if definition.re_entry == "always":
        return _Past(running=running)
    left_at = max((row.updated_at for row in own), default=None)
    again = running is None and (
        definition.re_entry == "after_exit"
        or (
            definition.re_entry == "after"
            and left_at is not None
            and left_at + timedelta(seconds=definition.re_entry_seconds) <= now
        )
    )
    return _Past() if again else _Past("re_entry")


async def _give_way(door: _Door, coming: Collection[UUID]) -> list[UUID]:
    """Ends journeys of the same group with a lower priority; those in one with as high a priority stay out."""
    if door.definition.exclusive_group is None or not coming:
        return []
    rows = (
        await door.session.execute(
            select(Enrolment.contact_id, Enrolment.id, Enrolment.journey, Enrolment.version).where(
                one_of(Enrolment.contact_id, coming),
                Enrolment.journey != door.definition.journey,
                Enrolment.state == "active",
            )
        )
    ).all()
    others = await door.library.read(door.session, {(row.journey, row.version) for row in rows})
    group = [
        (row, others[row.journey, row.version])
        for row in rows
        if (row.journey, row.version) in others
        and others[row.journey, row.version].exclusive_group == door.definition.exclusive_group
    ]
    stays_out = {row.contact_id for row, other in group if other.priority >= door.definition.priority}
    await end(door.session, [row.id for row, _ in group if row.contact_id not in stays_out], GAVE_WAY, door.now)
    return sorted(stays_out)


async def _insert(door: _Door, coming: Mapping[UUID, Entrant], held_out: frozenset[UUID]) -> list[UUID]:
    """Writes the enrolments; returns who is newly in."""
    if not coming:
        return []
    definition, begins, now = door.definition, door.begins, door.now
    step = definition.steps[begins]
    # A plain wait is begun at once: nothing is to be found out about whoever waits.
    waits = step.step == "wait_for"
    due_at = now + timedelta(seconds=step.seconds) if waits else now
    rows = [
        {
            "id": new_id(),
            "journey": definition.journey,
            "version": definition.version,
            "contact_id": contact_id,
            "conversation_id": entrant.conversation_id,
            "step": begins,
            "arrivals": 1,
            "state": HELD_OUT if contact_id in held_out else "active",
            "due_at": None if contact_id in held_out else due_at,
            "begun_at": now if waits else None,
            "remembered": dict(entrant.remembered),
            "entry": begins,
            "entered_at": now,
            "updated_at": now,
        }
        for contact_id, entrant in coming.items()
    ]
    statement = (
        insert(Enrolment)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["journey", "contact_id"], index_where=text("state = 'active'"))
        .returning(Enrolment.contact_id)
    )
    return [contact_id for contact_id in await door.session.scalars(statement) if contact_id not in held_out]


async def _note_refusals(session: AsyncSession, journey: str, kept_out: Mapping[UUID, str], now: datetime) -> None:
    if not kept_out:
        return
    rows = [
        {"journey": journey, "contact_id": contact_id, "rule": rule, "first_at": now, "last_at": now}
        for contact_id, rule in sorted(kept_out.items())
    ]
    again = {"times": EntryRefusal.times + 1, "last_at": now}
    await session.execute(
        insert(EntryRefusal)
        .values(rows)
        .on_conflict_do_update(index_elements=["journey", "contact_id", "rule"], set_=again)
    )


def _hold_statement() -> Any:
    asked = asked_ids("ids")
    found = select(Contact.id).join(asked, asked.c.id == Contact.id).order_by(Contact.id)
    return found.with_for_update(of=Contact, key_share=True)


_HOLD = _hold_statement()

__all__ = ["GAVE_WAY", "HELD_OUT", "RE_ENTERED", "Entered", "Entrant", "enter", "is_held_out"]

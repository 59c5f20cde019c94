"""Takes an import back: the contacts it made go, as far as nothing happened to them since. Changes nobody else.

Whoever wrote, was written to, was changed, agreed or refused since stays. What the ledger has of those who go stays,
too, and says that it counts no longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from crm.consent.ledger import follow_up, record_consent_events
from crm.consent.models import ConsentEvent
from crm.contacts.models import Contact, ContactPoint
from crm.imports.models import ContactImport, ImportedContact
from crm.imports.service import CLAIM, get_import
from crm.privacy.persons import table_named
from crm.privacy.registry import read_registry
from crm.segments.tree import MEMBERSHIP_EVENTS

_SET = 500
"""Contacts a transaction."""
_OWN = frozenset(
    {
        "contacts", "contact_points", "imported_contacts", "consent_events",
        "contact_scores", "score_entries",
        "contact_due_looks", "contact_likeness_keys", "merge_candidates", "event_queue",
        "segment_consents", "segment_due", "segment_looks", "segment_members", "segment_people",
    }
)  # fmt: skip
"""Tables in which every imported contact has rows, or that are counted of whoever is there, also who did nothing."""
_LOOSE = (
    ("timeline_events", "contact_id"),
    ("event_queue", "contact_id"),
    ("merge_candidates", "first_id"),
    ("merge_candidates", "second_id"),
)
"""Where their ids stand without going when they go."""


@dataclass(frozen=True, slots=True)
class Undone:
    """How many contacts went, and how many stay because something happened to them."""

    removed: int
    kept: int


async def undo_import(sessions: Sessions, import_id: UUID, clock: Clock, actor: str) -> Undone:
    """Removes what an import made and nobody touched since; once more does what is left to do.

    Raises:
        NotFound: there is no such import.
    """
    async with transaction(sessions) as session:
        one = await get_import(session, import_id)
        # From now on nobody imports more of it.
        one.state, one.undone_by = "undoing", actor
        await session.flush()
    removed = 0
    after: UUID | None = None
    while True:
        # Whoever scores them or looks for segments locks the same people, in an order of their own.
        found, gone = await repeat_on_deadlock(partial(_undo_set, sessions, import_id, after, actor, clock))
        removed += gone
        if not found:
            break
        after = found[-1]
    async with transaction(sessions) as session:
        await _note(session, import_id, state="undone", undone_at=clock.now(), claimed_until=None)
        left = select(func.count()).select_from(ImportedContact).where(ImportedContact.import_id == import_id)
        return Undone(removed, await session.scalar(left) or 0)


async def _undo_set(
    sessions: Sessions, import_id: UUID, after: UUID | None, actor: str, clock: Clock
) -> tuple[Sequence[UUID], int]:
    """The next contacts, and how many of them went."""
    async with transaction(sessions) as session:
        found = await _lock_some(session, import_id, after)
        gone = await _remove(session, import_id, found, actor, clock.now())
        if found:
            held = {"attempts": 0, "claimed_until": func.now() + CLAIM}
            await _note(session, import_id, removed=ContactImport.removed + gone, **held)
    return found, gone


async def _note(session: AsyncSession, import_id: UUID, **values: Any) -> None:
    await session.execute(
        update(ContactImport)
        .where(ContactImport.id == import_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def _lock_some(session: AsyncSession, import_id: UUID, after: UUID | None) -> Sequence[UUID]:
    """The next contacts of the import, locked: nothing can come to point at them until the transaction ends."""
    some = (
        select(Contact.id)
        .join(ImportedContact, ImportedContact.contact_id == Contact.id)
        .where(ImportedContact.import_id == import_id)
        .order_by(Contact.id)
        .limit(_SET)
        .with_for_update(of=Contact)
    )
    return (await session.scalars(some if after is None else some.where(Contact.id > after))).all()


async def _remove(session: AsyncSession, import_id: UUID, locked: Sequence[UUID], actor: str, now: datetime) -> int:
    untouched = select(Contact.id).where(Contact.id.in_(locked), _is_untouched(import_id))
    going = (await session.scalars(untouched)).all()
    if not going:
        return 0
    events = await session.scalars(
        select(ConsentEvent).where(ConsentEvent.principal_ref.in_(going)).order_by(ConsentEvent.seq)
    )
    evidence = {"import_id": str(import_id)}
    ends = [
        follow_up(event, "superseded", method="import_undone", actor=actor, effective_at=now, evidence=evidence)
        for event in events
    ]
    await record_consent_events(session, ends, now)
    for name, column in _LOOSE:
        table = table_named(name)
        await session.execute(delete(table).where(table.c[column].in_(going)))  # type: ignore[arg-type]
    await session.execute(delete(Contact).where(Contact.id.in_(going)).execution_options(synchronize_session=False))
    return len(going)


def _is_untouched(import_id: UUID) -> ColumnElement[bool]:
    """Whether a contact is as the import made it: its row, its addresses, and no row about it anywhere else."""
    point = exists().where(
        ContactPoint.contact_id == Contact.id,
        (ContactPoint.created_at != Contact.created_at) | ContactPoint.verified_at.is_not(None),
    )
    said = exists().where(
        ConsentEvent.principal_ref == Contact.id,
        func.coalesce(ConsentEvent.evidence["import_id"].astext, "") != str(import_id),
    )
    others = [
        exists().where(table_named(name).c[column] == Contact.id, _counts(name))
        for name in read_registry().tables
        if name not in _OWN
        for column in _pointing_columns(name)
    ]
    return and_(Contact.updated_at == Contact.created_at, ~point, ~said, *(~other for other in others))


def _counts(name: str) -> ColumnElement[bool]:
    """Of the rows of a table those that show that something happened: to be in a segment is worked out of the rest."""
    if name != "timeline_events":
        return true()
    return table_named(name).c.kind.not_in(sorted(MEMBERSHIP_EVENTS))


def _pointing_columns(name: str) -> list[str]:
    """The columns of a table that hold a contact's id, whether or not their rows are the contact's to erase."""
    named = {way.contact for way in read_registry().tables[name].find}
    return [column for column in table_named(name).c.keys() if column in named or column == "contact_id"]  # noqa: SIM118

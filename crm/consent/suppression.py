"""Suppressions: contacts and addresses that nothing goes to on a channel. They outlive the contact's consent.

An address stays suppressed when its contact is erased and for whoever names it next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    delete,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.nested_rows import asked_ids
from crm.consent.models import Suppression
from crm.consent.principals import is_principal_of
from crm.consent.rules import ALL
from crm.contacts.models import ContactPoint

_IS_NEW = literal_column("(xmax = 0)::int", Integer())


async def suppress(
    session: AsyncSession, targets: Iterable[UUID | bytes], channel: str, reason: str, now: datetime
) -> int:
    """Stops a channel (`all`: every one) for contacts and addresses; returns how many were not stopped before.

    Args:
        targets: ids of contacts and blind indexes of addresses, in any mixture.
    """
    stopped = 0
    named = set(targets)
    # In a fixed order, so that two transactions with the same targets cannot wait for each other.
    contacts = sorted(target for target in named if isinstance(target, UUID))
    addresses = sorted(target for target in named if isinstance(target, bytes))
    for column, values in (("contact_id", contacts), ("blind_index", addresses)):
        if values:
            rows = [
                {"id": new_id(), column: value, "channel": channel, "reason": reason, "created_at": now}
                for value in values
            ]
            statement = insert(Suppression).values(rows)
            # Said again it stays as it was, but for when: who is parted from another later takes it along.
            statement = statement.on_conflict_do_update(
                index_elements=[column, "channel"],
                index_where=getattr(Suppression, column).is_not(None),
                set_={"again_id": statement.excluded.id},
            )
            stopped += sum((await session.scalars(statement.returning(_IS_NEW))).all())
    return stopped


async def list_suppressions(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """What holds for many contacts, their own and their addresses', in one query: channel (or `all`) to reason.

    Every contact asked for is a key.
    """
    found: dict[UUID, dict[str, str]] = {contact_id: {} for contact_id in contact_ids}
    asked = asked_ids("contact_ids")
    held = suppressions_of(asked.c.id).lateral()
    statement = select(asked.c.id, held.c.channel, held.c.reason).order_by(held.c.since_at, held.c.reason)
    rows = await session.execute(statement.join_from(asked, held, true()), {"contact_ids": list(found)})
    for contact_id, channel, reason in rows:
        # The first reason is the one that stopped it.
        found[contact_id].setdefault(channel, reason)
    return found


def suppressions_of(contact_id: ColumnElement[UUID]) -> CompoundSelect[str, str, datetime]:
    """Those of the contact of a statement's row and of its addresses, the oldest first: channel, reason, since when.

    What stops somebody that was merged into the contact stops the contact.
    """
    own = (
        select(Suppression.channel, Suppression.reason, Suppression.created_at.label("since_at"))
        .where(is_principal_of(Suppression.contact_id, contact_id))
        .correlate(contact_id.table)
    )
    by_address = (
        select(Suppression.channel, Suppression.reason, Suppression.created_at)
        .join(ContactPoint, ContactPoint.blind_index == Suppression.blind_index)
        .where(ContactPoint.contact_id == contact_id)
        .correlate(contact_id.table)
    )
    return union_all(own, by_address).order_by("since_at", "reason")


async def find_suppressions(session: AsyncSession, contact_id: UUID) -> dict[UUID, tuple[str, str]]:
    """The contact's suppressions and its addresses', by row: channel and reason."""
    rows = await session.execute(
        select(Suppression.id, Suppression.channel, Suppression.reason).where(_of_contact(contact_id))
    )
    return {row_id: (channel, reason) for row_id, channel, reason in rows}


async def lift_rows(session: AsyncSession, contact_id: UUID, rows: Iterable[UUID]) -> int:
    """Takes away exactly these suppressions, as far as they are still the contact's; returns how many."""
    lifted = await session.scalars(
        delete(Suppression)
        .where(Suppression.id.in_(list(rows)), _of_contact(contact_id))
        .returning(Suppression.id)
        .execution_options(synchronize_session=False)
    )
    return len(lifted.all())


async def reopen_channel(
    session: AsyncSession, contact_id: UUID, channel: str, *, others: Iterable[str], reasons: Iterable[str]
) -> int:
    """Opens one channel for a contact and its addresses, and keeps every other one as stopped as it was.

    A suppression of `all` is replaced by one for each of `others`, since the time and for the reason that it had.

    Args:
        others: all channels there are but this one.
        reasons: only what was stopped for one of these; a bounce or a complaint is not the person's to lift.

    Returns:
        How many suppressions went or became narrower.
    """
    wanted = select(Suppression).where(
        _of_contact(contact_id), Suppression.channel.in_((channel, ALL)), Suppression.reason.in_(list(reasons))
    )
    held = (await session.scalars(wanted.order_by(Suppression.id).with_for_update())).all()
    for row in held:
        if row.channel == ALL:
            target = row.contact_id if row.contact_id is not None else row.blind_index
            for other in others:
                await suppress(session, [target] if target is not None else [], other, row.reason, row.created_at)
    return await lift_rows(session, contact_id, [row.id for row in held])


def _of_contact(contact_id: UUID) -> ColumnElement[bool]:
    addresses = select(ContactPoint.blind_index).where(ContactPoint.contact_id == contact_id)
    own = is_principal_of(Suppression.contact_id, contact_id)
    return or_(own, Suppression.blind_index.in_(addresses))


async def lift(session: AsyncSession, contact_id: UUID, channel: str) -> int:
    """Takes away the contact's suppression of exactly this channel, its addresses' too; returns how many rows.

    Only for a person who proved that the address is theirs, or an operator with their word for it: a consent ticked
    in a chat where an address was merely typed must not undo somebody's opt-out. Lifting is no consent.
    """
    lifted = await session.scalars(
        delete(Suppression).where(Suppression.channel == channel, _of_contact(contact_id)).returning(Suppression.id)
    )
    return len(lifted.all())

"""Which rows are a person's, in every table of the registry. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Text, exists, false, func, or_, select
from sqlalchemy import cast as as_type
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.tables import Table
from crm.consent.principals import list_links
from crm.contacts.identity import CLAIM, list_claims
from crm.contacts.models import SEALED_COLUMN, ContactPoint
from crm.privacy.registry import Way, read_registry
from crm.timeline.models import TimelineEvent

RECOGNISED = "contact_recognised"
SenderIndex = Callable[[str, str], bytes]
"""The keyed hash that what somebody sent is found by, from kind and value of their address; the bot's to make."""


@dataclass(frozen=True)
class Person:
    """All that a person's rows are known by."""

    contact_id: UUID
    contacts: frozenset[UUID]
    conversations: frozenset[UUID]
    points: frozenset[UUID]
    addresses: frozenset[bytes] = field(repr=False)
    senders: frozenset[bytes] = field(repr=False)


async def find_person(
    session: AsyncSession, keys: KeyRing, contact_id: UUID, sender_index: SenderIndex, *, only_own: bool = False
) -> Person:
    """The person behind a contact, with the visitors they were before they were recognised and all that was merged in.

    Args:
        only_own: leaves out talks in which somebody merely typed the person's address: nobody may be shown those, but
            they go when the person is erased.
    """
    contacts = {contact_id}
    while True:
        earlier = await _earlier_visitors(session, contacts, only_own=only_own)
        merged = {link.principal_ref for links in (await list_links(session, contacts)).values() for link in links}
        if earlier | merged <= contacts:
            break
        contacts |= earlier | merged
    conversations = await conversations_of(session, contacts)
    if only_own:
        conversations -= {conversation for _, conversation in await list_claims(session, contacts)}
    points = (
        await session.execute(
            select(ContactPoint.id, ContactPoint.kind, ContactPoint.blind_index, ContactPoint.value_sealed).where(
                ContactPoint.contact_id.in_(contacts)
            )
        )
    ).all()
    values = [(row.kind, keys.unseal(row.value_sealed, column=SEALED_COLUMN, row=row.id)) for row in points]
    return Person(
        contact_id=contact_id,
        contacts=frozenset(contacts),
        conversations=frozenset(conversations),
        points=frozenset(row.id for row in points),
        addresses=frozenset(row.blind_index for row in points),
        senders=frozenset(sender_index(kind, value) for kind, value in values),
    )


def table_named(name: str) -> FromClause:
    """A table by its name, of whichever room.

    Raises:
        LookupError: no room that is loaded has it.
    """
    try:
        return Table.metadata.tables[name]
    except KeyError as error:
        raise LookupError(f"The table {name} of registry.yml is not loaded.") from error


def rows_of(name: str, person: Person) -> ColumnElement[bool]:
    """The condition on a table of the registry that holds for the person's rows."""
    return or_(false(), *(_condition(name, way, person) for way in read_registry().tables[name].find))


def _condition(name: str, way: Way, person: Person) -> ColumnElement[bool]:
    columns = table_named(name).c
    known: tuple[tuple[str | None, Iterable[UUID | bytes]], ...] = (
        (way.contact, person.contacts),
        (way.conversation, person.conversations),
        (way.point, person.points),
        (way.address, person.addresses),
        (way.sender, person.senders),
    )
    for column, values in known:
        if column is not None:
            return cast("ColumnElement[bool]", columns[column].in_(list(values)))
    other, _, named = (way.within or "").partition(".")
    found, condition = table_named(other).c[named], rows_of(other, person)
    if way.column is not None:
        return cast("ColumnElement[bool]", columns[way.column].in_(select(found).where(condition)))
    return exists().where(condition, func.jsonb_exists(columns[way.listed or ""], as_type(found, Text)))


async def _earlier_visitors(session: AsyncSession, contacts: set[UUID], *, only_own: bool) -> set[UUID]:
    """Contacts that these turned out to be; never one with an address, who is somebody by themselves."""
    kinds = [RECOGNISED] if only_own else [CLAIM, RECOGNISED]
    rows = await session.scalars(
        select(TimelineEvent.data).where(TimelineEvent.contact_id.in_(contacts), TimelineEvent.kind.in_(kinds))
    )
    named = {UUID(one) for data in rows for one in (data.get("visitor_contact_id"), data.get("was_contact_id")) if one}
    if not named - contacts:
        return set()
    somebody = set(
        await session.scalars(select(ContactPoint.contact_id).where(ContactPoint.contact_id.in_(named - contacts)))
    )
    return named - somebody


async def conversations_of(session: AsyncSession, contacts: set[UUID]) -> set[UUID]:
    """Their conversations, and those that moved into one of them."""
    talks = table_named("conversations").c
    found = set(await session.scalars(select(talks.id).where(talks.contact_id.in_(contacts))))
    while True:
        more = set(
            await session.scalars(
                select(talks.id).where(talks.moved_to.in_(found), talks.contact_id.is_(None), talks.id.not_in(found))
            )
        )
        if not more:
            return found
        found |= more

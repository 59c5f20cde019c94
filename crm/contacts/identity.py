"""Who a conversation speaks for when somebody types an address in it. An address typed is a claim, not a proof.

A conversation that typed another contact's address may add to that contact (consent, score, timeline), but what is
known of the contact is never shown to it, and the contact's addresses and fields are never changed by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, bindparam, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.tables import table_of
from crm.consent.principals import find_holder
from crm.contacts.addresses import AddressKind, normalise_address
from crm.contacts.points import attach_address, find_contact_by_address, has_address, release_unverified
from crm.contacts.records import lock_contact
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record

CLAIM = "address_claimed"
"""The kind of event that says so."""


_timeline = table_of(TimelineEvent)
# Written out, for the index of these to be found whatever the parameters are.
_IS_CLAIM = _timeline.c.kind == literal_column(f"'{CLAIM}'", Text())
_CLAIM_OF = (
    select(_timeline.c.id)
    .where(
        _timeline.c.conversation_id == bindparam("of_conversation", type_=_timeline.c.conversation_id.type),
        _timeline.c.contact_id == bindparam("of_contact", type_=_timeline.c.contact_id.type),
        _IS_CLAIM,
    )
    .limit(literal_column("1"))
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The contact the conversation belongs to from here on.

    `joined_existing`: it was there before and somebody else may own it: see the module's rule.
    `stored`: the address is the contact's own (a claimed or refused one is not).
    """

    contact_id: UUID
    joined_existing: bool
    stored: bool


async def speaks_for_contact(session: AsyncSession, contact_id: UUID, conversation_id: UUID) -> bool:
    """Whether a conversation may read and change the facts of its contact; False once it only claimed an address."""
    connection = await session.connection()
    values = {"of_conversation": conversation_id, "of_contact": contact_id}
    return (await connection.execute(_CLAIM_OF, values)).first() is None


async def list_claims(session: AsyncSession, contact_ids: Iterable[UUID]) -> set[tuple[UUID, UUID]]:
    """Contacts with the conversations that do not speak for them, see `speaks_for_contact`."""
    claims = select(TimelineEvent.contact_id, TimelineEvent.conversation_id).where(
        TimelineEvent.contact_id.in_(list(contact_ids)), TimelineEvent.kind == CLAIM
    )
    rows = await session.execute(claims)
    return {(contact, conversation) for contact, conversation in rows if contact and conversation}


def claims_of(contact_id: ColumnElement[UUID]) -> Select[UUID | None]:
    """The conversations that do not speak for the contact of a statement's row, to be part of it."""
    claims = select(TimelineEvent.conversation_id).where(TimelineEvent.contact_id == contact_id, _IS_CLAIM)
    return claims.correlate(contact_id.table)


async def resolve_captured_address(
    session: AsyncSession,
    keys: KeyRing,
    contact_id: UUID,
    *,
    kind: AddressKind,
    value: str,
    conversation_id: UUID,
    now: datetime,
) -> Resolved:
    """Decides whom a conversation speaks for after an address was typed in it, and stores the address if it is free.

    * In each case an unproven older one of that kind is let go: typing another corrects it.
    * Free, or the contact's own: stored.
    * Another contact's, and the present one is a bare visitor: the conversation joins the other contact.
    * Another contact's, and the present one has an address that stays (of another kind, or proven): not stored.
    * In a conversation that has joined: an address of another kind is not stored; another of the same kind corrects
      the claim, so the conversation goes back to the visitor's own record, or joins the contact it belongs to.

    Raises:
        InvalidAddress: `value` is no address.
        NotFound: the contact is gone.
    """
    typed = _Typed(kind, normalise_address(kind, value), conversation_id, now)
    await lock_contact(session, contact_id)
    if await speaks_for_contact(session, contact_id, conversation_id):
        return await _resolve_own(session, keys, contact_id, typed)
    if await find_contact_by_address(session, keys, kind, typed.value) == contact_id:
        return Resolved(contact_id, joined_existing=True, stored=False)
    visitor = (await _claims(session, contact_id, conversation_id)).get(kind)
    if visitor is None:
        return Resolved(contact_id, joined_existing=True, stored=False)
    # They may have turned out to be somebody else meanwhile.
    visitor = await find_holder(session, visitor)
    await lock_contact(session, visitor)
    return await _resolve_own(session, keys, visitor, typed)


async def copy_claims(
    session: AsyncSession, contact_id: UUID, *, from_conversation: UUID, to_conversation: UUID, now: datetime
) -> None:
    """Lets a conversation go on from another as far as it only claimed the contact: see `speaks_for_contact`."""
    for address, visitor in (await _claims(session, contact_id, from_conversation)).items():
        await record(
            session,
            kind=CLAIM,
            contact_id=contact_id,
            conversation_id=to_conversation,
            data={"address": address, "visitor_contact_id": str(visitor)},
            now=now,
        )


@dataclass(frozen=True, slots=True)
class _Typed:
    """A normalised address, and where and when it was typed."""

    kind: AddressKind
    value: str
    conversation_id: UUID
    now: datetime


async def _resolve_own(session: AsyncSession, keys: KeyRing, contact_id: UUID, typed: _Typed) -> Resolved:
    attached = await attach_address(session, keys, contact_id, kind=typed.kind, value=typed.value, now=typed.now)
    # Also when the new one is somebody else's: the old one was just disowned, and nothing may go there any more.
    await release_unverified(session, keys, contact_id, typed.kind, keep=typed.value)
    if attached.is_owned:
        return Resolved(contact_id, joined_existing=False, stored=True)
    if await has_address(session, contact_id):
        return Resolved(contact_id, joined_existing=False, stored=False)
    await record(
        session,
        kind=CLAIM,
        contact_id=attached.owner_contact_id,
        conversation_id=typed.conversation_id,
        data={"address": typed.kind, "visitor_contact_id": str(contact_id)},
        now=typed.now,
    )
    return Resolved(attached.owner_contact_id, joined_existing=True, stored=False)


async def _claims(session: AsyncSession, contact_id: UUID, conversation_id: UUID) -> dict[str, UUID]:
    """By kind of address claimed, the visitor's own record that the conversation had before."""
    rows = await session.scalars(
        select(TimelineEvent.data)
        .where(
            TimelineEvent.conversation_id == conversation_id,
            TimelineEvent.contact_id == contact_id,
            TimelineEvent.kind == CLAIM,
        )
        .order_by(TimelineEvent.id)
    )
    return {data["address"]: UUID(data["visitor_contact_id"]) for data in rows}

"""The addresses of contacts: stored sealed, found by blind index, one row per address in the whole system.

Never moves an address from one contact to another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict
from base.ids import new_id
from base.nested_rows import one_of
from crm.contacts.addresses import AddressKind, normalise_address
from crm.contacts.models import SEALED_COLUMN, ContactPoint

_ATTEMPTS = 3  # an owner may be erased between our INSERT and our look-up; not three times in a row


@dataclass(frozen=True, slots=True)
class Attached:
    """What became of an address. When `owner_contact_id` is somebody else, nothing was stored."""

    contact_id: UUID
    created: bool
    owner_contact_id: UUID

    @property
    def is_owned(self) -> bool:
        """Whether the address is (now or already) the contact's own."""
        return self.owner_contact_id == self.contact_id


async def find_contact_by_address(session: AsyncSession, keys: KeyRing, kind: AddressKind, value: str) -> UUID | None:
    """The contact an address belongs to.

    Raises:
        InvalidAddress: `value` is no address.
    """
    return await _find_owner(session, kind, keys.blind_index(normalise_address(kind, value), kind=kind))


async def attach_address(
    session: AsyncSession, keys: KeyRing, contact_id: UUID, *, kind: AddressKind, value: str, now: datetime
) -> Attached:
    """Gives a contact an address that nobody has yet; the same call again changes nothing.

    An address that belongs to another contact stays there: having typed it proves nothing.

    Raises:
        InvalidAddress: `value` is no address.
    """
    normalised = normalise_address(kind, value)
    blind_index = keys.blind_index(normalised, kind=kind)
    point_id = new_id()
    statement = (
        insert(ContactPoint)
        .values(
            id=point_id,
            contact_id=contact_id,
            kind=kind,
            value_sealed=keys.seal(normalised, column=SEALED_COLUMN, row=point_id),
            key_id=keys.newest,
            blind_index=blind_index,
            created_at=now,
        )
        # Waits for a concurrent transaction that is inserting the same address, then sees who won.
        .on_conflict_do_nothing(index_elements=["kind", "blind_index"])
        .returning(ContactPoint.id)
    )
    for _ in range(_ATTEMPTS):
        if await session.scalar(statement) is not None:
            return Attached(contact_id, created=True, owner_contact_id=contact_id)
        owner = await _find_owner(session, kind, blind_index)
        if owner is not None:
            return Attached(contact_id, created=False, owner_contact_id=owner)
    raise Conflict


async def read_addresses(
    session: AsyncSession, keys: KeyRing, contact_ids: Iterable[UUID], *, kind: AddressKind | None = None
) -> dict[UUID, dict[AddressKind, str]]:
    """The address to write to, per contact and kind: a verified one before the others, then the latest.

    Every contact asked for is a key; a kind it has no address of is absent.

    Args:
        kind: the only one to read.
    """
    addresses: dict[UUID, dict[AddressKind, str]] = {contact_id: {} for contact_id in contact_ids}
    wanted = one_of(ContactPoint.contact_id, addresses)
    rows = await session.execute(
        select(ContactPoint.id, ContactPoint.contact_id, ContactPoint.kind, ContactPoint.value_sealed)
        .ext(distinct_on(ContactPoint.contact_id, ContactPoint.kind))
        .where(wanted if kind is None else wanted & (ContactPoint.kind == kind))
        .order_by(
            ContactPoint.contact_id,
            ContactPoint.kind,
            ContactPoint.verified_at.desc().nulls_last(),
            ContactPoint.id.desc(),
        )
    )
    for point_id, contact_id, found, sealed in rows:
        addresses[contact_id][cast("AddressKind", found)] = keys.unseal(sealed, column=SEALED_COLUMN, row=point_id)
    return addresses


async def read_points(session: AsyncSession, keys: KeyRing, point_ids: Iterable[UUID]) -> dict[UUID | None, str]:
    """These very addresses, by the id of their row; one that is gone is absent."""
    wanted = list(point_ids)
    if not wanted:
        return {}
    rows = await session.execute(select(ContactPoint.id, ContactPoint.value_sealed).where(ContactPoint.id.in_(wanted)))
    return {point_id: keys.unseal(sealed, column=SEALED_COLUMN, row=point_id) for point_id, sealed in rows}


async def has_address(session: AsyncSession, contact_id: UUID) -> bool:
    """Whether the contact can be recognised by any address."""
    return (
        await session.scalar(select(ContactPoint.id).where(ContactPoint.contact_id == contact_id).limit(1))
    ) is not None


async def release_unverified(
    session: AsyncSession, keys: KeyRing, contact_id: UUID, kind: AddressKind, keep: str
) -> None:
    """Lets go of the contact's unproven addresses of one kind, except the normalised `keep`.

    A mistyped address is somebody else's: kept here, it would lead its true owner into this contact.
    """
    await session.execute(
        delete(ContactPoint).where(
            ContactPoint.contact_id == contact_id,
            ContactPoint.kind == kind,
            ContactPoint.verified_at.is_(None),
            ContactPoint.blind_index != keys.blind_index(keep, kind=kind),
        )
    )


async def _find_owner(session: AsyncSession, kind: AddressKind, blind_index: bytes) -> UUID | None:
    return await session.scalar(
        select(ContactPoint.contact_id).where(ContactPoint.kind == kind, ContactPoint.blind_index == blind_index)
    )

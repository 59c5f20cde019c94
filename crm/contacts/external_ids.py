"""What other systems know contacts as: kept sealed, found by a keyed hash, one contact an id. Runs in the caller's
transaction.

As with addresses, what somebody says is a claim; verified is what the other system itself vouches for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from crm.contacts.merging import merge_contacts
from crm.contacts.models import SEALED_EXTERNAL_ID, ExternalId
from crm.contacts.records import lock_contact

LONGEST = 200
"""Characters of an id."""
SAME_ID = "same_external_id"
"""The reason of a merge by rule: one verified id, two contacts."""
_SOURCE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MADE_AT_ONCE = 3  # a holder may be erased between our INSERT and our look-up; not three times in a row


class IdTaken(Conflict):
    """Another contact has this id."""

    code = "id_taken"


@dataclass(frozen=True, slots=True)
class Known:
    """An id of a contact, opened."""

    id: UUID
    contact_id: UUID
    source: str
    value: str
    verified_at: datetime | None


async def find_contact_by_id(session: AsyncSession, keys: KeyRing, source: str, value: str) -> UUID | None:
    """The contact that another system knows as this.

    Raises:
        InvalidInput: no such id can be.
    """
    index = index_of_id(keys, source, value)
    held = select(ExternalId.contact_id).where(ExternalId.source == source, ExternalId.blind_index == index)
    return await session.scalar(held)


async def list_external_ids(session: AsyncSession, keys: KeyRing, contact_id: UUID) -> list[Known]:
    """What other systems know the contact as, by source."""
    rows = await session.scalars(select(ExternalId).where(ExternalId.contact_id == contact_id).order_by(ExternalId.id))
    known = [
        Known(
            row.id,
            row.contact_id,
            row.source,
            keys.unseal(row.value_sealed, column=SEALED_EXTERNAL_ID, row=row.id),
            row.verified_at,
        )
        for row in rows
    ]
    return sorted(known, key=lambda one: (one.source, one.value))


async def set_external_id(
    session: AsyncSession,
    keys: KeyRing,
    contact_id: UUID,
    *,
    source: str,
    value: str,
    verified: bool,
    by: str,
    now: datetime,
    merge_same: bool = False,
) -> UUID:
    """Says what another system knows the contact as; the same again changes nothing, but may verify it.

    Verified, it is taken from a contact of whom it was only claimed. Two contacts with the same verified id are one
    person: they are merged if that is wanted, the one that was there longer staying.

    Returns:
        The contact that has it: another one than was named only after a merge.

    Raises:
        IdTaken: another contact has it, and this is no proof against that, or merging was not asked for.
        InvalidInput: no such id can be.
        NotFound: there is no such contact.
    """
    index = index_of_id(keys, source, value)
    await lock_contact(session, contact_id)
    for _ in range(_MADE_AT_ONCE):
        row_id = new_id()
        row = {
            "id": row_id,
            "contact_id": contact_id,
            "source": source,
            "value_sealed": keys.seal(value.strip(), column=SEALED_EXTERNAL_ID, row=row_id),
            "key_id": keys.newest,
            "blind_index": index,
            "verified_at": now if verified else None,
            "created_at": now,
        }
        # Waits for a concurrent transaction that is inserting the same, then sees who won.
        nothing = insert(ExternalId).on_conflict_do_nothing(index_elements=["source", "blind_index"])
        await session.execute(nothing, row)
        held = await _lock(session, source, index)
        if held is not None:
            break
    else:
        raise Conflict
    if held.contact_id == contact_id:
        held.verified_at = held.verified_at or (now if verified else None)
        await session.flush()
        return contact_id
    if not verified:
        raise IdTaken(
            f"Contact {held.contact_id} has this id of {source}: only a verified one could take it from them."
        )
    if held.verified_at is None:
        held.contact_id, held.verified_at = contact_id, now
        await session.flush()
        return contact_id
    if not merge_same:
        raise IdTaken(f"Contact {held.contact_id} has this verified id of {source}: merge the two.")
    survivor, merged = sorted((contact_id, held.contact_id))
    await merge_contacts(session, survivor, merged, by, now, reason=SAME_ID, keys=keys)
    return survivor


async def remove_external_id(session: AsyncSession, external_id: UUID) -> None:
    """Takes an id away.

    Raises:
        NotFound: there is none.
    """
    gone = await session.scalar(delete(ExternalId).where(ExternalId.id == external_id).returning(ExternalId.id))
    if gone is None:
        raise NotFound("There is no such id.")


async def _lock(session: AsyncSession, source: str, index: bytes) -> ExternalId | None:
    found = select(ExternalId).where(ExternalId.source == source, ExternalId.blind_index == index).with_for_update()
    held: ExternalId | None = await session.scalar(found, execution_options={"populate_existing": True})
    return held


def index_of_id(keys: KeyRing, source: str, value: str) -> bytes:
    """What an id is found by.

    Raises:
        InvalidInput: no such id can be.
    """
    if not _SOURCE.fullmatch(source):
        raise InvalidInput("A source is written in small letters, digits and underscores, such as crm or shop.")
    value = value.strip()
    if not value or len(value) > LONGEST or not value.isprintable():
        raise InvalidInput(f"An id has 1 to {LONGEST} characters that can be seen.")
    return keys.blind_index(f"{source}\0{value}", kind="external_id")

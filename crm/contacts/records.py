"""The contact's own row: making it, reading it, telling it new facts. Knows nothing of addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.ids import new_id
from crm.consent.principals import find_holder
from crm.contacts.models import Contact
from crm.contacts.rules import Qualification, Stage, stages_before
from crm.fields.service import read_fields


class ContactMerged(NotFound):
    """This contact was merged into another: use that one."""

    code = "contact_merged"


async def create_contact(session: AsyncSession, *, language: str = "en", time_zone: str | None, now: datetime) -> UUID:
    """A visitor of whom nothing else is known yet; returns the contact's id."""
    contact_id = new_id()
    await session.execute(
        insert(Contact).values(id=contact_id, language=language, time_zone=time_zone, created_at=now, updated_at=now)
    )
    return contact_id


async def get_contact(session: AsyncSession, contact_id: UUID) -> Contact:
    """The contact as it stands in the database now, whatever the session read before.

    Raises:
        NotFound: there is none.
    """
    contact = await session.scalar(
        select(Contact).where(Contact.id == contact_id), execution_options={"populate_existing": True}
    )
    if contact is None:
        raise await _gone(session, contact_id)
    return contact


async def lock_contact(session: AsyncSession, contact_id: UUID) -> None:
    """Makes other transactions that lock this contact wait until this one ends.

    Raises:
        NotFound: there is none.
    """
    found = select(Contact.id).where(Contact.id == contact_id).with_for_update(key_share=True)
    if await session.scalar(found) is None:
        raise await _gone(session, contact_id)


async def set_fields(session: AsyncSession, contact_id: UUID, fields: Mapping[str, Any], now: datetime) -> None:
    """Adds facts to those the contact has, each as its field stores it; a value of None forgets the fact.

    Raises:
        WrongValue: one does not fit its field, see `crm.fields`; nothing is stored.
        NotFound: there is no such contact.
    """
    read = await read_fields(session, fields)
    told = {name: value for name, value in read.items() if value is not None}
    forgotten = [name for name, value in fields.items() if value is None]
    # PostgreSQL takes `-` before `||`: first what is forgotten goes, then what was told comes.
    kept = Contact.fields.op("-", return_type=JSONB())(cast(forgotten, ARRAY(Text)))
    await _change(session, contact_id, {"fields": kept.op("||", return_type=JSONB())(cast(told, JSONB))}, now)


async def set_stage(session: AsyncSession, contact_id: UUID, stage: Stage, now: datetime) -> bool:
    """Moves the contact forward; a stage it has reached or passed changes nothing. Returns whether it moved.

    Raises:
        NotFound: there is no such contact.
    """
    moved = await session.scalar(
        update(Contact)
        .where(Contact.id == contact_id, Contact.stage.in_(stages_before(stage)))
        .values(stage=stage, updated_at=now)
        .returning(Contact.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        await get_contact(session, contact_id)
    return moved is not None


async def set_qualification(
    session: AsyncSession, contact_id: UUID, qualification: Qualification, now: datetime
) -> None:
    """What the last qualification came to.

    Raises:
        NotFound: there is no such contact.
    """
    await _change(session, contact_id, {"qualification": qualification}, now)


async def _change(session: AsyncSession, contact_id: UUID, values: dict[str, Any], now: datetime) -> None:
    changed = await session.scalar(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(**values, updated_at=now)
        .returning(Contact.id)
        # Rows the caller has loaded stay as they were read; `get_contact` reads afresh.
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        raise await _gone(session, contact_id)


async def _gone(session: AsyncSession, contact_id: UUID) -> NotFound:
    holder = await find_holder(session, contact_id)
    if holder != contact_id:
        return ContactMerged(f"This contact was merged into {holder}: use that one.")
    return NotFound("This contact is gone.")

"""The contact's own row: making it, reading it, telling it new facts. Knows nothing of addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from base.errors import NotFound
from base.ids import new_id
from base.tables import table_of
from crm.consent.principals import find_holder
from crm.contacts.models import Contact
from crm.contacts.rules import Qualification, Stage, stages_before
from crm.fields.service import read_fields

_contacts = table_of(Contact)
_of_contact = bindparam("of_contact", type_=_contacts.c.id.type)
_changed_at = bindparam("changed_at", type_=_contacts.c.updated_at.type)
# Built once: a turn in which something is captured runs each of them.
_CREATE = insert(_contacts).values(
    id=bindparam("new_id", type_=_contacts.c.id.type),
    language=bindparam("new_language", type_=_contacts.c.language.type),
    time_zone=bindparam("new_time_zone", type_=_contacts.c.time_zone.type),
    created_at=_changed_at,
    updated_at=_changed_at,
)
_LOCK = select(_contacts.c.id).where(_contacts.c.id == _of_contact).with_for_update(key_share=True)
_CHANGE = update(_contacts).where(_contacts.c.id == _of_contact).returning(_contacts.c.id)
_SET_FIELDS = _CHANGE.values(
    # PostgreSQL takes `-` before `||`: first what is forgotten goes, then what was told comes.
    fields=_contacts.c.fields.op("-", return_type=JSONB())(cast(bindparam("forgotten"), ARRAY(Text))).op(
        "||", return_type=JSONB()
    )(bindparam("told", type_=JSONB())),
    updated_at=_changed_at,
)
_SET_QUALIFICATION = _CHANGE.values(
    qualification=bindparam("new_qualification", type_=_contacts.c.qualification.type), updated_at=_changed_at
)


class ContactMerged(NotFound):
    """This contact was merged into another: use that one."""

    code = "contact_merged"


async def create_contact(session: AsyncSession, *, language: str = "en", time_zone: str | None, now: datetime) -> UUID:
    """A visitor of whom nothing else is known yet; returns the contact's id."""
    contact_id = new_id()
    values = {"new_id": contact_id, "new_language": language, "new_time_zone": time_zone, "changed_at": now}
    connection = await session.connection()
    await connection.execute(_CREATE, values)
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
    connection = await session.connection()
    if (await connection.execute(_LOCK, {"of_contact": contact_id})).first() is None:
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
    await _change(session, contact_id, _SET_FIELDS, {"told": told, "forgotten": forgotten}, now)


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
    await _change(session, contact_id, _SET_QUALIFICATION, {"new_qualification": qualification}, now)


async def _change(
    session: AsyncSession, contact_id: UUID, change: ReturningUpdate[Any], values: dict[str, Any], now: datetime
) -> None:
    """Rows the caller has loaded stay as they were read; `get_contact` reads afresh."""
    connection = await session.connection()
    values = {**values, "of_contact": contact_id, "changed_at": now}
    if (await connection.execute(change, values)).first() is None:
        raise await _gone(session, contact_id)


async def _gone(session: AsyncSession, contact_id: UUID) -> NotFound:
    holder = await find_holder(session, contact_id)
    if holder != contact_id:
        return ContactMerged(f"This contact was merged into {holder}: use that one.")
    return NotFound("This contact is gone.")

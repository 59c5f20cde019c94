"""Which fields there are, and whether values fit them. In the caller's transaction.

A field that nobody defined takes anything, as flows ask for what they like; over the API it must be defined first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Text, any_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from base.tables import table_of
from crm.contacts.addresses import ADDRESS_KINDS
from crm.fields.models import ContactField
from crm.fields.rules import (
    NAME,
    Definition,
    FieldType,
    Sensitivity,
    WrongValue,
    built_in_fields,
    read_value,
)

_TAKEN = frozenset({*ADDRESS_KINDS, *ADDRESS_KINDS.values(), "id", "tags", "stage", "score", "language", "time_zone"})
"""Names that mean something else where fields are listed."""
MOST_CHOICES = 200
_fields = table_of(ContactField)
_NAMED = select(_fields).where(_fields.c.name == any_(bindparam("names", type_=ARRAY(Text))))


class FieldExists(Conflict):
    """There is a field of this name already."""

    code = "field_exists"


async def read_fields(session: AsyncSession, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored; those of fields that nobody defined, and None, as they are.

    Raises:
        WrongValue: one does not fit; `errors` names each.
    """
    definitions = await find_definitions(session, fields)
    told, errors = dict(fields), []
    for name, value in fields.items():
        definition = definitions.get(name)
        if value is None or definition is None:
            continue
        try:
            told[name] = read_value(definition, value)
        except WrongValue as error:
            errors.append({"field": name, "message": error.message})
    if errors:
        raise WrongValue(errors[0]["message"] if len(errors) == 1 else None, errors=errors)
    return told


async def check_defined(session: AsyncSession, names: Iterable[str]) -> None:
    """Raises where a field is neither ours nor defined.

    Raises:
        InvalidInput: `errors` names each.
    """
    wanted = sorted(names)
    strangers = [name for name in wanted if name not in await find_definitions(session, wanted)]
    if strangers:
        message = "There is no such field: define it first."
        raise InvalidInput(message, errors=[{"field": name, "message": message} for name in strangers])


async def find_definitions(session: AsyncSession, names: Iterable[str]) -> dict[str, Definition]:
    """Our own definitions and the company's of these names; who is absent is not defined."""
    wanted = list(names)
    found = {name: built_in_fields()[name] for name in wanted if name in built_in_fields()}
    rest = [name for name in wanted if name not in found]
    if rest:
        connection = await session.connection()
        rows = await connection.execute(_NAMED, {"names": rest})
        found |= {row.name: definition_of(row) for row in rows}
    return found


async def list_own_fields(session: AsyncSession) -> Sequence[ContactField]:
    """The company's fields, by name."""
    return (await session.scalars(select(ContactField).order_by(ContactField.name))).all()


async def create_field(session: AsyncSession, definition: Definition, now: datetime) -> ContactField:
    """Adds a field.

    Raises:
        InvalidInput: the name or the choices cannot be.
        FieldExists: the name is taken.
    """
    if not NAME.fullmatch(definition.name) or definition.name in _TAKEN or definition.name.startswith("consent_"):
        raise InvalidInput(
            "A field's name is written in small letters, digits and underscores, begins with a letter, and is none of "
            f"{', '.join(sorted(_TAKEN))}, nor begins with consent_."
        )
    _check_choices(definition.type, definition.choices)
    if definition.name in built_in_fields():
        raise FieldExists
    row = ContactField(
        id=new_id(),
        name=definition.name,
        label=definition.label,
        type=definition.type,
        choices=list(definition.choices),
        sensitivity=definition.sensitivity,
        keep_days=definition.keep_days,
        created_at=now,
        updated_at=now,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise FieldExists from error
    return row


async def change_field(session: AsyncSession, field_id: UUID, now: datetime, **changes: Any) -> ContactField:
    """Changes label, choices, sensitivity or how long values are kept. Name and type stay: values stand under them.

    Raises:
        NotFound: there is no such field.
        InvalidInput: the choices cannot be, or one that was there is missing: contacts may have it.
    """
    row = await session.get(ContactField, field_id, with_for_update=True)
    if row is None:
        raise NotFound
    if "choices" in changes:
        _check_choices(cast("FieldType", row.type), changes["choices"])
        if missing := sorted(set(row.choices) - set(changes["choices"])):
            raise InvalidInput(f"Contacts may have {', '.join(missing)}: choices can only be added.")
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = now
    await session.flush()
    return row


async def delete_field(session: AsyncSession, field_id: UUID) -> None:
    """Takes the definition away; what contacts have in the field stays, and is checked no more.

    Raises:
        NotFound: there is no such field.
    """
    gone = await session.scalar(delete(ContactField).where(ContactField.id == field_id).returning(ContactField.id))
    if gone is None:
        raise NotFound


def definition_of(row: ContactField | Row[*tuple[Any, ...]]) -> Definition:
    """The definition in a row."""
    return Definition(
        name=row.name,
        label=row.label,
        type=cast("FieldType", row.type),  # held to it by the table's check constraints
        choices=tuple(row.choices),
        sensitivity=cast("Sensitivity", row.sensitivity),
        keep_days=row.keep_days,
    )


def _check_choices(field_type: FieldType, choices: Sequence[str]) -> None:
    folded = {choice.casefold() for choice in choices}
    if field_type != "choice":
        if choices:
            raise InvalidInput("Only a field of type choice has choices.")
    elif not 1 <= len(choices) <= MOST_CHOICES or len(folded) < len(choices) or "" in folded:
        raise InvalidInput(f"A field of type choice has between 1 and {MOST_CHOICES} choices, each of them once.")

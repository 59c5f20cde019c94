"""Whom events are about: found in sets by contact, id of another system, e-mail address or phone number.

Who is not known is made a contact only where the source may do so. Runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import LargeBinary, Select, Uuid, any_, cast, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import InvalidInput
from base.ids import new_id
from crm.contacts.addresses import AddressKind, normalise_address
from crm.contacts.external_ids import index_of_id
from crm.contacts.models import SEALED_COLUMN, SEALED_EXTERNAL_ID, Contact, ContactMerge, ContactPoint, ExternalId
from crm.events.reading import About

_UNKNOWN = "Nobody is known by this: make the contact first, or let the source make contacts."


class Name(NamedTuple):
    """One way to name somebody, as the database knows it."""

    way: str
    key: bytes | UUID
    value: str = ""


def names_of(keys: KeyRing, about: About) -> list[Name]:
    """All ways in which somebody is named, the surest first; raises InvalidInput."""
    names: list[Name] = []
    if about.contact is not None:
        names.append(Name("contact", about.contact))
    if about.external is not None:
        index = index_of_id(keys, about.external.source, about.external.id)
        names.append(Name(f"external:{about.external.source}", index, about.external.id.strip()))
    for kind, value in _addresses_of(about):
        normal = normalise_address(kind, value)
        names.append(Name(kind, keys.blind_index(normal, kind=kind), normal))
    return names


async def find_people(
    session: AsyncSession, keys: KeyRing, abouts: Sequence[About], *, creates: bool, now: datetime, at: str = "events"
) -> tuple[list[UUID], int]:
    """The contact of each, and how many were made. A fixed number of queries, but for those who are new.

    Args:
        creates: makes a contact of who is not known but has an address or an id.

    Raises:
        InvalidInput: with all who are not known, or whose address cannot be read.
    """
    named: list[list[Name]] = []
    problems: list[dict[str, str]] = []
    for number, about in enumerate(abouts):
        try:
            named.append(names_of(keys, about))
        except InvalidInput as error:
            problems.append({"field": f"{at}.{number}.about", "message": error.message})
            named.append([])
    known = await _find_known(session, {(name.way, name.key) for names in named for name in names})
    newcomers: dict[UUID, dict[tuple[str, bytes | UUID], Name]] = {}
    people: list[UUID] = []
    for number, names in enumerate(named):
        found = next((known[name[:2]] for name in names if name[:2] in known), None)
        own = [name for name in names if name.way != "contact"]
        if found is None and (not creates or not own):
            if names:
                problems.append({"field": f"{at}.{number}.about", "message": _UNKNOWN})
            continue
        if found is None:
            found = new_id()
            newcomers[found] = {}
        if found in newcomers:
            newcomers[found] |= {name[:2]: name for name in own if name[:2] not in known}
            known |= {name[:2]: found for name in own if name[:2] not in known}
        people.append(found)
    if problems:
        raise InvalidInput(errors=problems[:100])
    if newcomers:
        await _make(session, keys, newcomers, now)
    return people, len(newcomers)


async def _find_known(
    session: AsyncSession, wanted: set[tuple[str, bytes | UUID]]
) -> dict[tuple[str, bytes | UUID], UUID]:
    known: dict[tuple[str, bytes | UUID], UUID] = {}
    by_way: dict[str, list[bytes | UUID]] = {}
    for way, key in wanted:
        by_way.setdefault(way, []).append(key)
    for way, own in by_way.items():
        for statement in _look_up(way, own):
            known |= {(way, key): contact_id for key, contact_id in await session.execute(statement)}
    return known


def _look_up(way: str, own: list[bytes | UUID]) -> list[Select[Any, Any]]:
    """What finds contacts by one way to name them. As one array: a thousand parameters take longer than the search."""
    if way == "contact":
        ids = any_(cast(own, ARRAY(Uuid())))
        merged = select(ContactMerge.merged_id, ContactMerge.survivor_id).where(
            ContactMerge.merged_id == ids, ContactMerge.undone_at.is_(None)
        )
        return [merged, select(Contact.id, Contact.id).where(Contact.id == ids)]
    indexes = any_(cast(own, ARRAY(LargeBinary())))
    if way.startswith("external:"):
        source = way.removeprefix("external:")
        outside = (ExternalId.source == source, ExternalId.blind_index == indexes)
        return [select(ExternalId.blind_index, ExternalId.contact_id).where(*outside)]
    points = (ContactPoint.kind == way, ContactPoint.blind_index == indexes)
    return [select(ContactPoint.blind_index, ContactPoint.contact_id).where(*points)]


async def _make(
    session: AsyncSession,
    keys: KeyRing,
    newcomers: dict[UUID, dict[tuple[str, bytes | UUID], Name]],
    now: datetime,
) -> None:
    """Makes the contacts with their addresses and ids.

    Raises:
        IntegrityError: somebody else made one of them at the same moment; the source sends the set again.
    """
    stage = {"stage": "lead", "created_at": now, "updated_at": now}
    await session.execute(insert(Contact), [{"id": contact_id, **stage} for contact_id in newcomers])
    points, outside = [], []
    for contact_id, names in newcomers.items():
        for name in names.values():
            row_id = new_id()
            row = {"id": row_id, "contact_id": contact_id, "key_id": keys.newest, "created_at": now}
            row |= {"blind_index": name.key}
            if name.way.startswith("external:"):
                sealed = keys.seal(name.value, column=SEALED_EXTERNAL_ID, row=row_id)
                outside.append(row | {"source": name.way.removeprefix("external:"), "value_sealed": sealed})
            else:
                sealed = keys.seal(name.value, column=SEALED_COLUMN, row=row_id)
                points.append(row | {"kind": name.way, "value_sealed": sealed})
    if points:
        await session.execute(upsert(ContactPoint), points)
    if outside:
        await session.execute(upsert(ExternalId), outside)


def _addresses_of(about: About) -> list[tuple[AddressKind, str]]:
    given: list[tuple[AddressKind, str | None]] = [("email", about.email), ("phone", about.phone)]
    return [(kind, value) for kind, value in given if value is not None]


__all__ = ["find_people", "names_of"]

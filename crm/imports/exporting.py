"""Gives out contacts as CSV or JSON, a page at a time however many there are. Reads only.

For one person's own data with all that was said, see `crm.privacy.exporting`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base import spreadsheets
from base.encryption import KeyRing
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import Contact
from crm.contacts.points import read_addresses

_PAGE = 1_000
_OWN = ("id", "stage", "qualification", "score", "language", "time_zone", "created_at")
_KINDS = tuple(dict.fromkeys(ADDRESS_KINDS.values()))
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


async def export_csv(
    session: AsyncSession, keys: KeyRing, where: Sequence[ColumnElement[bool]] = ()
) -> AsyncGenerator[str]:
    """The rows of a CSV file, headings first; a cell that a spreadsheet would take for a formula is made a text.

    Call it in a transaction that is REPEATABLE READ: fields that come up meanwhile would have no column.
    """
    names = await _field_names(session, where)
    yield csv_row([*_OWN, *_KINDS, *names, "tags"])
    async for contact in list_contacts(session, keys, where):
        cells = [contact[name] for name in (*_OWN, *_KINDS)]
        told = [contact["fields"].get(name) for name in names]
        yield csv_row([*cells, *told, ",".join(contact["tags"])])


async def export_json(
    session: AsyncSession, keys: KeyRing, where: Sequence[ColumnElement[bool]] = ()
) -> AsyncGenerator[str]:
    """The pieces of a JSON list of contacts."""
    before = "[\n"
    async for contact in list_contacts(session, keys, where):
        yield before + json.dumps(contact, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


async def list_contacts(
    session: AsyncSession, keys: KeyRing, where: Sequence[ColumnElement[bool]] = ()
) -> AsyncGenerator[Mapping[str, Any]]:
    """Contacts for whom all of `where` holds, in the order they came, each with the addresses that are written to."""
    after = None
    while True:
        page = select(Contact).where(*where).order_by(Contact.id).limit(_PAGE)
        contacts = (await session.scalars(page if after is None else page.where(Contact.id > after))).all()
        if not contacts:
            return
        after = contacts[-1].id
        addresses = await read_addresses(session, keys, [contact.id for contact in contacts])
        for contact in contacts:
            own = {name: getattr(contact, name) for name in _OWN}
            yield {
                **own,
                "id": str(contact.id),
                "created_at": contact.created_at.isoformat(),
                **{kind: addresses[contact.id].get(kind) for kind in _KINDS},
                "fields": contact.fields,
                "tags": contact.tags,
            }
        session.expunge_all()


def guard_formula(cell: str) -> str:
    """The cell as a text: an apostrophe before what a spreadsheet would run. Plain numbers stay as they are."""
    return cell if _NUMBER.fullmatch(cell) else spreadsheets.guard_formula(cell)


async def _field_names(session: AsyncSession, where: Sequence[ColumnElement[bool]]) -> list[str]:
    name = func.jsonb_object_keys(Contact.fields).label("name")
    return sorted(await session.scalars(select(name).where(*where).distinct()))


def csv_row(cells: Sequence[Any]) -> str:
    """A line of a CSV file without any formula."""
    out = io.StringIO()
    csv.writer(out).writerow([guard_formula(_as_text(cell)) for cell in cells])
    return out.getvalue()


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)

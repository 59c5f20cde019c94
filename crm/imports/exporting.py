"""Gives out contacts as CSV, JSON or Parquet, a page at a time however many there are. Reads only.

For one person's own data with all that was said, see `crm.privacy.exporting`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from base import spreadsheets
from base.encryption import KeyRing
from base.parquet import Column, Kind, parquet_pieces
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import Contact
from crm.contacts.points import read_addresses

_PAGE = 1_000
_OWN = ("id", "stage", "qualification", "score", "language", "time_zone", "created_at")
_KINDS = tuple(dict.fromkeys(ADDRESS_KINDS.values()))
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_DAY = r"^\d{4}-\d\d-\d\d$"
_ROW_GROUP = 10_000
_OWN_KINDS: Mapping[str, Kind] = {"score": "integer", "created_at": "moment"}
_TAKEN = frozenset({*_OWN, *_KINDS, "tags"})
Export = Callable[[AsyncSession, KeyRing, Sequence[ColumnElement[bool]]], AsyncGenerator[str | bytes]]
"""Gives out the pieces of a file; texts are UTF-8."""


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


async def export_parquet(
    session: AsyncSession, keys: KeyRing, where: Sequence[ColumnElement[bool]] = ()
) -> AsyncGenerator[bytes]:
    """The bytes of a Parquet file: a column each as in the CSV file, each field by the type that all its values have.

    Call it in a transaction that is REPEATABLE READ: fields that come up meanwhile would have no column.
    """
    fields = await _field_columns(session, where)
    own = [Column(name, _OWN_KINDS.get(name, "text")) for name in _OWN]
    # A field of a name of ours does not take its place.
    names = {field.name: f"field_{field.name}" if field.name in _TAKEN else field.name for field in fields}
    told = [Column(names[field.name], field.kind) for field in fields]
    columns = [*own, *(Column(kind, "text") for kind in _KINDS), *told, Column("tags", "texts")]

    async def sets() -> AsyncGenerator[list[Mapping[str, Any]]]:
        page: list[Mapping[str, Any]] = []
        async for contact in list_contacts(session, keys, where):
            row = {**contact, "created_at": datetime.fromisoformat(contact["created_at"])}
            page.append(row | {names[one.name]: _field_cell(one, contact["fields"].get(one.name)) for one in fields})
            if len(page) == _ROW_GROUP:
                yield page
                page = []
        yield page

    async for piece in parquet_pieces(columns, sets()):
        yield piece


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


async def _field_columns(session: AsyncSession, where: Sequence[ColumnElement[bool]]) -> list[Column]:
    """What all values of a field are, by what stands there: a field may have had another type before."""
    each = func.jsonb_each(Contact.fields).table_valued("key", "value").render_derived().lateral()
    told, written = each.c.value, func.btrim(cast(each.c.value, Text), '"')
    sort = func.jsonb_typeof(told)
    is_day = (sort == "string") & written.regexp_match(_DAY) & func.pg_input_is_valid(written, "date")
    kind = case(
        (func.bool_and(sort == "null"), "text"),
        (func.bool_and(sort.in_(("number", "null"))), "real"),
        (func.bool_and(sort.in_(("boolean", "null"))), "flag"),
        (func.bool_and((sort == "null") | is_day), "day"),
        else_="text",
    )
    found = select(each.c.key, kind).select_from(Contact).join(each, true()).where(*where)
    rows = await session.execute(found.group_by(each.c.key).order_by(each.c.key))
    return [Column(name, kind) for name, kind in rows]


def _field_cell(column: Column, value: Any) -> Any:
    return _as_text(value) if column.kind == "text" and value is not None else value


def csv_row(cells: Sequence[Any]) -> str:
    """A line of a CSV file without any formula."""
    out = io.StringIO()
    csv.writer(out).writerow([guard_formula(_as_text(cell)) for cell in cells])
    return out.getvalue()


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)

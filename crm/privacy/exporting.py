"""All that is held of a person, for the person (GDPR Art. 15 and 20): JSON, CSV, their files and a summary, in a zip.

Leaves out what others said in talks that merely named the person's address.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import NotFound
from base.spreadsheets import guard_formula
from crm.contacts.models import Contact
from crm.privacy.persons import SenderIndex, find_person, rows_of, table_named
from crm.privacy.record import kept_for
from crm.privacy.registry import read_registry

_FILES = "conversation_files"


@dataclass(frozen=True)
class Export:
    """A person's rows by table, and the files they sent by name."""

    contact_id: UUID
    made_at: datetime
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    files: Mapping[str, bytes]

    def as_json(self) -> dict[str, Any]:
        """All rows with what is told of each table."""
        registry = read_registry()
        return {
            "contact_id": str(self.contact_id),
            "made_at": self.made_at.isoformat(),
            "tables": {
                name: {
                    "purposes": registry.classes[registry.tables[name].class_].purposes,
                    "legal_basis": registry.classes[registry.tables[name].class_].basis,
                    "kept_for": kept_for(registry.tables[name]),
                    "rows": list(rows),
                }
                for name, rows in self.tables.items()
            },
        }


async def export_person(
    session: AsyncSession, keys: KeyRing, contact_id: UUID, sender_index: SenderIndex, now: datetime
) -> Export:
    """Reads it all. Run it in a transaction of one snapshot.

    Raises:
        NotFound: there is no such contact (any more).
    """
    if await session.get(Contact, contact_id) is None:
        raise NotFound("This contact is gone.")
    person = await find_person(session, keys, contact_id, sender_index, only_own=True)
    tables: dict[str, list[dict[str, Any]]] = {}
    files: dict[str, bytes] = {}
    for name, held in read_registry().tables.items():
        table = table_named(name)
        wanted = list(dict.fromkeys([*held.export, *held.sealed, *(["id"] if held.sealed else [])]))
        if not wanted:
            continue
        found = await session.execute(
            select(*(table.c[column] for column in wanted))
            .where(rows_of(name, person))
            .order_by(*table.primary_key.columns)  # type: ignore[attr-defined]
        )
        rows = []
        for row in found.mappings():
            told = {column: row[column] for column in held.export}
            for column, title in held.sealed.items():
                told[title] = keys.unseal(row[column], column=f"{name}.{column}", row=row["id"])
            if name == _FILES:
                files[f"files/{told['id']}-{_safe(told['name'])}"] = told.pop("data")
            rows.append({column: _plain(value) for column, value in told.items()})
        if rows:
            tables[name] = rows
    return Export(contact_id, now, tables, files)


def to_zip(export: Export) -> bytes:
    """The export as one file."""
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("summary.txt", summarise(export))
        archive.writestr("data.json", json.dumps(export.as_json(), ensure_ascii=False, indent=1))
        for name, rows in export.tables.items():
            archive.writestr(f"csv/{name}.csv", _to_csv(rows))
        for name, content in export.files.items():
            archive.writestr(name, content)
    return out.getvalue()


def summarise(export: Export) -> str:
    """What is held, why and for how long, for somebody to read."""
    registry = read_registry()
    contact = export.tables.get("contacts", [{}])[0]
    points = export.tables.get("contact_points", [])
    lines = [
        f"What we hold about you, as of {export.made_at:%d %B %Y, %H:%M} UTC",
        "",
        "You told us:",
        *(f"  {name.replace('_', ' ')}: {value}" for name, value in sorted(contact.get("fields", {}).items())),
        *(f"  {point['kind']}: {point['value']}" for point in points),
        "",
    ]
    scores = export.tables.get("score_entries", [])
    if scores:
        lines.append(f"A score tells colleagues whom to call first. Yours is {contact.get('score')}, made up of:")
        lines += [f"  {entry['points']:+d}: {entry['reason']}" for entry in scores]
        lines.append("Points for what you did become fewer with time, and those of a kind count up to a limit.")
        lines += ["You may ask that a person decides instead, or that there is no score of you at all.", ""]
    for name, one in registry.classes.items():
        of_class = {table: rows for table, rows in export.tables.items() if registry.tables[table].class_ == name}
        if of_class:
            lines += [one.title, f"  for: {'; '.join(one.purposes)}", f"  by right of: {one.basis}"]
            for table, rows in of_class.items():
                lines.append(f"  {table}: {len(rows)}, kept {kept_for(registry.tables[table])}")
            lines.append("")
    lines += [
        "data.json holds all of it for programs, the folder csv the same for spreadsheets, the folder files what you",
        "sent. You may have it corrected or erased, limit or object to its use, and complain to a data protection",
        "authority.",
        "",
    ]
    return "\n".join(lines)


def _to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows({column: _cell(value) for column, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return guard_formula(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _safe(name: str) -> str:
    """A file's name without anything that could lead out of its folder."""
    return (
        "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name).lstrip(".")[:100] or "file"
    )

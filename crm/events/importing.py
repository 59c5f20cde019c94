"""Events out of a table: each row one event, its columns whom it is about and its properties. Reads no people in.

Rows that are wrong are told and left out; the same file again writes nothing twice.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import InvalidInput
from crm.events.kinds import list_kinds
from crm.events.reading import MOST_AT_ONCE, GivenEvent, check_events, read_given
from crm.events.service import Giver, take_in
from crm.imports.files import read_headings, read_rows, sha256_of
from crm.timeline.kinds import Kind, Type

_ABOUT = ("contact", "email", "phone", "external_id")
_OWN = ("kind", "id", "occurred_at", *_ABOUT)
_PLACE = re.compile(r"events\.(\d+)\.(.*)")
_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Table:
    """A file and what it does not say itself.

    Attributes:
        kind: of rows that name none.
        external_source: whose ids stand in the column `external_id`.
        creates: makes contacts of people who are not known.
    """

    path: Path
    encoding: str
    name: str
    kind: str | None = None
    external_source: str | None = None
    creates: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was left out; the row's number is that of a spreadsheet."""

    row: int
    column: str
    reason: str


@dataclass
class Progress:
    """How far an import is."""

    rows: int = 0
    written: int = 0
    repeated: int = 0
    contacts_made: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    event: GivenEvent


async def import_events(
    sessions: Sessions, keys: KeyRing, table: Table, clock: Clock, told: Callable[[Progress], None]
) -> Progress:
    """Takes in all rows that are right, a thousand a transaction.

    Args:
        told: is called after each of them; problems are those of all so far.

    Raises:
        UnreadableFile: it is no table.
    """
    headings = [_plain(name) for name in read_headings(table.path, table.encoding).names]
    async with sessions() as session:
        kinds = await list_kinds(session)
    mark = sha256_of(table.path)[:16]
    progress = Progress()
    rows = itertools.islice(read_rows(table.path, table.encoding), 1, None)
    while some := list(itertools.islice(rows, MOST_AT_ONCE)):
        now = clock.now()
        good = []
        for number, cells in some:
            given = _read_row(table, headings, cells, kinds)
            try:
                (event,) = read_given([{"id": f"{mark}:{number}", **given}])
                check_events([event], kinds, "outside", now)
                good.append(_Row(number, event))
            except InvalidInput as error:
                progress.problems += _problems(error, [number])
        await _take(sessions, keys, table, good, progress, now=now)
        progress.rows += len(some)
        told(progress)
    return progress


async def _take(
    sessions: Sessions, keys: KeyRing, table: Table, rows: list[_Row], progress: Progress, *, now: datetime
) -> None:
    """Takes in what can be: who is not known is found out by all of them together, and left out."""
    by = Giver("import", table.name, creates=table.creates)
    while rows:
        try:
            async with transaction(sessions) as session:
                taken = await take_in(session, keys, [row.event for row in rows], by, now)
        except InvalidInput as error:
            numbers = [row.number for row in rows]
            progress.problems += _problems(error, numbers)
            wrong = {int(found[1]) for problem in error.errors if (found := _PLACE.match(problem["field"]))}
            if not wrong:
                raise
            rows = [row for at, row in enumerate(rows) if at not in wrong]
            continue
        progress.written += taken.written
        progress.repeated += taken.repeated
        progress.contacts_made += taken.contacts_made
        return


def _read_row(table: Table, headings: Sequence[str], cells: Sequence[str], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    told = {name: text for name, cell in zip(headings, cells, strict=False) if name and (text := cell.strip())}
    kind = told.get("kind") or table.kind or ""
    types = kinds[kind].properties if kind in kinds else {}
    about: dict[str, Any] = {name: told[name] for name in ("contact", "email", "phone") if name in told}
    if "external_id" in told:
        about["external"] = {"source": table.external_source, "id": told["external_id"]}
    event: dict[str, Any] = {
        "kind": kind,
        "about": about,
        "properties": {
            # A column that is another kind's says nothing here when it is empty, and is refused when it is not.
            name: _value(text, types.get(name, "text"))
            for name, text in told.items()
            if name not in _OWN
        },
    }
    if "id" in told:
        event["id"] = told["id"]
    if "occurred_at" in told:
        event["occurred_at"] = _moment(told["occurred_at"])
    return event


def _value(text: str, of: Type) -> Any:
    """The cell as its property has it; what cannot be read stays text, and is refused with the property's name."""
    try:
        match of:
            case "number":
                return int(text) if text.lstrip("-").isdecimal() else float(text)
            case "whole":
                return int(text)
            case "flag":
                return _YES.get(text.lower(), text)
            case "items":
                return json.loads(text)
    except (ValueError, RecursionError):
        return text
    return _moment(text) if of == "moment" else text


def _moment(text: str) -> str:
    """A time without a zone is taken to be UTC, as spreadsheets have none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).isoformat()


def _problems(error: InvalidInput, numbers: Sequence[int]) -> Iterator[Problem]:
    for problem in error.errors:
        found = _PLACE.match(problem["field"])
        if found:
            yield Problem(numbers[int(found[1])], found[2].removeprefix("properties."), problem["message"])


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", heading.strip().lower()).strip("_")

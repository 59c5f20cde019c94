"""Reads, cleanses and seals the rows of a file, a set ahead of whoever stores them. Stores nothing.

In long files it is the work of a process of its own: it is as much as the database has to do with the rows, and would
hold up whatever else runs in ours.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Self
from uuid import UUID

from base.encryption import KeyRing
from base.errors import ParleyError
from base.ids import new_id
from crm.contacts.addresses import AddressKind
from crm.contacts.models import SEALED_COLUMN
from crm.imports.files import read_rows
from crm.imports.rows import CleanRow, Defaults, Evidence, Problem, clean_row

SET = 2_000
"""Rows a transaction."""
_AHEAD = 2
"""Sets that are prepared while one is stored."""


class PreparationBroke(ParleyError):
    """The process that cleanses the rows ended before its time: import the file again, which goes on where it was."""

    code = "preparation_broke"
    status = 500


@dataclass(frozen=True)
class Source:
    """A file, how it is read, and from where on: the rows up to `after_row` (the headings') were had before."""

    import_id: UUID
    path: Path
    encoding: str
    mapping: Mapping[int, str]
    defaults: Defaults
    after_row: int
    keys: KeyRing = field(repr=False)


class PreparedPoint(NamedTuple):
    """An address: how it is found, and its row of `contact_points`."""

    kind: AddressKind
    blind_index: bytes
    stored: str


class Prepared(NamedTuple):
    """A row that will be a contact, as COPY takes it (PostgreSQL's text format). Its addresses are sealed in it."""

    number: int
    contact_id: str
    language: str
    evidence: Evidence | None
    contact: str
    imported: str
    points: tuple[PreparedPoint, ...]


class PreparedSet(NamedTuple):
    """So many rows were read, up to `last_row`: those that can be stored, and what was wrong with any."""

    read: int
    last_row: int
    rows: list[Prepared]
    problems: list[Problem]


async def prepare_sets(source: Source, now: Callable[[], datetime]) -> AsyncGenerator[PreparedSet]:
    """The rows in sets of `SET`. Close it when you do not read to its end.

    Raises:
        UnreadableFile: the file is broken, or no table.
        PreparationBroke: the process beside was ended.
    """
    here = _Preparer(source)
    some = await asyncio.to_thread(here.next_set, now())
    if some.read < SET:
        if some.read:
            yield some
        return
    with _Beside(source) as beside:
        # Until it has started, which takes as long as some sets do.
        while some.read and not beside.is_ready():
            yield some
            some = await asyncio.to_thread(here.next_set, now())
        if some.read:
            beside.go_on_after(some.last_row)
            for _ in range(_AHEAD):
                beside.ask(now())
        while some.read:
            yield some
            some = await asyncio.to_thread(beside.receive)
            beside.ask(now())


class _Beside:
    """The process that prepares sets, each of them after it was asked for."""

    def __init__(self, source: Source) -> None:
        context = get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_prepare_beside, args=(theirs, source))
        self._process.start()
        # Held by that process alone: when it ends, we read an end, not nothing for ever.
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        # It has nothing to lose; and whoever waits in `receive` hears of it.
        self._process.kill()
        self._process.join()
        self._ours.close()

    def is_ready(self) -> bool:
        return self._ours.poll()

    def go_on_after(self, row: int) -> None:
        self.receive()
        self.ask(row)

    def ask(self, what: int | datetime) -> None:
        with suppress(OSError):
            # Of its end `receive` tells.
            self._ours.send(what)

    def receive(self) -> PreparedSet:
        try:
            answer: PreparedSet | ParleyError = self._ours.recv()
        except (EOFError, OSError) as error:
            raise PreparationBroke from error
        if isinstance(answer, ParleyError):
            raise answer
        return answer


def _prepare_beside(asked: Connection, source: Source) -> None:
    """Says that it has started, is told after which row to begin, then answers each moment with a set as of then."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        asked.send(None)
        preparer = _Preparer(replace(source, after_row=asked.recv()))
        while True:
            now = asked.recv()
            try:
                asked.send(preparer.next_set(now))
            except ParleyError as error:
                asked.send(error)


class _Preparer:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._import_id = str(source.import_id)
        self._last_row = source.after_row
        self._rows = (
            (number, cells) for number, cells in read_rows(source.path, source.encoding) if number > source.after_row
        )

    def next_set(self, now: datetime) -> PreparedSet:
        rows, problems, count = [], [], 0
        for number, cells in islice(self._rows, SET):
            row = clean_row(number, cells, self._source.mapping, self._source.defaults, now)
            problems += row.problems
            if not row.is_refused:
                rows.append(self._prepare(row, now))
            count, self._last_row = count + 1, number
        return PreparedSet(count, self._last_row, rows, problems)

    def _prepare(self, row: CleanRow, now: datetime) -> Prepared:
        contact_id, at = str(new_id()), now.isoformat()
        zone = row.time_zone or "\\N"
        told = f"{_json(row.fields)}\t{_json(row.tags) if row.tags else '[]'}"
        return Prepared(
            row.number,
            contact_id,
            row.language,
            row.evidence,
            f"{contact_id}\tlead\t{row.language}\t{zone}\t{told}\t{at}\t{at}\n",
            f"{contact_id}\t{self._import_id}\t{row.number}\t{at}\n",
            tuple(self._seal(contact_id, kind, value, at) for kind, value in row.addresses.items()),
        )

    def _seal(self, contact_id: str, kind: AddressKind, value: str, at: str) -> PreparedPoint:
        point_id, keys = new_id(), self._source.keys
        sealed = keys.seal(value, column=SEALED_COLUMN, row=point_id).hex()
        index = keys.blind_index(value, kind=kind)
        stored = f"{point_id}\t{contact_id}\t{kind}\t\\\\x{sealed}\t{keys.newest}\t\\\\x{index.hex()}\t{at}\n"
        return PreparedPoint(kind, index, stored)


def _json(value: Any) -> str:
    r"""JSON as COPY takes it, whose escape is `\` also. Tabs and line breaks are escaped in it."""
    return json.dumps(value, ensure_ascii=False).replace("\\", "\\\\")

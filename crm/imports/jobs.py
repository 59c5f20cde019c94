"""Imports that are asked for and carried out by a worker: what may be asked when. Carries nothing out itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from base.ids import new_id
from crm.imports.exporting import csv_row
from crm.imports.models import OPEN, ContactImport, ImportProblem
from crm.imports.options import Options
from crm.imports.service import Plan, get_import
from crm.imports.uploads import SavedFile, shown_name

FILE_KEPT = timedelta(days=1)
"""How long a file is kept that nobody imports."""
PROBLEMS_KEPT = timedelta(days=90)
_PAGE = 5_000
PROBLEM_HEADINGS = ("row", "column", "became", "reason")


class NotNow(Conflict):
    """This import is not in a state in which that can be done: load it again."""

    code = "import_not_ready"


async def add_upload(
    session: AsyncSession, saved: SavedFile, *, file_name: str, encoding: str, made_by: str, now: datetime
) -> ContactImport:
    """Notes a file that came; it waits for somebody to start it."""
    import_id = new_id()
    await session.execute(
        insert(ContactImport).values(
            id=import_id,
            state="uploaded",
            file_sha256=saved.sha256,
            file_name=shown_name(file_name) or None,
            stored_as=saved.path.name,
            options=Options(encoding=encoding).as_json(),
            rows_expected=saved.rows_expected,
            made_by=made_by,
            started_at=now,
        )
    )
    return await get_import(session, import_id)


def file_of(folder: Path, one: ContactImport) -> Path:
    """Where the import's file is.

    Raises:
        NotNow: it is no longer there.
    """
    if one.stored_as is None:
        raise NotNow("The file of this import is no longer there: send it again.")
    return folder / one.stored_as


def with_its_encoding(one: ContactImport, options: Options) -> Options:
    """The options with the encoding that the file came in."""
    return replace(options, encoding=Options.from_json(one.options).encoding)


async def start(session: AsyncSession, one: ContactImport, plan: Plan, now: datetime) -> None:
    """Has a worker import the file. Asked for twice, it is done once.

    Raises:
        NotNow: it was started and is over.
    """
    if one.state in ("waiting", "running"):
        return
    if one.state != "uploaded":
        raise NotNow
    one.state, one.started_at = "waiting", now
    one.made_by, one.mapping, one.options = plan.made_by, plan.named_mapping, plan.options.as_json()
    await session.flush()


async def resume(session: AsyncSession, import_id: UUID) -> ContactImport:
    """Has a worker go on with an import that failed, behind the last row it stored.

    Raises:
        NotFound: there is no such import.
        NotNow: it did not fail, or its file is no longer there.
    """
    one = await get_import(session, import_id)
    if one.state in ("waiting", "running"):
        return one
    if one.state != "failed" or one.stored_as is None:
        raise NotNow
    one.state, one.problem, one.attempts, one.claimed_until, one.finished_at = "waiting", None, 0, None, None
    await session.flush()
    return one


async def cancel(session: AsyncSession, import_id: UUID, now: datetime) -> ContactImport:
    """Stops an import behind the set of rows in hand; what is stored stays, and can be undone.

    Raises:
        NotFound: there is no such import.
        NotNow: it is over.
    """
    one = await get_import(session, import_id)
    if one.state == "cancelled":
        return one
    if one.state not in ("uploaded", "waiting", "running", "failed"):
        raise NotNow
    one.state, one.finished_at, one.claimed_until = "cancelled", now, None
    await session.flush()
    return one


async def ask_to_undo(session: AsyncSession, import_id: UUID, by: str) -> ContactImport:
    """Has a worker take the import back; once more does what is left to do.

    Raises:
        NotFound: there is no such import.
        NotNow: nothing of it was imported yet, or it is going on: cancel it first.
    """
    one = await get_import(session, import_id)
    if one.state == "undoing":
        return one
    if one.state not in ("done", "failed", "cancelled", "undone"):
        raise NotNow
    one.state, one.undone_by, one.problem, one.attempts, one.claimed_until = "undoing", by, None, 0, None
    await session.flush()
    return one


async def problem_lines(session: AsyncSession, import_id: UUID) -> AsyncIterator[str]:
    """What was wrong with which row as lines of CSV, the headings first. No cell is a formula."""
    yield csv_row(PROBLEM_HEADINGS)
    after: tuple[int, int] = (-1, -1)
    key = (ImportProblem.row_number, ImportProblem.place)
    while True:
        page = (
            select(ImportProblem)
            .where(ImportProblem.import_id == import_id)
            .where(or_(key[0] > after[0], (key[0] == after[0]) & (key[1] > after[1])))
            .order_by(*key)
            .limit(_PAGE)
        )
        found = (await session.scalars(page)).all()
        if not found:
            return
        yield "".join(
            csv_row(problem_cells(one.row_number, one.target, one.reason, refused=one.refused)) for one in found
        )
        after = (found[-1].row_number, found[-1].place)
        session.expunge_all()


def problem_cells(row: int, target: str, reason: str, *, refused: bool) -> Sequence[str]:
    """A line of the file of problems, as `PROBLEM_HEADINGS` name its cells."""
    return str(row), target, "refused" if refused else "left out", reason


async def forget_old(session: AsyncSession, now: datetime, *, limit: int) -> list[str]:
    """Lets go of files that nobody imports, and of old problems; returns the names of files to be removed."""
    old = await session.scalars(
        select(ContactImport)
        .where(
            ContactImport.stored_as.is_not(None),
            ContactImport.state.not_in(OPEN),
            func.coalesce(ContactImport.finished_at, ContactImport.started_at) < now - FILE_KEPT,
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    names = []
    for one in old:
        names.append(str(one.stored_as))
        if one.state == "uploaded":
            one.state, one.finished_at = "cancelled", now
        one.stored_as = one.file_name = None
    await session.flush()
    row: ColumnElement[Any] = literal_column("import_problems.ctid")
    over = select(row).select_from(ImportProblem).where(ImportProblem.created_at < now - PROBLEMS_KEPT).limit(limit)
    await session.execute(delete(ImportProblem).where(row.in_(over)).execution_options(synchronize_session=False))
    return names


async def let_go_of_file(session: AsyncSession, one: ContactImport) -> None:
    """The file is of no more use: whoever calls removes it after the commit."""
    one.stored_as = one.file_name = None
    await session.flush()

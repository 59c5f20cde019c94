"""`parley contacts …`: import people from a file, undo that, and export them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from uuid import UUID

import click
from sqlalchemy import text

from server.settings import read_settings

if TYPE_CHECKING:
    from crm.imports.rows import Problem
    from crm.imports.service import Plan, Progress
    from server.wiring import Platform

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_OUT = click.Path(path_type=Path, dir_okay=False)
_CHANNELS = click.Choice(["email", "sms", "voice", "telegram"])


@click.group()
def contacts() -> None:
    """People: import from CSV or XLSX, undo an import, export."""


@contacts.command(name="import")
@click.argument("file", type=_FILE)
@click.option(
    "--map", "chosen", multiple=True, metavar="HEADING=TARGET", help="What a column is; HEADING= leaves it out."
)
@click.option("--country", metavar="XX", help="Where numbers without a country code are dialled.")
@click.option("--language", default="en", show_default=True, help="Of rows that name none.")
@click.option(
    "--consent-channel", "channels", multiple=True, type=_CHANNELS, help="Of rows with evidence that name none."
)
@click.option("--purpose", default="marketing", show_default=True, help="What those with evidence agreed to.")
@click.option("--consent-text", type=_FILE, help="The text they agreed to.")
@click.option("--encoding", default="utf-8-sig", help="Of a CSV file that is not UTF-8.")
@click.option("--problems", type=_OUT, help="Where rows with problems are listed; else FILE.problems.csv.")
@click.option("--preview", is_flag=True, help="Only show what would become of the columns and the first rows.")
def import_(
    file: Path, *, chosen: tuple[str, ...], country: str | None, language: str, channels: tuple[str, ...],
    purpose: str, consent_text: Path | None, encoding: str, problems: Path | None, preview: bool,
) -> None:  # fmt: skip
    """Make contacts of the rows of FILE, .csv or .xlsx. Who is known already stays as they are."""
    from crm.imports.mapping import map_columns
    from crm.imports.options import Options, check_options
    from crm.imports.service import import_file, plan_file

    settings = read_settings()
    notice_text = consent_text.read_text(encoding="utf-8") if consent_text else None
    options = check_options(
        Options(
            encoding=encoding, country=country, language=language, consent_channels=channels, purpose=purpose,
            notice_text=notice_text,
        )
    )  # fmt: skip
    pairs = dict(_pair(one) for one in chosen)
    plan = plan_file(
        file, lambda headings: map_columns(headings.names, pairs), options,
        made_by="operator", controller=settings.company_name,
    )  # fmt: skip
    for at, heading in enumerate(plan.headings.names):
        click.echo(f"{heading}: {plan.mapping.get(at, '(left out)')}", err=not preview)
    if preview:
        _show(plan)
        return
    with ExitStack() as stack:
        told = _Teller(problems or file.with_name(f"{file.name}.problems.csv"), stack)

        async def run(platform: Platform) -> Progress:
            return await import_file(platform.sessions, platform.keys, plan, clock=platform.clock, told=told)

        done: Progress = _run(run)
    click.echo(f"import {done.import_id}")
    click.echo(f"{done.rows} rows, {done.created} new contacts, {done.consents} consents, {done.refused} rows refused")
    if told.count:
        click.echo(f"{told.count} problems are listed in {told.file}")


@contacts.command()
def imports() -> None:
    """List the imports there were, the latest first."""
    from crm.imports.models import ContactImport
    from crm.imports.service import list_imports

    async def run(platform: Platform) -> list[ContactImport]:
        async with platform.sessions() as session:
            return await list_imports(session)

    for one in _run(run):
        click.echo(f"{one.id}  {one.started_at:%Y-%m-%d %H:%M}  {one.state}  {one.created} of {one.rows} rows")


@contacts.command()
@click.argument("import_id", type=click.UUID)
@click.option("--yes", is_flag=True, help="Do not ask.")
def undo(import_id: UUID, *, yes: bool) -> None:
    """Remove the contacts that IMPORT_ID made, but those to whom anything happened since."""
    from crm.imports.undoing import Undone, undo_import

    if not yes:
        click.confirm(f"Remove the contacts that import {import_id} made?", abort=True)

    async def run(platform: Platform) -> Undone:
        return await undo_import(platform.sessions, import_id, platform.clock, "operator")

    undone = _run(run)
    click.echo(f"{undone.removed} contacts removed, {undone.kept} kept because something happened to them since")


@contacts.command()
@click.argument("file", type=_OUT)
def export(file: Path) -> None:
    """Write all contacts into FILE, .csv, .json or .parquet."""
    from base.database import transaction
    from crm.imports.exporting import Export, export_csv, export_json, export_parquet

    writers: dict[str, Export] = {".csv": export_csv, ".json": export_json, ".parquet": export_parquet}
    if file.suffix.lower() not in writers:
        raise click.UsageError("FILE ends in .csv, .json or .parquet.")

    async def run(platform: Platform) -> None:
        draft = file.with_name(f"{file.name}.draft")
        async with transaction(platform.sessions) as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                async for piece in writers[file.suffix.lower()](session, platform.keys, ()):
                    out.write(piece.encode() if isinstance(piece, str) else piece)
        draft.replace(file)

    _run(run)
    click.echo(f"{file.stat().st_size} bytes in {file}")


class _Teller:
    """Prints how far an import is, and writes the problems into a file that is made with the first of them."""

    def __init__(self, file: Path, stack: ExitStack) -> None:
        self.file, self.count = file, 0
        self._stack, self._began = stack, time.monotonic()
        self._out: TextIO | None = None

    def __call__(self, progress: Progress) -> None:
        rate = progress.rows / max(time.monotonic() - self._began, 0.001)
        click.echo(f"{progress.rows} rows, {progress.created} new contacts ({rate:.0f} rows a second)", err=True)
        for problem in progress.problems:
            self._write(problem)

    def _write(self, problem: Problem) -> None:
        from crm.imports.exporting import csv_row
        from crm.imports.jobs import PROBLEM_HEADINGS, problem_cells

        if self._out is None:
            handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._out = self._stack.enter_context(os.fdopen(handle, "w", newline="", encoding="utf-8"))
            self._out.write(csv_row(PROBLEM_HEADINGS))
        self.count += 1
        self._out.write(csv_row(problem_cells(problem.row, problem.column, problem.reason, refused=problem.refused)))


def _show(plan: Plan) -> None:
    from base.clock import SystemClock
    from crm.imports.preview import preview_rows

    for row in preview_rows(plan, SystemClock().now()):
        click.echo(f"row {row.number}: " + "; ".join(f"{name} {value}" for name, value in row.values.items()))
        for problem in row.problems:
            click.echo(f"  {'refused' if problem.refused else 'left out'} {problem.column}: {problem.reason}")


def _pair(option: str) -> tuple[str, str]:
    heading, sign, target = option.rpartition("=")
    if not sign:
        raise click.UsageError("--map is written HEADING=TARGET, as in --map 'E-mail 2=email'.")
    return heading, target


def _run(work: Callable[[Platform], Coroutine[Any, Any, Any]]) -> Any:
    # Loads every room's tables: undoing asks all of them whether something happened.
    import server.web  # noqa: F401
    from server.database_access import open_database

    async def run() -> Any:
        async with open_database(read_settings()) as platform:
            return await work(platform)

    return asyncio.run(run())

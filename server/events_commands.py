"""`parley events …`: import events from a table, and keep the systems that send them."""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm.events.importing import Problem, Progress
    from crm.events.models import EventSource
    from crm.events.sources import MadeSource
    from server.wiring import Platform

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_OUT = click.Path(path_type=Path, dir_okay=False)
_UNKNOWN = click.Choice(["refuse", "create"])


@click.group()
def events() -> None:
    """Events: import from CSV or XLSX, the systems that send them."""


@events.command(name="import")
@click.argument("file", type=_FILE)
@click.option("--kind", help="The kind of rows that name none (column kind).")
@click.option("--name", default="table", show_default=True, help="Whose ids stand in the column id.")
@click.option("--external-source", metavar="NAME", help="Whose ids stand in the column external_id.")
@click.option("--unknown", type=_UNKNOWN, default="refuse", show_default=True, help="What becomes of unknown people.")
@click.option("--encoding", default="utf-8-sig", help="Of a CSV file that is not UTF-8.")
@click.option("--problems", type=_OUT, help="Where rows with problems are listed; else FILE.problems.csv.")
def import_(
    file: Path, *, kind: str | None, name: str, external_source: str | None, unknown: str, encoding: str,
    problems: Path | None,
) -> None:  # fmt: skip
    """Take the rows of FILE as events. Columns: kind, id, occurred_at, contact, email, phone, external_id, properties.

    The same file again writes nothing twice.
    """
    from crm.events.importing import Table, import_events

    table = Table(file, encoding, name, kind, external_source, creates=unknown == "create")

    def told(progress: Progress) -> None:
        click.echo(f"{progress.rows} rows, {progress.written} events", err=True)

    async def run(platform: Platform) -> Progress:
        return await import_events(platform.sessions, platform.keys, table, platform.clock, told)

    done: Progress = _run(run)
    click.echo(
        f"{done.rows} rows, {done.written} events, {done.repeated} there already, {done.contacts_made} new contacts"
    )
    if done.problems:
        target = problems or file.with_name(f"{file.name}.problems.csv")
        _write(target, done.problems)
        click.echo(f"{len(done.problems)} problems are listed in {target}")


@events.command()
def sources() -> None:
    """List the systems that send events."""
    from crm.events.sources import list_sources

    async def run(platform: Platform) -> Sequence[EventSource]:
        async with platform.sessions() as session:
            return await list_sources(session)

    for one in _run(run):
        state = "revoked" if one.revoked_at else f"unknown people: {one.unknown_people}"
        click.echo(f"{one.id}  {one.name}  {one.way}  {state}")


@events.command(name="add-source")
@click.argument("name")
@click.option("--way", type=click.Choice(["api", "webhook", "mqtt"]), required=True)
@click.option("--unknown", type=_UNKNOWN, default="refuse", show_default=True, help="What becomes of unknown people.")
def add_source(name: str, *, way: Any, unknown: Any) -> None:
    """Let a system send events; prints its token or secret, once."""
    from base.database import transaction
    from crm.events.sources import make_source
    from crm.events.webhook import path_of

    async def run(platform: Platform) -> MadeSource:
        async with transaction(platform.sessions) as session:
            return await make_source(
                session, platform.keys, name=name, way=way, unknown_people=unknown, mapping=None, made_by="operator",
                now=platform.clock.now(),
            )  # fmt: skip

    made: MadeSource = _run(run)
    click.echo(f"source {made.id}")
    if made.secret:
        click.echo(f"{'token' if way == 'api' else 'secret'}: {made.secret}")
    path = {"api": "/api/v1/events", "webhook": path_of(made.id)}.get(way)
    click.echo(f"sends to {path}" if path else f"publishes to a topic that ends in /{name}")


@events.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Take nothing more from the source NAME."""
    from base.database import transaction
    from crm.events.sources import list_sources, revoke_source

    async def run(platform: Platform) -> bool:
        async with transaction(platform.sessions) as session:
            found = [one.id for one in await list_sources(session) if one.name == name]
            for source_id in found:
                await revoke_source(session, source_id, platform.clock.now())
            return bool(found)

    if not _run(run):
        raise click.UsageError(f"There is no source {name}: see `parley events sources`.")
    click.echo(f"nothing more is taken from {name}")


def _write(target: Path, problems: list[Problem]) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["row", "column", "reason"])
        writer.writerows([one.row, one.column, one.reason] for one in problems)


def _run(work: Callable[[Platform], Coroutine[Any, Any, Any]]) -> Any:
    from server.database_access import open_database

    async def run() -> Any:
        async with open_database(read_settings()) as platform:
            return await work(platform)

    return asyncio.run(run())

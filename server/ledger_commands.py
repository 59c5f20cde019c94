"""`parley ledger …` and `parley verify-ledger`: sign, export and check the consent ledger."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
from sqlalchemy import text

from server.settings import read_settings


@click.group()
def ledger() -> None:
    """The consent ledger: head, export, verify."""


@ledger.command()
def head() -> None:
    """Sign how long the ledger is and its last hash, and write that into the folder of heads."""
    from crm.consent.export import LEDGER
    from server.database_access import open_database
    from server.ledger_jobs import sign_and_save

    async def run() -> str:
        async with open_database(read_settings()) as platform:
            return await sign_and_save(platform, LEDGER)

    click.echo(asyncio.run(run()))


@ledger.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(file: Path) -> None:
    """Write the whole ledger into FILE, signed, for `parley verify-ledger`."""
    from base.database import transaction
    from crm.consent.export import export_ledger
    from server.database_access import open_database

    async def run() -> int:
        lines = 0
        draft = file.with_name(f"{file.name}.draft")
        async with open_database(read_settings()) as platform, transaction(platform.sessions) as session:
            # One snapshot of all tables, however long it takes.
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            with draft.open("wb") as out:
                async for line in export_ledger(session, platform.keys, platform.clock.now()):
                    out.write(line)
                    lines += 1
        draft.replace(file)
        return lines

    click.echo(f"{asyncio.run(run())} lines in {file}")


@ledger.command()
def verify() -> None:
    """Check every event of the ledger in the database, and that it goes on from every signed head."""
    from crm.consent.export import LEDGER
    from crm.consent.heads import find_head_breaks
    from crm.consent.ledger import verify_chain
    from server.database_access import open_database

    async def run() -> bool:
        async with open_database(read_settings()) as platform, platform.sessions() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            report = await verify_chain(session)
            breaks = [*report.breaks, *await find_head_breaks(session, LEDGER)]
        for one in breaks:
            click.echo(f"event {one.seq}: {one.what}" if one.seq else one.what)
        if not breaks:
            click.echo(f"intact: {report.length} events, head {report.head}")
        return not breaks

    if not asyncio.run(run()):
        sys.exit(1)


@click.command(
    name="verify-ledger",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    short_help="Check an exported ledger and receipts; needs no database.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify_ledger(arguments: tuple[str, ...]) -> None:
    """Check an exported ledger and receipts, as crm/consent/verify_ledger.py does alone."""
    from crm.consent.verify_ledger import main

    sys.exit(main(arguments))

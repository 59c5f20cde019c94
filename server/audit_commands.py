"""`parley audit`: asks a live database for everything that must not be."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from server.settings import read_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of findings.")
@click.option("--only", multiple=True, metavar="INVARIANT", help="Such as I7; more than once for several.")
@click.option("--list", "listed", is_flag=True, help="Only name what would be asked.")
@click.option(
    "--files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A log, a dump, or a folder of them, to look for the site's own secrets in.",
)
def audit(*, as_json: bool, only: tuple[str, ...], listed: bool, files: tuple[Path, ...]) -> None:
    """Check the invariants I1 to I14 on the database, read only. Exit code 1 when one is broken."""
    from server.audit.oracle import CHAIN, MERGED, Violation, read_invariants
    from server.audit.oracle import audit as ask
    from server.audit.secrets import find_secrets, list_secrets
    from server.database_access import open_database

    names = [*read_invariants(), CHAIN, MERGED]
    if listed:
        click.echo("\n".join(names))
        return
    unknown = [one for one in only if not any(one in (name, name.split(maxsplit=1)[0]) for name in names)]
    if unknown:
        raise click.UsageError(f"There is no invariant {unknown[0]}: `parley audit --list` names them.")

    async def run() -> list[Violation]:
        settings = read_settings()
        async with open_database(settings) as platform:
            found = await ask(platform.sessions, platform.clock.now(), only=only)
            return found + (find_secrets(files, list_secrets(platform.settings)) if files else [])

    found = asyncio.run(run())
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
    else:
        for one in found:
            click.echo(f"{one.invariant}: {one.id}: {one.what}")
        click.echo(f"{len(found)} findings" if found else "nothing is wrong")
    if found:
        sys.exit(1)

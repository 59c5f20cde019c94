"""`parley flows export` and `import`: carries flows from one Parley to another. Publishes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from base.errors import ParleyError
from server.flows_options import author_option, content_options, flow_name, settings_of

if TYPE_CHECKING:
    from flows.content_tree import ContentTree
    from server.settings import Settings

_FILE = click.Path(dir_okay=False, path_type=Path)


class NotWritten(ParleyError):
    """The file could not be written."""

    code = "not_written"
    status = 500


@click.command(name="export", short_help="Write a flow with all it depends on into one file.")
@click.argument("flow")
@content_options
@click.option("--live", is_flag=True, help="Take what is live instead of the content folder.")
@click.option("--out", type=_FILE, help="File to write; FLOW.zip, when not given.")
def export_(flow: str, content: Path | None, nlu: Path | None, *, live: bool, out: Path | None) -> None:
    """Write a FLOW with all it depends on into one file, for another Parley.

    That is: the flows it calls, the journeys it starts, their wording, tests, articles and examples.
    """
    from bot.publishing.bundle import export_flow
    from server.publishing import shipped_tree

    settings, name = settings_of(content, nlu), flow_name(flow)
    tree, versions = asyncio.run(_live_tree(settings)) if live else (shipped_tree(settings), {})
    data, path = export_flow(name, tree, versions), out or Path(f"{name}.zip")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise NotWritten(f"Cannot write {path}: {error.strerror}.") from error
    click.echo(f"{name} is in {path}. Take it in elsewhere with `parley flows import {path.name}`.")


@click.command(name="import", short_help="Take in a file that `flows export` wrote.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@content_options
@click.option("--drafts", is_flag=True, help="Take it in as drafts of the admin instead of into the content folder.")
@click.option("--overwrite", is_flag=True, help="Replace what is here already with other contents.")
@author_option
def import_(file: Path, content: Path | None, nlu: Path | None, *, drafts: bool, overwrite: bool, author: str) -> None:
    """Take in a FILE that `flows export` wrote. Nothing goes live by that."""
    from server.flows_import import import_as_drafts_of, import_into_folder

    settings, data = settings_of(content, nlu), file.read_bytes()
    if drafts:
        plan = asyncio.run(import_as_drafts_of(settings, data, author=author, overwrite=overwrite))
    else:
        plan = import_into_folder(settings, data, overwrite=overwrite)
    for item in sorted(plan.changed):
        click.echo(f"{item}: taken in")
    for item in plan.kept:
        click.echo(f"{item}: yours is kept")
    if plan.changed:
        option = " --drafts" if drafts else ""
        click.echo(f"Nothing is live yet: go on with `parley flows publish{option}`.")
    else:
        click.echo("Everything in it is here already.")


async def _live_tree(settings: Settings) -> tuple[ContentTree, dict[str, int]]:
    from bot.publishing.contents import find_live, tree_of
    from server.database_access import open_database

    async with open_database(settings) as platform, platform.sessions() as session:
        published = await find_live(session)
        return await tree_of(session, published), dict(published.contents)

"""`parley flows diff` and `history`: what is live, what was, and how contents differ. Changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.flows_options import content_options, item_name, settings_of
from server.flows_shown import publication_line, show_changes, show_difference, version_line

if TYPE_CHECKING:
    from server.wiring import Platform


@click.command(short_help="Compare what is live with the content folder, or two versions.")
@content_options
@click.argument("item", required=False)
@click.argument("versions", nargs=-1, type=int, metavar="[FROM [TO]]")
def diff(content: Path | None, nlu: Path | None, item: str | None, versions: tuple[int, ...]) -> None:
    """Compare what is live with the content folder, or two versions of one ITEM.

    An ITEM is a flow's name, or journeys/NAME, knowledge, intents, library or library/patterns. With an ITEM every
    line that changed is shown. FROM and TO are versions as `flows history ITEM` lists them; TO is the live one when
    it is not given.
    """
    from server.database_access import open_database
    from server.publishing import shipped_tree

    if len(versions) > 2:
        raise click.UsageError("At most two versions can be compared.")
    settings = settings_of(content, nlu)
    name = None if item is None else item_name(item)

    async def run() -> None:
        async with open_database(settings) as platform:
            if name is not None and versions:
                await _show_versions(platform, name, versions)
            else:
                await show_changes(platform, shipped_tree(settings), name)

    asyncio.run(run())


@click.command(short_help="List the publications, or the versions of one item.")
@click.argument("item", required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Most that are listed.")
def history(item: str | None, limit: int) -> None:
    """List the publications, the newest first, or the versions of one ITEM such as a flow's name."""
    from bot.publishing.contents import list_publications
    from bot.publishing.versions import history as versions_of
    from server.database_access import open_database

    async def run() -> None:
        async with open_database(settings_of()) as platform, platform.sessions() as session:
            if item is not None:
                for version in (await versions_of(session, item_name(item)))[:limit]:
                    click.echo(version_line(version))
                return
            publications = await list_publications(session, limit=limit)
            if not publications:
                click.echo("Nothing was published yet.")
            for place, one in enumerate(publications):
                click.echo(publication_line(one, live=place == 0))

    asyncio.run(run())


async def _show_versions(platform: Platform, item: str, versions: tuple[int, ...]) -> None:
    from base.errors import NotFound
    from bot.publishing.contents import find_live
    from bot.publishing.differences import difference_of_versions

    async with platform.sessions() as session:
        if len(versions) == 1:
            live = (await find_live(session)).contents.get(item)
            if live is None:
                raise NotFound(f"{item} is not live: name two versions of it.")
            versions = (versions[0], live)
        found = await difference_of_versions(session, item, versions[0], versions[1])
    if found.texts:
        show_difference(found, texts=True)
    else:
        click.echo(f"Versions {versions[0]} and {versions[1]} of {item} are the same.")

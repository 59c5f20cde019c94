"""`parley flows publish` and `rollback`: what changes what people are answered. Shows it and asks before it does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.flows_options import confirm, content_options, history_options, item_name, settings_of
from server.flows_shown import publication_line, show_changes, show_difference

if TYPE_CHECKING:
    from bot.publishing.reports import PublicationReport
    from flows.content_tree import ContentTree
    from outreach.removed_steps import Told
    from server.wiring import Platform


@click.command(short_help="Check, test, replay, then make live.")
@content_options
@click.option("--drafts", is_flag=True, help="Publish what was edited in the admin instead of the content folder.")
@history_options
@click.option(
    "--replay",
    type=click.IntRange(0, 10_000),
    default=50,
    show_default=True,
    help="How many of the last conversations are replayed.",
)
@click.option("--strict-replay", is_flag=True, help="Refuse when one of them would end otherwise.")
@click.option("--force", is_flag=True, help="Publish although something else went live since.")
@click.option(
    "--place",
    "places",
    multiple=True,
    metavar="[JOURNEY:]STEP=STEP",
    help="Where people on a step of a journey go on that is removed; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Do everything but going live.")
def publish(
    content: Path | None,
    nlu: Path | None,
    *,
    drafts: bool,
    note: str,
    author: str,
    replay: int,
    strict_replay: bool,
    force: bool,
    yes: bool,
    places: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Check, test, replay, then make live on every dialogue process.

    People in mid-flow go on where they are, and so do those in journeys. Where some stand on a step that a journey
    which they follow no longer has, --place says where they go on; what to type is listed. What is refused leaves what
    is live as it is.
    """
    from server.publishing import open_publisher, shipped_tree

    settings = settings_of(content, nlu)
    say, told = _SaidOnce(), _places(places)

    async def run() -> None:
        async with open_publisher(settings, told) as (publisher, platform):
            tree = await _drafts(platform) if drafts else shipped_tree(settings)
            if dry_run or not yes:
                changed = await show_changes(platform, tree)
                if changed or dry_run:
                    await publisher.preview(tree, replay=replay, say=say)
                if dry_run:
                    click.echo("Nothing was published: this was a dry run.")
                    return
                if changed:
                    confirm("Publish this?", yes=False)
            if drafts:
                report = await publisher.publish_drafts(
                    author=author, note=note, replay=replay, strict_replay=strict_replay, force=force, say=say
                )
            else:
                report = await publisher.publish(
                    tree, author=author, note=note, replay=replay, strict_replay=strict_replay, force=force, say=say
                )
        _show_seconds(report)

    asyncio.run(run())


@click.command(short_help="Make an earlier publication live again.")
@click.argument("publication", type=int, required=False)
@click.option("--item", help="Take back one item only, such as library/demo_request.")
@click.option("--version", type=int, help="The item's version to go back to.")
@history_options
def rollback(
    publication: int | None, *, item: str | None, version: int | None, note: str, author: str, yes: bool
) -> None:
    """Make an earlier PUBLICATION live again; the one before the present one, when none is named.

    It becomes a new publication, so that a rollback can be rolled back. With --item and --version only that item
    goes back, and the test conversations are run, because such a mixture was never live.
    """
    from server.publishing import open_publisher

    if (item is None) != (version is None):
        raise click.UsageError("--item and --version belong together.")
    if item is not None and publication is not None:
        raise click.UsageError("Name a publication or an item, not both.")

    async def run() -> None:
        async with open_publisher(settings_of()) as (publisher, platform):
            if item is not None and version is not None:
                name = item_name(item)
                await _show_item(platform, name, version)
                confirm(f"Take {name} back to version {version}?", yes=yes)
                report = await publisher.rollback_item(name, version, author=author, note=note, say=click.echo)
            else:
                seq = await _show_publication(platform, publication)
                confirm(f"Go back to publication {seq}?", yes=yes)
                report = await publisher.rollback(seq, author=author, note=note, say=click.echo)
        _show_seconds(report)

    asyncio.run(run())


def _places(options: tuple[str, ...]) -> list[Told]:
    from outreach.removed_steps import Told

    found: list[Told] = []
    for option in options:
        where, sign, to = option.partition("=")
        journey, colon, step = where.rpartition(":")
        if not (sign and step and to) or (colon and not journey):
            raise click.UsageError("--place is written STEP=STEP or JOURNEY:STEP=STEP.")
        found.append(Told(step, to, journey or None))
    return found


class _SaidOnce:
    """Says each line once: what the preview has told is not told again while publishing."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            click.echo(line)


async def _drafts(platform: Platform) -> ContentTree:
    from bot.publishing.drafts import draft_tree

    async with platform.sessions() as session:
        return await draft_tree(session)


async def _show_publication(platform: Platform, wanted: int | None) -> int:
    """Shows what going back to a publication changes; the one before the present one, when none is wanted."""
    from base.errors import NotFound
    from bot.publishing.contents import find_live, get_publication, list_publications, tree_of
    from bot.publishing.differences import differences

    async with platform.sessions() as session:
        if wanted is None:
            known = await list_publications(session, limit=2)
            if len(known) < 2:
                raise NotFound("There is nothing to go back to: fewer than two publications were made.")
            wanted = known[1].seq
        earlier = await get_publication(session, wanted)
        changed = differences(await tree_of(session, await find_live(session)), await tree_of(session, earlier))
    click.echo(publication_line(earlier))
    for one in changed:
        show_difference(one, texts=False)
    return wanted


async def _show_item(platform: Platform, item: str, version: int) -> None:
    from bot.publishing.contents import find_live, tree_of
    from bot.publishing.differences import difference
    from bot.publishing.versions import get_files

    async with platform.sessions() as session:
        live = (await tree_of(session, await find_live(session))).get(item)
        show_difference(difference(item, live, await get_files(session, item, version)), texts=False)


def _show_seconds(report: PublicationReport) -> None:
    took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
    if took:
        click.echo(f"It took: {took}.")

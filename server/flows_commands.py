"""`parley flows …`: check, test, publish, compare, roll back, carry over and try out flows. Hands over to the rooms."""

from __future__ import annotations

import asyncio
import getpass
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.settings import Settings, read_settings

if TYPE_CHECKING:
    from bot.publishing.differences import ItemDifference
    from flows.content_tree import ContentTree
    from server.wiring import Platform

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


def _content_options(command: click.decorators.FC) -> click.decorators.FC:
    command = click.option("--nlu", type=_FOLDER, help="Folder with intents/ and knowledge/.")(command)
    return click.option("--content", type=_FOLDER, help="Folder with library/ and journeys/.")(command)


def _settings(content: Path | None = None, nlu: Path | None = None) -> Settings:
    given = {"content_dir": content, "nlu_dir": nlu}
    return read_settings(**{name: path.resolve() for name, path in given.items() if path is not None})


def _author() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in a container
        return "operator"


@click.group()
def flows() -> None:
    """Work on flows: check, test, publish, diff, history, rollback, export, import, simulate."""


@flows.command()
@_content_options
def check(content: Path | None, nlu: Path | None) -> None:
    """Check the content folder; every fault comes with its file, line, step and remedy."""
    from flows.compiler import load_content
    from flows.errors import FlowsRefused

    settings = _settings(content, nlu)
    try:
        loaded = load_content(settings.content_dir, settings.nlu_dir / "knowledge", settings.nlu_dir / "intents")
    except FlowsRefused as refused:
        click.echo(str(refused))
        click.echo(f"{len(refused.faults)} faults.", err=True)
        sys.exit(1)
    tests = sum(len(file.conversations.root) for file in loaded.tests.values())
    click.echo(f"{len(loaded.flows)} flows, {len(loaded.journeys)} journeys, {tests} test conversations: no fault.")


@flows.command()
@click.argument("names", nargs=-1, metavar="[FLOW]…")
@_content_options
def test(names: tuple[str, ...], content: Path | None, nlu: Path | None) -> None:
    """Run the test conversations of all flows, or of those named."""
    from server.flows_tests import run_folder_tests

    report = asyncio.run(run_folder_tests(_settings(content, nlu), names, click.echo))
    if not report.passed:
        click.echo(report.as_text())
        click.echo(f"{len(report.failures)} of {report.conversations} test conversations fail.", err=True)
        sys.exit(1)
    click.echo(f"{report.conversations} test conversations passed.")


@flows.command()
@_content_options
@click.option("--drafts", is_flag=True, help="Publish what was edited in the admin instead of the content folder.")
@click.option("--note", default="", help="Why, for the history.")
@click.option("--author", default=_author, help="Who, for the history; you, when not given.")
@click.option("--replay", default=50, show_default=True, help="How many of the last conversations are replayed.")
@click.option("--strict-replay", is_flag=True, help="Refuse when one of them would end otherwise.")
@click.option("--force", is_flag=True, help="Publish although something else went live since.")
@click.option("--yes", is_flag=True, help="Do not ask.")
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
) -> None:
    """Check, test, replay, then make live on every dialogue process. People in mid-flow go on where they are."""
    from server.publishing import open_publisher, shipped_tree

    settings = _settings(content, nlu)

    async def run() -> None:
        async with open_publisher(settings, click.echo) as (publisher, platform):
            if not yes:
                await _show_difference(platform, None if drafts else shipped_tree(settings))
                click.confirm("Publish this?", abort=True)
            if drafts:
                report = await publisher.publish_drafts(
                    author=author, note=note, replay=replay, strict_replay=strict_replay, force=force, say=click.echo
                )
            else:
                report = await publisher.publish(
                    shipped_tree(settings), author=author, note=note, replay=replay, strict_replay=strict_replay,
                    force=force, say=click.echo,
                )  # fmt: skip
        took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
        click.echo(f"{took}." if took else "")

    asyncio.run(run())


@flows.command()
@_content_options
@click.argument("item", required=False)
@click.argument("versions", nargs=-1, type=int, metavar="[FROM [TO]]")
def diff(content: Path | None, nlu: Path | None, item: str | None, versions: tuple[int, ...]) -> None:
    """Compare what is live with the content folder, or two versions of one ITEM such as library/demo_request."""
    from server.database_access import open_database
    from server.publishing import shipped_tree

    settings = _settings(content, nlu)

    async def run() -> None:
        async with open_database(settings) as platform:
            if item is None or not versions:
                await _show_difference(platform, shipped_tree(settings), item)
            else:
                await _show_versions(platform, item, versions)

    asyncio.run(run())


@flows.command()
@click.argument("item", required=False)
def history(item: str | None) -> None:
    """List the publications, or the versions of one ITEM such as library/demo_request."""
    from bot.publishing.contents import list_publications
    from bot.publishing.versions import history as versions_of
    from server.database_access import open_database

    async def run() -> None:
        async with open_database(_settings()) as platform, platform.sessions() as session:
            if item is None:
                for number, one in enumerate(await list_publications(session)):
                    at = f"{one.published_at:%Y-%m-%d %H:%M}" if one.published_at else ""
                    click.echo(f"{one.seq:>5}  {at}  {one.author:16} {one.note}{'  (live)' if number == 0 else ''}")
                return
            for version in await versions_of(session, item):
                used = ", ".join(str(seq) for seq in version.publications)
                mark = "  (live)" if version.live else ""
                at = f"{version.created_at:%Y-%m-%d %H:%M}"
                click.echo(
                    f"{version.number:>5}  {at}  {version.author:16} in publication {used}  {version.note}{mark}"
                )

    asyncio.run(run())


@flows.command()
@click.argument("publication", type=int, required=False)
@click.option("--item", help="Take back one item only, such as library/demo_request.")
@click.option("--version", type=int, help="The item's version to go back to.")
@click.option("--note", default="", help="Why, for the history.")
@click.option("--author", default=_author, help="Who, for the history; you, when not given.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rollback(
    publication: int | None, *, item: str | None, version: int | None, note: str, author: str, yes: bool
) -> None:
    """Make an earlier PUBLICATION live again; the one before the present one, when none is named."""
    from bot.publishing.contents import list_publications
    from server.publishing import open_publisher

    if (item is None) != (version is None):
        raise click.UsageError("--item and --version belong together.")

    async def run() -> None:
        async with open_publisher(_settings(), click.echo) as (publisher, platform):
            if item is not None and version is not None:
                _confirm(f"Take {item} back to version {version}?", yes=yes)
                await publisher.rollback_item(item, version, author=author, note=note, say=click.echo)
                return
            async with platform.sessions() as session:
                known = await list_publications(session, limit=2)
            if publication is None and len(known) < 2:
                raise click.ClickException("There is nothing to go back to: only one publication was made.")
            wanted = publication or known[1].seq
            _confirm(f"Go back to publication {wanted}?", yes=yes)
            await publisher.rollback(wanted, author=author, note=note, say=click.echo)

    asyncio.run(run())


@flows.command()
@click.argument("flow", required=False)
@_content_options
@click.option("--channel", type=click.Choice(["web", "sms", "telegram", "voice", "email"]), default="web")
@click.option("--language", default=None, help="Language of the person; the content's own, when not given.")
def simulate(flow: str | None, content: Path | None, nlu: Path | None, channel: str, language: str | None) -> None:
    """Chat with the content folder's flows in the terminal; shows step, slots and effects. Nothing is stored."""
    from server.flows_tests import open_rehearsal
    from server.simulator import simulate as run_simulator

    async def run() -> None:
        settings = _settings(content, nlu)
        now = datetime.now().astimezone()
        async with open_rehearsal(settings, channel, language, now, click.echo) as rehearsal:
            await run_simulator(rehearsal, flow)

    asyncio.run(run())


@flows.command(name="export")
@click.argument("flow")
@_content_options
@click.option("--live", is_flag=True, help="Take what is live instead of the content folder.")
@click.option("--out", type=_FILE, help="File to write; FLOW.zip, when not given.")
def export_(flow: str, content: Path | None, nlu: Path | None, *, live: bool, out: Path | None) -> None:
    """Write a FLOW with all it depends on into one file, for another Parley."""
    from bot.publishing.bundle import export_flow
    from bot.publishing.contents import find_live, tree_of
    from server.database_access import open_database
    from server.publishing import shipped_tree

    async def live_tree() -> tuple[ContentTree, dict[str, int]]:
        async with open_database(_settings(content, nlu)) as platform, platform.sessions() as session:
            published = await find_live(session)
            return await tree_of(session, published), dict(published.contents)

    tree, versions = asyncio.run(live_tree()) if live else (shipped_tree(_settings(content, nlu)), {})
    path = out or Path(f"{flow}.zip")
    path.write_bytes(export_flow(flow, tree, versions))
    click.echo(f"{flow} is in {path}.")


@flows.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_content_options
@click.option("--drafts", is_flag=True, help="Take it in as drafts of the admin instead of into the content folder.")
@click.option("--overwrite", is_flag=True, help="Replace what is here already with other contents.")
@click.option("--author", default=_author, help="Who, for the history; you, when not given.")
def import_(file: Path, content: Path | None, nlu: Path | None, *, drafts: bool, overwrite: bool, author: str) -> None:
    """Take in a FILE that `flows export` wrote. Nothing goes live by that."""
    from server.flows_import import import_as_drafts_of, import_into_folder

    settings = _settings(content, nlu)
    if drafts:
        plan = asyncio.run(import_as_drafts_of(settings, file.read_bytes(), author=author, overwrite=overwrite))
    else:
        plan = import_into_folder(settings, file.read_bytes(), overwrite=overwrite)
    for item in sorted(plan.changed):
        click.echo(f"{item}: taken in")
    for item in plan.kept:
        click.echo(f"{item}: yours is kept")
    click.echo("Look at it with `flows diff`, then `flows publish`.")


def _confirm(question: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True)


async def _show_difference(platform: Platform, tree: ContentTree | None, item: str | None = None) -> None:
    """What differs between what is live and a tree (the drafts, when none is given)."""
    from bot.publishing.contents import find_live, tree_of
    from bot.publishing.differences import differences
    from bot.publishing.drafts import draft_tree

    async with platform.sessions() as session:
        live = await tree_of(session, await find_live(session))
        changed = differences(live, await draft_tree(session) if tree is None else tree)
    chosen = [one for one in changed if item in (None, one.item)]
    if not chosen:
        click.echo("No difference to what is live.")
    for one in chosen:
        _show_item(one, texts=item is not None)


async def _show_versions(platform: Platform, item: str, versions: tuple[int, ...]) -> None:
    from bot.publishing.contents import find_live
    from bot.publishing.differences import difference_of_versions

    async with platform.sessions() as session:
        live = (await find_live(session)).contents.get(item, versions[0])
        _show_item(await difference_of_versions(session, item, versions[0], (*versions[1:], live)[0]), texts=True)


def _show_item(one: ItemDifference, *, texts: bool) -> None:
    click.secho(one.item, bold=True)
    for words in one.words:
        click.echo(f"  {words}")
    for text in one.texts.values() if texts else ():
        click.echo(text)

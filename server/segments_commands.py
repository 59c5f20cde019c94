"""`parley segments …`: which segments there are, how many are in them, and one of them in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import click

from server.settings import read_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from crm.segments.models import Segment
    from server.wiring import Platform

_LANGUAGES = click.Choice(["en", "de", "es", "fr"])
_SHOWN = 10
"""Members of one segment."""


@click.group()
def segments() -> None:
    """Segments: who belongs together by what is known of them (needs DATABASE_URL)."""


@segments.command(name="list")
def list_() -> None:
    """List all segments with how many are in them."""
    from crm.segments.building import count_contacts
    from crm.segments.counting import count_members
    from crm.segments.service import list_segments

    async def run(session: AsyncSession, _platform: Platform) -> list[str]:
        contacts, lines = await count_contacts(session), []
        members = await count_members(session)
        for one in await list_segments(session):
            state = "" if one.state == "live" else f"  (members are being found: {one.built:,} of {contacts:,} asked)"
            lines.append(f"{one.id}  {members.get(one.id, 0):>9,}  {one.name}{state}")
        return lines

    for line in _run(run):
        click.echo(line)


@segments.command()
@click.argument("name")
@click.option("--language", type=_LANGUAGES, default="en", show_default=True, help="Of the conditions in words.")
def count(name: str, language: str) -> None:
    """Count anew for how many the segment NAME holds, whole and condition by condition; NAME may be its id."""
    from crm.segments.counting import Counts, count_each
    from crm.segments.service import names_of
    from crm.segments.tree import SegmentTree
    from crm.segments.words import describe_each

    async def run(session: AsyncSession, platform: Platform) -> tuple[Counts, list[str]]:
        tree = SegmentTree.model_validate((await _find(session, name)).tree)
        told = describe_each(tree, language, await names_of(session, tree.segments()))
        return await count_each(session, tree, platform.clock.now()), told

    counts, told = _run(run)
    for contacts, words in zip(counts.conditions, told, strict=True):
        click.echo(f"{contacts:>9,}  {words}")
    click.echo(f"{counts.matching:>9,}  together")
    if counts.refused:
        click.echo(f"{counts.refused:>9,}  more fit, but may not be profiled")


@segments.command()
@click.argument("name")
@click.option("--language", type=_LANGUAGES, default="en", show_default=True)
def show(name: str, language: str) -> None:
    """Show the segment NAME in words, and who entered it last; NAME may be its id."""
    from crm.segments.counting import list_members
    from crm.segments.service import names_of
    from crm.segments.tree import SegmentTree
    from crm.segments.words import describe

    async def run(session: AsyncSession, _platform: Platform) -> list[str]:
        segment = await _find(session, name)
        tree = SegmentTree.model_validate(segment.tree)
        told = describe(tree, language, await names_of(session, tree.segments()))
        lines = [f"{segment.name}  {segment.id}  version {segment.version}, {segment.state}", told]
        if tree.profiles():
            lines.append("Who may not be profiled is not in it.")
        members = await list_members(session, segment.id, _SHOWN)
        return [*lines, *(f"{one.contact_id}  since {one.entered_at:%Y-%m-%d %H:%M}" for one in members)]

    for line in _run(run):
        click.echo(line)


async def _find(session: AsyncSession, name: str) -> Segment:
    from base.errors import NotFound
    from crm.segments.service import find_segment

    segment = await find_segment(session, name)
    if segment is None:
        raise NotFound(f"There is no segment {name}. `parley segments list` lists them.")
    return segment


def _run(work: Callable[[AsyncSession, Platform], Coroutine[Any, Any, Any]]) -> Any:
    from admin.snapshot import snapshot
    from server.database_access import open_database

    async def run() -> Any:
        async with open_database(read_settings()) as platform, snapshot(platform.sessions) as session:
            return await work(session, platform)

    return asyncio.run(run())

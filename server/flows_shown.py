"""How publications, versions and differences look in the terminal. Decides and changes nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.publishing.contents import Published
    from bot.publishing.differences import ItemDifference
    from bot.publishing.versions import VersionEntry
    from flows.content_tree import ContentTree
    from server.wiring import Platform

WIDTH = 100
"""Columns that output keeps within, where texts are not shown as they are."""

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


async def show_changes(platform: Platform, tree: ContentTree, item: str | None = None) -> bool:
    """Shows what differs between what is live and a tree.

    Args:
        item: shows this one only, line by line.

    Returns:
        Whether anything does.

    Raises:
        NotFound: the item is neither live nor in the tree.
    """
    from base.errors import NotFound
    from bot.publishing.contents import find_live, tree_of
    from bot.publishing.differences import differences

    async with platform.sessions() as session:
        live = await tree_of(session, await find_live(session))
    if item is not None and item not in live and item not in tree:
        raise NotFound(f"{item} is neither live nor in the content folder; `parley flows diff` lists what differs.")
    chosen = [one for one in differences(live, tree) if item in (None, one.item)]
    if not chosen:
        click.echo("No difference to what is live.")
    for one in chosen:
        show_difference(one, texts=item is not None)
    return bool(chosen)


def show_difference(one: ItemDifference, *, texts: bool) -> None:
    """Shows how an item changed.

    Args:
        texts: shows each changed line as well.
    """
    click.secho(one.item, bold=True)
    for words in one.words:
        click.echo(textwrap.fill(words, WIDTH, initial_indent="  ", subsequent_indent="    "))
    for text in one.texts.values() if texts else ():
        for line in text.splitlines():
            click.secho(line, fg=_COLOURS.get(line[:1]))


def publication_line(one: Published, *, live: bool = False) -> str:
    """A publication, for the history."""
    return _row(one.seq, one.published_at, one.author, one.note, live=live)


def version_line(one: VersionEntry) -> str:
    """A version of an item, for its history."""
    used = f"in publication {', '.join(_ranges(one.publications))}" if one.publications else "never published"
    return _row(one.number, one.created_at, one.author, f"{used}: {one.note}" if one.note else used, live=one.live)


def _row(number: int, at: datetime | None, author: str, note: str, *, live: bool) -> str:
    when = f"{at.astimezone():%Y-%m-%d %H:%M}" if at else ""
    mark = "live" if live else ""
    head = f"{number:>5}  {when:16}  {mark:4}  {author:12}  "
    return textwrap.fill(head + note, WIDTH, subsequent_indent=" " * len(head), drop_whitespace=True).rstrip()


def _ranges(numbers: Iterable[int]) -> Iterator[str]:
    """Neighbours together: 1, 3-5."""
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}"

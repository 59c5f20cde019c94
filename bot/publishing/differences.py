"""How two versions of an item differ: line by line, and in words."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.publishing.changes_in_words import describe_changes
from bot.publishing.versions import get_files
from flows.content_tree import ContentTree, Files, changed_items

_NO_FILES: Files = {}


@dataclass(frozen=True)
class ItemDifference:
    """How an item changed.

    Attributes:
        words: what changed, a line each.
        texts: a unified diff of each file that changed.
    """

    item: str
    words: list[str]
    texts: dict[str, str]


def difference(item: str, before: Files | None, after: Files | None) -> ItemDifference:
    """Compares two states of an item; None where there is no such item."""
    return ItemDifference(item, describe_changes(item, before, after), unified_diffs(before, after))


def differences(before: ContentTree, after: ContentTree) -> list[ItemDifference]:
    """Compares two trees, item by item."""
    return [difference(item, before.get(item), after.get(item)) for item in changed_items(before, after)]


def unified_diffs(before: Files | None, after: Files | None) -> dict[str, str]:
    """A unified diff of each file that is not the same."""
    old, new = before or _NO_FILES, after or _NO_FILES
    changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return {name: _unified(name, old.get(name), new.get(name)) for name in changed}


async def difference_of_versions(session: AsyncSession, item: str, before: int, after: int) -> ItemDifference:
    """Compares two published versions.

    Raises:
        NotFound: one of them does not exist.
    """
    return difference(item, await get_files(session, item, before), await get_files(session, item, after))


def _unified(name: str, before: str | None, after: str | None) -> str:
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        "/dev/null" if before is None else f"a/{name}",
        "/dev/null" if after is None else f"b/{name}",
    )
    return "".join(lines)


def _lines(text: str | None) -> list[str]:
    lines = (text or "").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines

"""Merges two people's edits of one draft, part by part: what one changed is taken, what both changed is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.publishing.content_parts import ORDER, PartName, join, split
from flows.content_data import ContentData, same


class _Nothing:
    """Stands for a part that is not there."""


_NOTHING = _Nothing()


@dataclass(frozen=True)
class Clash:
    """A part that both changed, and not to the same. None: it is not there."""

    part: PartName
    base: Any
    theirs: Any
    mine: Any


@dataclass(frozen=True)
class Merge:
    """What came of it.

    Attributes:
        data: the merged data; that of `theirs` in the parts that clash.
        theirs: the parts that were taken from them.
        clashes: what somebody must choose.
    """

    data: ContentData
    theirs: Sequence[PartName]
    clashes: Sequence[Clash]


def merge(base: ContentData, theirs: ContentData, mine: ContentData) -> Merge:
    """Bring what they and I made of one base together."""
    before, other, own = split(base), split(theirs), split(mine)
    merged: dict[PartName, Any] = {}
    taken: list[PartName] = []
    clashes: list[Clash] = []
    for part in dict.fromkeys((*own, *other)):
        if part == ORDER:
            continue
        value, is_theirs, clash = _choose(part, before, other, own)
        if not isinstance(value, _Nothing):
            merged[part] = value
        if is_theirs:
            taken.append(part)
        if clash is not None:
            clashes.append(clash)
    order, order_clash = _merge_orders(before.get(ORDER, []), other.get(ORDER, []), own.get(ORDER, []))
    merged[ORDER] = [name for name in order if PartName("step", name) in merged]
    if order_clash is not None:
        clashes.append(order_clash)
    elif not taken and merged[ORDER] != own.get(ORDER, []):
        taken.append(ORDER)
    return Merge(join(merged, (mine, theirs)), taken, clashes)


def _choose(
    part: PartName, before: Mapping[PartName, Any], other: Mapping[PartName, Any], own: Mapping[PartName, Any]
) -> tuple[Any, bool, Clash | None]:
    """The part as it is to be, whether it is theirs, and the clash if it is one."""
    base, theirs, mine = (parts.get(part, _NOTHING) for parts in (before, other, own))
    if _alike(theirs, mine) or _alike(theirs, base):
        return mine, False, None
    if _alike(mine, base):
        return theirs, True, None
    return theirs, False, Clash(part, *(None if isinstance(one, _Nothing) else one for one in (base, theirs, mine)))


def _alike(one: object, other: object) -> bool:
    return one is other or (not isinstance(one, _Nothing) and not isinstance(other, _Nothing) and same(one, other))


def _merge_orders(base: Sequence[str], theirs: Sequence[str], mine: Sequence[str]) -> tuple[list[str], Clash | None]:
    """All steps of both in one order: mine where I moved some, theirs where they did."""
    shared = set(base) & set(theirs) & set(mine)
    old, other, own = ([name for name in names if name in shared] for names in (base, theirs, mine))
    they_moved, i_moved = other != old, own != old
    clash = None
    if they_moved and i_moved and other != own:
        clash = Clash(ORDER, list(base), list(theirs), list(mine))
    first, second = (theirs, mine) if they_moved else (mine, theirs)
    return _weave(first, second), clash


def _weave(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """The first list, with what only the second has behind what it stands behind there."""
    woven = list(first)
    place = 0
    for name in second:
        if name in woven:
            place = woven.index(name) + 1
        else:
            woven.insert(place, name)
            place += 1
    return woven

"""What differs between two states of an item, part by part and field by field: for a diff that is looked at. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.publishing.changes_in_words import moved_steps
from bot.publishing.content_parts import ORDER, PartName, split
from flows.content_data import ContentData, same

Change = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True)
class FieldChange:
    """A field that is another; None where it is not there."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class PartChange:
    """A part that is new, gone, another, or a step that stands elsewhere."""

    part: PartName
    change: Change
    fields: tuple[FieldChange, ...] = ()


def compare(before: ContentData, after: ContentData) -> list[PartChange]:
    """List what changed: settings, slots, steps in their order, words, tests."""
    old, new = split(before), split(after)
    return [*_changed(old, new), *_moved(old.get(ORDER, []), new.get(ORDER, []))]


def _changed(old: Mapping[PartName, Any], new: Mapping[PartName, Any]) -> Iterator[PartChange]:
    for part in dict.fromkeys((*new, *old)):
        if part.kind in {"order", "language"}:
            continue
        if part not in old:
            yield PartChange(part, "added", tuple(_fields(None, new[part])))
        elif part not in new:
            yield PartChange(part, "removed", tuple(_fields(old[part], None)))
        elif not same(old[part], new[part]):
            yield PartChange(part, "changed", tuple(_fields(old[part], new[part])))


def _fields(before: Any, after: Any) -> Iterator[FieldChange]:
    if not isinstance(before, dict | None) or not isinstance(after, dict | None):
        yield FieldChange("", before, after)
        return
    old, new = before or {}, after or {}
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new or not same(old[name], new[name]):
            yield FieldChange(str(name), old.get(name), new.get(name))


def _moved(before: list[str], after: list[str]) -> Iterator[PartChange]:
    for step in moved_steps(before, after):
        follows = FieldChange("after", _behind(step, before), _behind(step, after))
        yield PartChange(PartName("step", step), "moved", (follows,))


def _behind(step: str, order: list[str]) -> str | None:
    place = order.index(step)
    return order[place - 1] if place else None

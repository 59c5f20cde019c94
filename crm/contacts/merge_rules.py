"""What two contacts' own rows come to as one, and what becomes of the one when that is taken back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from crm.contacts.rules import Stage

_FURTHEST: tuple[Stage, ...] = ("visitor", "lead", "mql", "sql", "disqualified", "customer")
"""A person's decision that somebody is no lead stands, unless they bought. See `rules.stages_before`."""
assert set(_FURTHEST) == set(get_args(Stage))
Value = TypeVar("Value")
Row = Mapping[str, Any]
"""A contact's own row as JSON, by column."""


def join_rows(survivor: Row, merged: Row, take: Sequence[str] = ()) -> dict[str, Any]:
    """The columns of the survivor's row that a merge decides about: what it knows stays, the other fills gaps.

    Args:
        take: fields in which the other one is right.
    """
    fields = {name: value for name, value in merged["fields"].items() if not _is_blank(value)}
    own = {name: value for name, value in survivor["fields"].items() if name not in fields or not _is_blank(value)}
    taken = {name: fields[name] for name in take if name in fields}
    return {
        "fields": fields | own | taken,
        "tags": list(dict.fromkeys([*survivor["tags"], *merged["tags"]])),
        "stage": max(survivor["stage"], merged["stage"], key=_FURTHEST.index),
        "qualification": survivor["qualification"] or merged["qualification"],
        "time_zone": survivor["time_zone"] or merged["time_zone"],
    }


def conflicts_of(survivor: Row, merged: Row) -> dict[str, tuple[Any, Any]]:
    """Fields of which both know something else: the survivor's value, the other's."""
    return {
        name: (survivor["fields"][name], value)
        for name, value in sorted(merged["fields"].items())
        if not _is_blank(value) and not _is_blank(survivor["fields"].get(name)) and survivor["fields"][name] != value
    }


def part_row(now: Row, before: Row, after: Row) -> dict[str, Any]:
    """The survivor's columns once the merge is taken back: as they were, but for what changed since.

    Args:
        now: the row as it stands.
        before: its columns before the merge.
        after: the same columns as the merge left them.
    """
    parted: dict[str, Any] = {
        name: _unless_changed(now[name], before[name], after[name])
        for name in before
        if name not in ("fields", "tags", "updated_at")
    }
    fields = now["fields"]
    for name in {*before["fields"], *after["fields"]}:
        fields = _part_field(fields, name, before["fields"], after["fields"])
    parted["fields"] = fields
    parted["tags"] = _part_tags(now["tags"], before["tags"], after["tags"])
    parted["updated_at"] = _unless_changed(now["updated_at"], before["updated_at"], after["updated_at"])
    return parted


def _part_field(fields: Row, name: str, before: Row, after: Row) -> Row:
    if (name in fields, fields.get(name)) != (name in after, after.get(name)):
        return fields
    others = {known: value for known, value in fields.items() if known != name}
    return others | ({name: before[name]} if name in before else {})


def _part_tags(now: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    if now == after:
        return list(before)
    return [tag for tag in now if tag in before or tag not in after]


def _unless_changed(now: Value, before: Value, after: Value) -> Value:
    return before if now == after else now


def _is_blank(value: Any) -> bool:
    return value is None or value == ""

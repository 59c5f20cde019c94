"""What a segment's rule means, said again in plain Python over people made up by tests; the SQL must say the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from crm.consent.rules import LedgerEntry, consent_for, fold
from crm.segments.tree import (
    AddressCondition,
    AllOf,
    AnyOf,
    ConsentCondition,
    DateCondition,
    EventCondition,
    FactCondition,
    InSegment,
    NearText,
    Not,
    ScoreCondition,
    SegmentTree,
    TagCondition,
)

ENCODER = "test"


@dataclass
class Person:
    """Everything a rule can ask about."""

    columns: dict[str, Any]
    score: int
    scores: dict[str, float]
    fields: dict[str, Any]
    tags: list[str]
    created_at: datetime
    events: list[tuple[str, datetime, dict[str, Any]]]
    said: list[LedgerEntry]
    points: list[tuple[str, bool]]
    segments: set[UUID]
    wrote: list[list[float]]
    refusal: str | None = None
    id: UUID | None = field(default=None)


def is_inside(tree: SegmentTree, person: Person, now: datetime, meanings: dict[str, list[float]]) -> bool:
    return (not tree.profiles() or person.refusal is None) and holds(tree.root, person, now, meanings)


def holds(node: Any, person: Person, now: datetime, meanings: dict[str, list[float]]) -> bool:
    def part_holds(part: Any) -> bool:
        return holds(part, person, now, meanings)

    return _MEANING[type(node)](node, person, now, meanings, part_holds)


_MEANING: dict[type, Callable[..., bool]] = {
    AllOf: lambda node, _person, _now, _meanings, part_holds: all(map(part_holds, node.all)),
    AnyOf: lambda node, _person, _now, _meanings, part_holds: any(map(part_holds, node.any)),
    Not: lambda node, _person, _now, _meanings, part_holds: not part_holds(node.negated),
    FactCondition: lambda node, person, *_: fits(
        (person.columns if node.fact in person.columns else person.fields).get(node.fact), node
    ),
    TagCondition: lambda node, person, *_: node.tag in person.tags,
    DateCondition: lambda node, person, now, *_: date_fits(node, person, now),
    EventCondition: lambda node, person, now, *_: times_fit(
        node, sum(counts(node, event, now) for event in person.events)
    ),
    ScoreCondition: lambda node, person, *_: score_fits(node, person),
    ConsentCondition: lambda node, person, now, *_: (
        consent_for(fold(person.said), node.consent, node.channel).at(now).state == node.is_
    ),
    AddressCondition: lambda node, person, *_: address_fits(node, person),
    InSegment: lambda node, person, *_: node.segment in person.segments,
    NearText: lambda node, person, _now, meanings, _part_holds: any(
        cosine(vector, meanings[node.near]) >= node.at_least for vector in person.wrote
    ),
}


def score_fits(node: ScoreCondition, person: Person) -> bool:
    score = person.score if node.score == "total" else person.scores.get(node.score, 0)
    return score >= node.value if node.op == "at_least" else score <= node.value


def address_fits(node: AddressCondition, person: Person) -> bool:
    proven = [verified for kind, verified in person.points if kind == node.address]
    return bool(proven) and (node.verified is None or any(proven) == node.verified)


def fits(actual: Any, node: Any) -> bool:
    if actual is None:
        return node.op in ("unknown", "is_not")
    return _COMPARISONS[node.op](actual, node.value)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "known": lambda _actual, _wanted: True,
    "unknown": lambda _actual, _wanted: False,
    "is": same,
    "is_not": lambda actual, wanted: not same(actual, wanted),
    "in": lambda actual, wanted: any(same(actual, one) for one in wanted),
    "starts_with": lambda actual, wanted: isinstance(actual, str) and actual.startswith(wanted),
    "contains": lambda actual, wanted: isinstance(actual, str) and wanted in actual,
    "at_least": lambda actual, wanted: is_number(actual) and actual >= wanted,
    "at_most": lambda actual, wanted: is_number(actual) and actual <= wanted,
}


def counts(node: EventCondition, event: tuple[str, datetime, dict[str, Any]], now: datetime) -> bool:
    kind, at, data = event
    return (
        kind == node.event
        and (node.in_last is None or at > now - node.in_last.length)
        and (node.since is None or at >= node.since)
        and (node.until is None or at < node.until)
        and all(fits(data.get(one.property), one) for one in node.where)
    )


def times_fit(node: EventCondition, number: int) -> bool:
    return {
        "at_least": number >= node.count,
        "at_most": number <= node.count,
        "exactly": number == node.count,
    }[node.times]


def date_fits(node: DateCondition, person: Person, now: datetime) -> bool:
    at = person.created_at if node.date == "created_at" else read(person.fields.get(node.date))
    if at is None:
        return False
    days = timedelta(days=node.days or 0)
    day = None if node.day is None else datetime.combine(node.day, time(), UTC)
    return {
        "in_next": lambda: now < at <= now + days,
        "in_last": lambda: now - days < at <= now,
        "at_least_ago": lambda: at <= now - days,
        "at_least_ahead": lambda: at > now + days,
        "before": lambda: at < day,
        "on_or_after": lambda: at >= day,
    }[node.is_]()


def read(value: Any) -> datetime | None:
    """A day, or a time with or without its offset from UTC; anything else is no date."""
    if not isinstance(value, str) or not re.fullmatch(
        r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?", value
    ):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def cosine(one: list[float], other: list[float]) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5

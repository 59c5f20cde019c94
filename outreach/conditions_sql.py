"""Conditions of journeys as SQL over contacts, so that a set of enrolments branches in one statement.

Means exactly what `flows.conditions.condition_holds` means, and asks the database besides for scores, segments and what
happened. Values are bound, names never become SQL text. A statement of them is given `now`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Interval,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from base.json_values import COMPARISONS, Value, as_json
from crm.contacts.models import Contact
from crm.scoring.models import ContactScores
from crm.segments.models import Segment, SegmentMember
from crm.timeline.models import TimelineEvent

_COLUMNS: dict[str, Any] = {
    "score": Contact.score,
    "qualification": Contact.qualification,
    "stage": Contact.stage,
    "language": Contact.language,
}
"""Facts with a column of their own; every other fact is looked up in `contacts.fields`."""
_TOTAL = "total"

NOW = bindparam("now", type_=DateTime(timezone=True))


def compile_condition(condition: Mapping[str, Any]) -> ColumnElement[bool]:
    """The condition as an expression that is true or false, never null."""
    if "all" in condition:
        return and_(true(), *map(compile_condition, condition["all"]))
    if "any" in condition:
        return or_(false(), *map(compile_condition, condition["any"]))
    if "not" in condition:
        return not_(compile_condition(condition["not"]))
    if "segment" in condition:
        return _in_segment(condition["segment"])
    if "happened" in condition:
        return _happened(condition)
    compare = _OPERATORS.get(condition["op"])
    return compare(_value(condition), condition.get("value")) if compare else false()


def matching_events(kind: str, where: Mapping[str, Any] | None) -> list[ColumnElement[bool]]:
    """What an event of the contact of the statement's row must fulfil."""
    wanted: list[ColumnElement[bool]] = [TimelineEvent.contact_id == Contact.id, TimelineEvent.kind == kind]
    if where:
        wanted.append(compile_condition(where))
    return wanted


def _happened(condition: Mapping[str, Any]) -> ColumnElement[bool]:
    wanted = matching_events(condition["happened"], condition.get("where"))
    if condition.get("within_seconds") is not None:
        length = literal(timedelta(seconds=condition["within_seconds"]), Interval())
        wanted.append(TimelineEvent.occurred_at > cast(NOW - length, DateTime(timezone=True)))
    times = condition.get("at_least", 1)
    if times == 1:
        return exists().where(*wanted)
    # No more are counted than it takes.
    found = select(TimelineEvent.id).where(*wanted).correlate(Contact).limit(times).subquery()
    often: ColumnElement[bool] = select(func.count()).select_from(found).scalar_subquery() >= times
    return often


def _in_segment(name: str) -> ColumnElement[bool]:
    named = or_(Segment.name == name, cast(Segment.id, Text) == name)
    return exists().where(
        SegmentMember.contact_id == Contact.id, SegmentMember.segment_id.in_(select(Segment.id).where(named))
    )


def _value(condition: Mapping[str, Any]) -> Value:
    """What is compared, as JSON, null when unknown. JSON keeps true, 1 and "1" apart and takes 1 and 1.0 as equal."""
    if "property" in condition:
        return func.nullif(TimelineEvent.data[condition["property"]], as_json(None), type_=JSONB)
    if "score" in condition:
        return _score(condition["score"])
    name: str = condition["fact"]
    if name in _COLUMNS:
        return func.to_jsonb(_COLUMNS[name], type_=JSONB)
    return func.nullif(Contact.fields[name], as_json(None), type_=JSONB)


def _score(name: str) -> Value:
    if name == _TOTAL:
        return func.to_jsonb(Contact.score, type_=JSONB)
    scores = select(ContactScores.scores[name]).where(ContactScores.contact_id == Contact.id).correlate(Contact)
    return func.nullif(scores.scalar_subquery(), as_json(None), type_=JSONB)


_OPERATORS: Mapping[str, Callable[[Value, Any], ColumnElement[bool]]] = {
    **COMPARISONS,
    "known": lambda fact, _: fact.is_not(None),
    "unknown": lambda fact, _: fact.is_(None),
}

"""Conditions of branches as SQL over contacts, so that a set of enrolments branches in one statement.

Means exactly what `flows.conditions.condition_holds` means; values are bound, names never become SQL text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, case, cast, false, func, literal, not_, or_, true
from sqlalchemy.dialects.postgresql import JSONB

from crm.contacts.models import Contact

_COLUMNS: dict[str, Any] = {
    "score": Contact.score,
    "qualification": Contact.qualification,
    "stage": Contact.stage,
    "language": Contact.language,
}
"""Facts with a column of their own; every other fact is looked up in `contacts.fields`."""

Value = ColumnElement[Any]


def compile_condition(condition: Mapping[str, Any]) -> ColumnElement[bool]:
    """The condition as an expression that is true or false, never null."""
    if "all" in condition:
        return and_(true(), *map(compile_condition, condition["all"]))
    if "any" in condition:
        return or_(false(), *map(compile_condition, condition["any"]))
    if "not" in condition:
        return not_(compile_condition(condition["not"]))
    compare = _OPERATORS.get(condition["op"])
    return compare(_fact(condition["fact"]), condition.get("value")) if compare else false()


def _fact(name: str) -> Value:
    """The fact as JSON, null when unknown. JSON keeps true, 1 and "1" apart and compares 1 and 1.0 as equal."""
    if name in _COLUMNS:
        return func.to_jsonb(_COLUMNS[name], type_=JSONB)
    return func.nullif(Contact.fields[name], _json(None), type_=JSONB)


def _json(value: object) -> Value:
    return cast(literal(value, JSONB(none_as_null=False)), JSONB)


def _is(fact: Value, value: Any) -> ColumnElement[bool]:
    return func.coalesce(fact == _json(value), false())


def _is_number(fact: Value) -> ColumnElement[bool]:
    return func.jsonb_typeof(fact) == "number"


_OPERATORS: dict[str, Callable[[Value, Any], ColumnElement[bool]]] = {
    "known": lambda fact, _: fact.is_not(None),
    "unknown": lambda fact, _: fact.is_(None),
    "is": _is,
    "is_not": lambda fact, value: not_(_is(fact, value)),
    "in": lambda fact, values: or_(false(), *(_is(fact, value) for value in values)),
    # JSON numbers compare as numbers; a fact of another type is not more or less than any.
    "at_least": lambda fact, value: case((_is_number(fact), fact >= _json(value)), else_=false()),
    "at_most": lambda fact, value: case((_is_number(fact), fact <= _json(value)), else_=false()),
}

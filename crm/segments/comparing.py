"""Facts, properties and dates of a rule beside what the database has of them, as SQL. Knows no segment.

Values are bound, and so are names: a field or property is looked up by a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Float, case, cast, false, func, not_
from sqlalchemy.dialects.postgresql import JSONB

from base.json_values import COMPARISONS, Truth, Value
from crm.contacts.models import Contact
from crm.segments.tree import FactCondition, PropertyCondition
from crm.timeline.models import TimelineEvent

COLUMNS: Mapping[str, Any] = {
    "stage": Contact.stage,
    "qualification": Contact.qualification,
    "language": Contact.language,
    "time_zone": Contact.time_zone,
}
"""Facts with a column of their own; every other fact is looked up in `contacts.fields`."""

CREATED = "created_at"
_TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
_OFFSET = r"(Z|[+-](0\d|1[0-4]):[0-5]\d)"
ISO = rf"^\d{{4}}-\d\d-\d\d([T ]{_TIME}{_OFFSET}?)?$"
_WITH_OFFSET = rf"{_OFFSET}$"


def compare_fact(node: FactCondition) -> Truth:
    """Whether a fact of the contact is as it should be."""
    if node.fact not in COLUMNS:
        if node.op == "is":
            # The same as comparing the value, but looked up by an index where it is rare.
            return Contact.fields.expression.contains({node.fact: node.value})
        return _compare(Contact.fields[node.fact], Contact.fields[node.fact].astext, node)
    column = COLUMNS[node.fact]
    if node.op in {"is", "is_not", "in"}:
        # Columns hold text: anything else is none of it.
        values = node.value if isinstance(node.value, tuple) else (node.value,)
        same = func.coalesce(column.in_([one for one in values if isinstance(one, str)]), false())
        return not_(same) if node.op == "is_not" else same
    return _compare(func.to_jsonb(column, type_=JSONB), column, node)


def compare_property(node: PropertyCondition) -> Truth:
    """Whether a property of the event is as it should be."""
    return _compare(TimelineEvent.data[node.property], TimelineEvent.data[node.property].astext, node)


def read_time(text: Value) -> ColumnElement[datetime]:
    """A text as a moment; null when it is none. Without an offset it is UTC."""
    aware = case((text.regexp_match(_WITH_OFFSET), text), (func.length(text) == 10, text + "T00:00Z"), else_=text + "Z")
    valid = case((text.regexp_match(ISO), func.pg_input_is_valid(aware, "timestamptz")), else_=false())
    return case((valid, cast(aware, DateTime(timezone=True))))


def date_of(name: str) -> ColumnElement[datetime]:
    """The moment a date of a contact names, null when there is none."""
    return Contact.created_at.expression if name == CREATED else read_time(Contact.fields[name].astext)


def _compare(found: Value, text: Value, node: FactCondition | PropertyCondition) -> Truth:
    """A value in JSON, and as text, compared."""
    if node.op in {"known", "unknown"}:
        # JSON's own null has no text either.
        return text.is_not(None) if node.op == "known" else text.is_(None)
    if node.op in {"starts_with", "contains"}:
        return _compare_text(found, text, node)
    return COMPARISONS[node.op](found, node.value)


def _compare_text(found: Value, text: Value, node: FactCondition | PropertyCondition) -> Truth:
    value: Any = node.value
    same = text.startswith(value, autoescape=True) if node.op == "starts_with" else func.strpos(text, value) > 0
    return case((func.jsonb_typeof(found) == "string", same), else_=false())


def number_in(found: Value) -> Value:
    """A number in JSON; 0 where there is none."""
    return case((func.jsonb_typeof(found) == "number", cast(cast(found, JSONB), Float())), else_=0)

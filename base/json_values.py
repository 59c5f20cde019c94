"""Values in JSON columns compared in SQL. Values are bound; a comparison is true or false, never null.

JSON keeps true, 1 and "1" apart and takes 1 and 1.0 as equal. What is absent is equal to nothing, nor more or less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, cast, false, func, literal, true
from sqlalchemy.dialects.postgresql import JSONB

Value = ColumnElement[Any]
Truth = ColumnElement[bool]


def as_json(value: object) -> Value:
    """A value as JSON; None is JSON's own null."""
    return cast(literal(value, JSONB(none_as_null=False)), JSONB)


def _is_number(found: Value) -> Truth:
    return func.jsonb_typeof(found) == "number"


COMPARISONS: Mapping[str, Callable[[Value, Any], Truth]] = {
    "is": lambda found, value: func.coalesce(found == as_json(value), false()),
    "is_not": lambda found, value: func.coalesce(found != as_json(value), true()),
    "in": lambda found, values: func.coalesce(found.in_([as_json(value) for value in values]), false()),
    # JSON numbers compare as numbers; a value of another type is not more or less than any.
    "at_least": lambda found, value: case((_is_number(found), found >= as_json(value)), else_=false()),
    "at_most": lambda found, value: case((_is_number(found), found <= as_json(value)), else_=false()),
}
"""By operator, how a value found is compared with one wanted."""

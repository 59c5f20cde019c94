"""Counts what people did by the rules of events, as a part of a statement: for many contacts and all rules at once.

A rule's points are not asked here: two rules that count the same events in the same way are one `Behaviour`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Double,
    FromClause,
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    true,
)

from base.json_values import COMPARISONS
from base.row_sets import given_rows
from crm.scoring.rules import PropertyIs
from crm.timeline.models import TimelineEvent

_FARTHEST = -500.0
"""Half-lives after which what is left is no longer less: PostgreSQL refuses numbers that are nearer to nothing."""

_AS_TIMES = 8
"""How closely an operator binds, as SQLAlchemy has it: like `*`."""

Wheres = Mapping[int, Sequence[PropertyIs]]
"""The properties that the events of behaviours must have, by the behaviour's number."""


def behaviours() -> FromClause:
    """The rows of behaviours that are given to a statement: what to count how. `half_life` is seconds."""
    columns = {
        "number": Integer(),
        "kind": Text(),
        "since": DateTime(timezone=True),
        "at_least": Integer(),
        "at_most": Integer(),
        "once": Integer(),
        "half_life": Integer(),
    }
    return given_rows(columns, name="behaviours", parameter="behaviours")


def did(people: FromClause, now: ColumnElement[Any], wheres: Wheres) -> CTE:
    """A row for each of `people` and each behaviour that they showed at least so often.

    Of the latest events up to `at_most`: how many `times`, when the `latest` was and its id (of several at one moment
    any of them), and what they are `worth`: what is left then of one point of each. `first`: what is counted first
    falls out of the window first; of what counts once, the one that made it enough.
    """
    asked, event = behaviours(), TimelineEvent
    # As the index has them, so that nothing is sorted and only so many are read.
    latest_first = event.occurred_at.desc()
    each = (
        select(
            event.occurred_at.label("at"),
            func.row_number().over(order_by=latest_first).label("nth"),
            func.first_value(event.occurred_at).over(order_by=latest_first).label("latest"),
            func.first_value(event.id).over(order_by=latest_first).label("latest_id"),
        )
        .where(
            event.contact_id == people.c.id,
            event.kind == asked.c.kind,
            event.occurred_at <= now,
            event.occurred_at > asked.c.since,
            _fits_one_of(asked.c.number, wheres),
        )
        .order_by(latest_first)
        .limit(asked.c.at_most)
        .correlate(people, asked)
        .lateral("each")
    )
    left = left_of_one(each.c.latest - each.c.at, asked.c.half_life)
    counted = (
        select(
            func.count().label("times"),
            func.any_value(each.c.latest).label("latest"),
            func.any_value(each.c.latest_id).label("latest_id"),
            case(
                (asked.c.once == 1, func.max(each.c.at).filter(each.c.nth == asked.c.at_least)),
                else_=func.min(each.c.at),
            ).label("first"),
            case(
                (asked.c.once == 1, literal(1.0, Double())),
                (asked.c.half_life.is_(None), cast(func.count(), Double())),
                else_=func.sum(left),
            ).label("worth"),
        )
        .select_from(each)
        .correlate(people, asked)
        .lateral("counted")
    )
    return (
        select(people.c.id.label("contact_id"), asked.c.number, asked.c.once, *counted.c)
        .select_from(people.join(asked, true()).join(counted, counted.c.times >= asked.c.at_least))
        .cte("did")
    )


def left_of_one(age: ColumnElement[Any], half_life: ColumnElement[int]) -> ColumnElement[float]:
    """What is left of one point at an age, after so many seconds half of it."""
    halvings = quotient(func.date_part("epoch", age, type_=Double()), half_life)
    return func.power(literal(2.0, Double()), func.greatest(-halvings, _FARTHEST), type_=Double())


def quotient(one: ColumnElement[float], other: ColumnElement[Any]) -> ColumnElement[float]:
    """Of floating-point numbers: SQLAlchemy would have PostgreSQL take exact ones, which takes several times longer."""
    divided: ColumnElement[float] = one.op("/", precedence=_AS_TIMES, return_type=Double())(other)
    return divided


def _fits_one_of(number: ColumnElement[int], wheres: Wheres) -> ColumnElement[bool]:
    asked = [(number == one, and_(*map(_fits, where))) for one, where in wheres.items() if where]
    return case(*asked, else_=true()) if asked else true()


def _fits(condition: PropertyIs) -> ColumnElement[bool]:
    found: ColumnElement[Any] = TimelineEvent.data[condition.property]
    match condition.op:
        case "known":
            known: ColumnElement[bool] = TimelineEvent.data.has_key(condition.property)
            return known
        case "contains":
            text: ColumnElement[str] = TimelineEvent.data[condition.property].astext
            contained: ColumnElement[bool] = text.icontains(str(condition.value), autoescape=True)
            return contained
    return COMPARISONS[condition.op](found, condition.value)

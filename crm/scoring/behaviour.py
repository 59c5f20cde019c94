"""Counts what people did by the rules of events: one statement for many contacts and all rules. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CollectionAggregate,
    ColumnElement,
    Numeric,
    Select,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from crm.scoring.rules import DAY, Behaviour, Points, PropertyIs, ScoreRule
from crm.timeline.models import TimelineEvent


class Counted(NamedTuple):
    """The points of one rule for one contact, and when they lapse because an event is too long ago."""

    points: Points
    lapses_at: datetime | None


async def count_behaviour(
    session: AsyncSession, contact_ids: Sequence[UUID], rules: Sequence[ScoreRule], now: datetime
) -> dict[UUID, list[Counted]]:
    """The points of every rule of events that holds, by contact; who did nothing that counts is absent."""
    by_id = {rule.id: rule for rule in rules if rule.did is not None}
    if not by_id or not contact_ids:
        return {}
    # One array for all rules: thousands of parameters take longer to be sent than their rows to be found.
    people = any_(bindparam("people", list(contact_ids), ARRAY(Uuid())))
    counts = [_count(rule, rule.did, people, now) for rule in by_id.values() if rule.did is not None]
    found: dict[UUID, list[Counted]] = {}
    for row in await session.execute(union_all(*counts)):
        found.setdefault(row.contact_id, []).append(_points_of(by_id[row.rule], row))
    order = {rule_id: number for number, rule_id in enumerate(by_id)}
    for given in found.values():
        given.sort(key=lambda one: order[one.points.rule])
    return found


def _count(rule: ScoreRule, on: Behaviour, people: CollectionAggregate[Any], now: datetime) -> Select[Any]:
    """One row a contact: the latest events up to `at_most`, how many, when, and what is left of one point of each."""
    happened = TimelineEvent.occurred_at
    events = select(
        TimelineEvent.contact_id,
        TimelineEvent.id,
        happened.label("at"),
        func.row_number()
        .over(partition_by=TimelineEvent.contact_id, order_by=(happened.desc(), TimelineEvent.id.desc()))
        .label("nth"),
        func.max(happened).over(partition_by=TimelineEvent.contact_id).label("latest"),
    ).where(
        TimelineEvent.contact_id == people,
        TimelineEvent.kind == on.event,
        happened <= now,
        *(_fits(one) for one in on.where),
    )
    if on.within is not None:
        events = events.where(happened > now - timedelta(days=on.within))
    each = events.subquery()
    age = extract("epoch", each.c.latest - each.c.at)
    half_life = None if rule.half_life is None else rule.half_life * DAY
    left = literal(1.0) if half_life is None else func.power(literal(0.5), age / half_life)
    return (
        select(
            literal(rule.id).label("rule"),
            each.c.contact_id,
            func.count().label("count"),
            func.max(each.c.at).label("latest"),
            # What is counted first falls out of the window first; of what counts once, the one that made it enough.
            (
                func.min(each.c.at) if on.times == "each" else func.max(each.c.at).filter(each.c.nth == on.at_least)
            ).label("first"),
            func.sum(left).label("left"),
            func.array_agg(aggregate_order_by(each.c.id, each.c.nth)).label("ids"),
        )
        .where(each.c.nth <= on.at_most)
        .group_by(each.c.contact_id)
        .having(func.count() >= on.at_least)
    )


def _points_of(rule: ScoreRule, row: Any) -> Counted:
    assert rule.did is not None
    amount = float(rule.points) * (float(row.left) if rule.did.times == "each" else 1.0)
    lapses_at = None if rule.did.within is None else row.first + timedelta(days=rule.did.within)
    fades = rule.half_life is not None
    reason = rule.reason if rule.did.times == "once" or row.count == 1 else f"{rule.reason} ({row.count} times)"
    return Counted(
        Points(
            rule=rule.id,
            points=round(amount),
            reason=reason,
            score=rule.score,
            group=rule.group,
            amount=amount if fades else None,
            half_life=round(rule.half_life * DAY) if rule.half_life is not None else None,
            valued_at=row.latest if fades else None,
            event_id=row.ids[0],
        ),
        lapses_at,
    )


def _fits(condition: PropertyIs) -> ColumnElement[bool]:
    held: ColumnElement[Any] = TimelineEvent.data[condition.property]
    text: ColumnElement[str] = TimelineEvent.data[condition.property].astext
    wanted: Any = condition.value
    match condition.op:
        case "is":
            return _is(held, wanted)
        case "is_not":
            return or_(held.is_(None), ~_is(held, wanted))
        case "in":
            return or_(*(_is(held, one) for one in wanted))
        case "known":
            known: ColumnElement[bool] = TimelineEvent.data.has_key(condition.property)
            return known
        case "contains":
            found: ColumnElement[bool] = text.icontains(str(wanted), autoescape=True)
            return found
    # A text is no number, and PostgreSQL must not try to read it as one.
    number = case((func.jsonb_typeof(held) == "number", cast(text, Numeric)))
    least: ColumnElement[bool] = number >= wanted
    most: ColumnElement[bool] = number <= wanted
    return least if condition.op == "at_least" else most


def _is(held: ColumnElement[Any], wanted: Any) -> ColumnElement[bool]:
    same: ColumnElement[bool] = held == type_coerce(wanted, JSONB)
    return same


__all__ = ["Counted", "count_behaviour"]

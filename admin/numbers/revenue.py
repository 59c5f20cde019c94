"""What was sold in a period, and by what its buyers had been touched before. Reads only, in sets.

A sale is an event `order_placed`, once for each order, less what was paid back; cancelled ones are left out. Its path
is what happened to its buyer since their order before, at most `REACH` ago; the same several times in a row is one
touch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from admin.numbers.attribution import LEFT, RULES, START, Rule, Sale, State, credit, removal_effects, steps_of
from admin.numbers.funnels import By

REACH = timedelta(days=90)

_TOUCHES: Mapping[By, Sequence[str]] = {
    "channel": ("conversation_started", "message_sent", "link_clicked"),
    "flow": ("flow_ended",),
    "journey": ("message_sent", "link_clicked"),
}
"""Kinds of events that touch somebody; the property of that name says what did."""
_ORDERS = """
    WITH orders AS (
        SELECT DISTINCT ON (contact_id, data ->> 'order') id, contact_id, occurred_at AS at, data
        FROM timeline_events
        WHERE kind = 'order_placed' AND contact_id IS NOT NULL AND occurred_at >= :since AND occurred_at < :until
        ORDER BY contact_id, data ->> 'order', occurred_at, id
    ), sales AS (
        SELECT orders.id, contact_id, at, data ->> 'currency' AS currency,
            greatest(0, CAST(data ->> 'value' AS numeric) - coalesce((
                SELECT sum(coalesce(CAST(back.data ->> 'value' AS numeric), CAST(orders.data ->> 'value' AS numeric)))
                FROM timeline_events AS back
                WHERE back.contact_id = orders.contact_id AND back.kind = 'order_refunded'
                    AND back.data ->> 'order' = orders.data ->> 'order'
            ), 0)) AS value,
            (
                SELECT max(before.occurred_at) FROM timeline_events AS before
                WHERE before.contact_id = orders.contact_id AND before.kind = 'order_placed'
                    AND before.occurred_at < orders.at
            ) AS before
        FROM orders
        WHERE NOT EXISTS (
            SELECT FROM timeline_events AS off
            WHERE off.contact_id = orders.contact_id AND off.kind = 'order_cancelled'
                AND off.data ->> 'order' = orders.data ->> 'order'
        )
    )
"""
_SALES = text(
    f"""
    {_ORDERS}, touches AS (
        SELECT sales.id, touch.occurred_at, touch.id AS touch_id, touch.data ->> CAST(:name AS text) AS name
        FROM sales JOIN timeline_events AS touch ON touch.contact_id = sales.contact_id
        WHERE touch.kind = ANY(:kinds) AND touch.data ? CAST(:name AS text) AND touch.occurred_at <= sales.at
            AND touch.occurred_at > greatest(sales.at - CAST(:reach AS interval), sales.before)
    ), runs AS (
        SELECT *, lag(name) OVER (PARTITION BY id ORDER BY occurred_at, touch_id) AS name_before FROM touches
    ), paths AS (
        SELECT id, array_agg(name ORDER BY occurred_at, touch_id) AS path
        FROM runs WHERE name IS DISTINCT FROM name_before GROUP BY id
    )
    SELECT currency, coalesce(path, '{{}}') AS path, count(*) AS times, sum(value) AS value
    FROM sales LEFT JOIN paths ON paths.id = sales.id
    GROUP BY 1, 2
    ORDER BY 1, 2
    """  # noqa: S608  # a constant
)
_UNSOLD = text(
    """
    WITH touches AS (
        SELECT contact_id, occurred_at, id, data ->> CAST(:name AS text) AS name
        FROM timeline_events AS touch
        WHERE kind = ANY(:kinds) AND occurred_at >= :since AND occurred_at < :until AND contact_id IS NOT NULL
            AND data ? CAST(:name AS text)
            AND NOT EXISTS (
                SELECT FROM timeline_events AS ordered
                WHERE ordered.contact_id = touch.contact_id AND ordered.kind = 'order_placed'
                    AND ordered.occurred_at >= :since AND ordered.occurred_at < :until
            )
    ), runs AS (
        SELECT *, lag(name) OVER (PARTITION BY contact_id ORDER BY occurred_at, id) AS name_before FROM touches
    ), steps AS (
        SELECT name_before, name, lead(name) OVER (PARTITION BY contact_id ORDER BY occurred_at, id) AS following
        FROM runs WHERE name IS DISTINCT FROM name_before
    )
    SELECT name_before, name, count(*) AS times, count(*) FILTER (WHERE following IS NULL) AS ended
    FROM steps GROUP BY 1, 2
    """
)


@dataclass(frozen=True)
class Earned:
    """What a name earned by each rule, and its removal effect. Of no name: what came without any touch."""

    name: str | None
    credits: Mapping[Rule, float]
    removal_effect: float | None


@dataclass(frozen=True)
class Revenue:
    """Sales in one currency."""

    currency: str
    orders: int
    value: float
    earned: Sequence[Earned]


async def read_revenue(session: AsyncSession, by: By, since: datetime, until: datetime) -> Sequence[Revenue]:
    """What was sold, by currency: amounts in several are never added up."""
    given: dict[str, Any] = {"since": since, "until": until, "name": by, "kinds": list(_TOUCHES[by])}
    sales: dict[str, list[Sale]] = {}
    for currency, path, times, value in await session.execute(_SALES, {**given, "reach": REACH}):
        sales.setdefault(currency, []).append(Sale(tuple(path), float(value), times))
    steps: Counter[tuple[State, State]] = steps_of([sale for sold in sales.values() for sale in sold])
    for before, name, times, ended in await session.execute(_UNSOLD, given):
        steps[START if before is None else before, name] += times
        if ended:
            steps[name, LEFT] += ended
    effects = removal_effects(steps)
    return [_revenue(currency, sold, effects) for currency, sold in sales.items()]


def _revenue(currency: str, sold: Sequence[Sale], effects: Mapping[str, float]) -> Revenue:
    credited = {rule: credit(sold, rule, effects) for rule in RULES}
    names: list[str | None] = [*sorted({name for sale in sold for name in sale.path})]
    if any(not sale.path for sale in sold):
        names.append(None)
    earned = [
        Earned(name, {rule: credited[rule].get(name, 0.0) for rule in RULES}, None if name is None else effects[name])
        for name in names
    ]
    return Revenue(currency, sum(sale.times for sale in sold), sum(sale.value for sale in sold), earned)

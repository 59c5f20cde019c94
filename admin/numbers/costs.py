"""What messages of a period cost by the price list, and what that is for each lead that came by the same. Reads only.

It knows the prices of messages and nothing else: advertising, people and programs have no price here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from admin.numbers.funnels import count_leads
from base.sms_segments import BASIC_SIGNS, EXTENDED_SIGNS
from outreach.prices import PriceList

SentBy = Literal["channel", "journey"]

LEFT_STATES = ("accepted", "delivered", "read", "undelivered", "unknown")
"""Of messages that have left, or may have."""

_BASIC = f"^[{BASIC_SIGNS.replace('-', '')}-]*$"
_TWO_UNITS = "[" + "".join(f"\\{sign}" for sign in EXTENDED_SIGNS.replace("\f", "")) + r"\f\U00010000-\U0010ffff]"

# Texts that take as many parts are counted together: as one made of a plain sign that is as long. Only one in which a
# sign of two units could fall where it would be cut stands for itself.
_SENT = """
    SELECT {by} AS name, channel,
        CASE WHEN NOT channel = ANY(:by_segment) THEN ''
            WHEN text ~ :basic THEN repeat('a', char_length(text))
            WHEN text ~ :two_units THEN text
            ELSE repeat('я', char_length(text)) END AS as_long_as,
        count(*) AS messages
    FROM outbox
    WHERE created_at >= :since AND created_at < :until AND state = ANY(:left)
    GROUP BY 1, 2, 3
"""
_STATEMENTS = {by: text(_SENT.format(by=by)) for by in ("channel", "journey")}


@dataclass(frozen=True)
class Cost:
    """What went out and what it cost; `name` is None for what belongs to no journey.

    `leads` are people who came by the same in the period and are leads by now or further; `each` is None without any.
    """

    name: str | None
    messages: int
    cost: float
    leads: int

    @property
    def each(self) -> float | None:
        return self.cost / self.leads if self.leads else None


@dataclass(frozen=True)
class Costs:
    """All together, whose leads count once each, and by name."""

    total: Cost
    items: Sequence[Cost]


async def read_costs(session: AsyncSession, prices: PriceList, by: SentBy, since: datetime, until: datetime) -> Costs:
    """The most expensive first."""
    given = {
        "since": since,
        "until": until,
        "left": list(LEFT_STATES),
        "by_segment": [channel for channel, price in prices.channels.items() if price.per == "segment"],
        "basic": _BASIC,
        "two_units": _TWO_UNITS,
    }
    messages: Counter[str | None] = Counter()
    costs: dict[str | None, float] = {}
    for name, channel, as_long_as, times in await session.execute(_STATEMENTS[by], given):
        messages[name] += times
        costs[name] = costs.get(name, 0.0) + times * prices.cost_of(channel, as_long_as)
    leads = await count_leads(session, by, since, until)
    all_leads = leads.pop(None, 0)
    items = [
        Cost(name, messages[name], costs.get(name, 0.0), 0 if name is None else leads.get(name, 0))
        for name in {*messages, *leads}
    ]
    return Costs(
        Cost(None, sum(messages.values()), sum(costs.values()), all_leads),
        sorted(items, key=lambda one: (-one.cost, -one.messages, one.name or "")),
    )

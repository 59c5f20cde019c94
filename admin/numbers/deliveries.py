"""What became of follow-ups, and who opted out after them. Reads only, in sets.

An opt-out counts to the last follow-up that had left to its person in the days before it, `BLAMED_FOR` at most; one
with none counts to no name. Answers within a talk are no follow-ups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from admin.numbers.costs import LEFT_STATES, SentBy

BLAMED_FOR = timedelta(days=7)
_HELD_BACK_STATES = ("skipped", "cancelled")

_DELIVERIES = """
    WITH counted AS (
        SELECT {by} AS name,
            count(*) AS planned,
            count(*) FILTER (WHERE state = ANY(:left)) AS sent,
            count(*) FILTER (WHERE state IN ('delivered', 'read')) AS delivered,
            count(*) FILTER (WHERE state = 'read') AS read,
            count(*) FILTER (WHERE state IN ('undelivered', 'failed')) AS failed,
            count(*) FILTER (WHERE state = ANY(:held_back)) AS held_back
        FROM outbox
        WHERE created_at >= :since AND created_at < :until AND message_id IS NULL
        GROUP BY 1
    ), stopped AS (
        SELECT DISTINCT ON (contact_id) contact_id, occurred_at AS at
        FROM timeline_events
        WHERE kind = 'opted_out' AND occurred_at >= :since AND occurred_at < :until AND contact_id IS NOT NULL
        ORDER BY contact_id, occurred_at
    ), blamed AS (
        SELECT message.name, count(*) AS opted_out
        FROM stopped
        LEFT JOIN LATERAL (
            SELECT {by} AS name FROM outbox
            WHERE outbox.contact_id = stopped.contact_id AND message_id IS NULL AND state = ANY(:left)
                AND coalesce(wired_at, created_at) <= stopped.at
                AND coalesce(wired_at, created_at) > stopped.at - CAST(:reach AS interval)
            ORDER BY coalesce(wired_at, created_at) DESC, id DESC
            LIMIT 1
        ) AS message ON true
        GROUP BY 1
    )
    SELECT coalesce(counted.name, blamed.name) AS name, coalesce(planned, 0), coalesce(sent, 0),
        coalesce(delivered, 0), coalesce(read, 0), coalesce(failed, 0), coalesce(held_back, 0), coalesce(opted_out, 0)
    FROM counted FULL JOIN blamed ON coalesce(blamed.name, '') = coalesce(counted.name, '')
    ORDER BY 3 DESC, 1
"""
_STATEMENTS = {by: text(_DELIVERIES.format(by=by)) for by in ("channel", "journey")}

_REASONS = text(
    """
    SELECT reason_rule, count(*) AS messages
    FROM outbox
    WHERE created_at >= :since AND created_at < :until AND message_id IS NULL AND state = ANY(:held_back)
    GROUP BY 1
    ORDER BY 2 DESC, 1
    """
)


@dataclass(frozen=True)
class Delivery:
    """Follow-ups that were planned in the period, by what became of them.

    `sent` have left or may have, `delivered` of these arrived and `read` were opened, as far as the channel tells.
    `failed` did not arrive or did not leave, `held_back` were refused by the gate or taken back. `opted_out`: people.
    """

    name: str | None
    planned: int
    sent: int
    delivered: int
    read: int
    failed: int
    held_back: int
    opted_out: int


async def read_deliveries(session: AsyncSession, by: SentBy, since: datetime, until: datetime) -> Sequence[Delivery]:
    """By name, what sent most first."""
    given = {"since": since, "until": until, "left": list(LEFT_STATES), "reach": BLAMED_FOR}
    given["held_back"] = list(_HELD_BACK_STATES)
    return [Delivery(*row) for row in await session.execute(_STATEMENTS[by], given)]


@dataclass(frozen=True)
class HeldBack:
    """Follow-ups that were refused or taken back for one reason: the name of a rule."""

    rule: str | None
    messages: int


async def read_held_back(session: AsyncSession, since: datetime, until: datetime) -> Sequence[HeldBack]:
    """Why follow-ups of the period were held back, the most frequent reason first."""
    given = {"since": since, "until": until, "held_back": list(_HELD_BACK_STATES)}
    return [HeldBack(*row) for row in await session.execute(_REASONS, given)]

"""How real talks went through a flow: where they came, where they went on, where they stopped. Reads only.

The ways a turn took are kept with its message (`data.walked`), so they go when the talk goes. All is counted in sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

WALKED = "walked"
"""In a message's data: the ways its turn took (`bot.turn_shapes.Way`)."""

# Of one flow, each way with the moment at which the talk had come to the step that it leaves.
_WAYS = """
    WITH ways AS (
        SELECT m.conversation_id, m.created_at, m.seq, walked.place,
            walked.way ->> 1 AS step, walked.way ->> 2 AS target
        FROM messages AS m
        CROSS JOIN LATERAL jsonb_array_elements(m.data -> 'walked') WITH ORDINALITY AS walked(way, place)
        WHERE m.created_at >= :since AND m.created_at < :until AND m.data ? 'walked'
            AND walked.way ->> 0 = :flow
    ), timed AS (
        SELECT *,
            CASE WHEN lag(target) OVER talk = step
                THEN extract(epoch FROM created_at - lag(created_at) OVER talk) END AS seconds,
            lead(place) OVER talk IS NULL AS is_last
        FROM ways
        WINDOW talk AS (PARTITION BY conversation_id ORDER BY created_at, seq, place)
    )
"""
# In one statement, so that the ways are read once for all that is asked of them.
_PASSED = text(
    f"""
    {_WAYS}, edges AS (
        SELECT step, target, count(DISTINCT conversation_id) AS talks,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median
        FROM timed WHERE step IS NOT NULL AND target IS NOT NULL GROUP BY step, target
    ), arrivals AS (
        SELECT target AS step, count(DISTINCT conversation_id) AS arrived,
            count(DISTINCT conversation_id) FILTER (WHERE is_last) AS stopped
        FROM timed WHERE target IS NOT NULL GROUP BY target
    ), departures AS (
        SELECT step, count(DISTINCT conversation_id) FILTER (WHERE target IS NULL AND is_last) AS ended,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median
        FROM timed WHERE step IS NOT NULL GROUP BY step
    ), steps AS (
        SELECT coalesce(arrivals.step, departures.step) AS step, coalesce(arrived, 0) AS arrived,
            coalesce(stopped, 0) AS stopped, coalesce(ended, 0) AS ended, median
        FROM arrivals FULL JOIN departures ON departures.step = arrivals.step
    )
    SELECT (SELECT count(DISTINCT conversation_id) FROM timed) AS talks,
        (SELECT jsonb_agg(jsonb_build_array(step, arrived, stopped, ended, median) ORDER BY step) FROM steps) AS steps,
        (SELECT jsonb_agg(jsonb_build_array(step, target, talks, median) ORDER BY step, target) FROM edges) AS edges
    """  # noqa: S608  # a constant
)


@dataclass(frozen=True)
class StepPassed:
    """A step as talks met it.

    Attributes:
        arrived: talks that came to it.
        stopped: talks of which nothing later is known in the period: they stand there, or were given up.
        ended: talks whose flow was over at it.
        median: seconds from coming to it to leaving it.
    """

    step: str
    arrived: int
    stopped: int
    ended: int
    median: float | None


@dataclass(frozen=True)
class EdgePassed:
    """A way from a step to another, with the talks that took it and the median seconds before they did."""

    step: str
    to: str
    talks: int
    median: float | None


@dataclass(frozen=True)
class Passed:
    """A flow over a period."""

    talks: int
    steps: Sequence[StepPassed]
    edges: Sequence[EdgePassed]


async def read_passed(session: AsyncSession, flow: str, since: datetime, until: datetime) -> Passed:
    """How talks went through a flow from `since` until before `until`."""
    found = (await session.execute(_PASSED, {"flow": flow, "since": since, "until": until})).one()
    return Passed(
        found.talks,
        [StepPassed(*step) for step in found.steps or ()],
        [EdgePassed(*edge) for edge in found.edges or ()],
    )

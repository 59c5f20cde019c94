"""How people went through a journey over a period: where they came, went on, stopped, and how fast. Reads only.

Read from what the engine counted when it moved them (`trail.Moves`), by an index on kind and moment; in sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from outreach.trail import LANDED, WALKED

STOPS = frozenset(
    {
        "opted_out", "consent_withdrawn", "unsubscribed", "handed_off", "erased", "restricted", "minor",
        "privacy_request", "retries_exhausted", "gave_way", "re_entered", "no_place", "merged", "step_missing",
        "taken_out",
    }
)  # fmt: skip
"""Reasons for which somebody does not get to an end of the journey; any other is one of its own ends."""

# Each way once with how many took so many seconds for it. The median is that of the people: what half of them were no
# slower than.
_PASSED = text(
    """
    WITH moves AS (
        SELECT move ->> 0 AS step, move ->> 1 AS target, (move ->> 2)::bigint AS seconds, move ->> 3 AS reason,
            sum((move ->> 4)::bigint)::bigint AS people
        FROM timeline_events AS e
        CROSS JOIN LATERAL jsonb_array_elements(e.data -> 'moves') AS move
        WHERE e.kind = :kind AND e.occurred_at >= :since AND e.occurred_at < :until AND e.data ->> 'journey' = :journey
        GROUP BY 1, 2, 3, 4
    ), ways AS (
        SELECT step, target, seconds, sum(people)::bigint AS people FROM moves
        WHERE step IS NOT NULL AND target IS NOT NULL AND reason IS DISTINCT FROM :landed
        GROUP BY step, target, seconds
    ), ranked AS (
        SELECT *, sum(people) OVER (PARTITION BY step, target ORDER BY seconds) AS passed,
            sum(people) OVER (PARTITION BY step, target) AS everybody
        FROM ways
    ), edges AS (
        SELECT step, target, sum(people)::bigint AS people,
            min(seconds) FILTER (WHERE passed * 2 >= everybody) AS median
        FROM ranked GROUP BY step, target
    ), by_step AS (
        SELECT step, seconds, sum(people)::bigint AS people FROM ways GROUP BY step, seconds
    ), ranked_by_step AS (
        SELECT *, sum(people) OVER (PARTITION BY step ORDER BY seconds) AS passed,
            sum(people) OVER (PARTITION BY step) AS everybody
        FROM by_step
    ), went AS (
        SELECT step, sum(people)::bigint AS people, min(seconds) FILTER (WHERE passed * 2 >= everybody) AS median
        FROM ranked_by_step GROUP BY step
    ), arrived AS (
        SELECT target AS step, sum(people)::bigint AS people FROM moves WHERE target IS NOT NULL GROUP BY target
    ), reasons AS (
        SELECT step, reason, sum(people)::bigint AS people FROM moves WHERE target IS NULL GROUP BY step, reason
    ), gone AS (
        SELECT step, jsonb_object_agg(coalesce(reason, ''), people) AS reasons FROM reasons GROUP BY step
    ), names AS (
        SELECT step FROM arrived UNION SELECT step FROM went UNION SELECT step FROM gone
    ), steps AS (
        SELECT names.step, coalesce(arrived.people, 0) AS arrived, coalesce(went.people, 0) AS went,
            coalesce(gone.reasons, '{}') AS reasons, went.median
        FROM names LEFT JOIN arrived USING (step) LEFT JOIN went USING (step) LEFT JOIN gone USING (step)
    )
    SELECT (SELECT coalesce(sum(people), 0)::bigint FROM moves WHERE step IS NULL) AS entered,
        (SELECT jsonb_agg(jsonb_build_array(step, arrived, went, reasons, median) ORDER BY step) FROM steps) AS steps,
        (SELECT jsonb_agg(jsonb_build_array(step, target, people, median) ORDER BY step, target) FROM edges) AS edges
    """
)


@dataclass(frozen=True)
class StepPassed:
    """A step as people met it.

    Attributes:
        arrived: how often somebody came to it.
        went_on: how often somebody went on from it by a way of the journey.
        left: how often somebody left the journey there, by the reason.
        median: seconds from coming to it to going on.
    """

    step: str
    arrived: int
    went_on: int
    left: Mapping[str, int] = field(default_factory=dict)
    median: int | None = None


@dataclass(frozen=True)
class EdgePassed:
    """A way from a step to another, how often it was gone, and the median seconds on the step before that."""

    step: str
    to: str
    people: int
    median: int | None


@dataclass(frozen=True)
class Passed:
    """A journey over a period. `entered`: how often somebody came in."""

    entered: int
    steps: Sequence[StepPassed]
    edges: Sequence[EdgePassed]


async def read_passed(session: AsyncSession, journey: str, since: datetime, until: datetime) -> Passed:
    """How people went through a journey from `since` until before `until`."""
    given: dict[str, Any] = {"journey": journey, "since": since, "until": until, "kind": WALKED, "landed": LANDED}
    found = (await session.execute(_PASSED, given)).one()
    return Passed(
        found.entered,
        [StepPassed(*step) for step in found.steps or ()],
        [EdgePassed(*edge) for edge in found.edges or ()],
    )

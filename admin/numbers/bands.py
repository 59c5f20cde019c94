"""Whether scores are right: what people had at the beginning of a period, and who of them was won in it. Reads only.

The score of today would say nothing: buying itself earns points. Who was a customer before the period is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import sqrt
from statistics import NormalDist

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.scoring.rules import Band, Bands, band_of

_SURE = 0.95
_WIDTH = 10
_HIGHEST = 100

# What changed since tells what was before: only the period up to now is read, however long scores are kept.
_SCORES = text(
    """
    WITH changed AS (
        SELECT DISTINCT ON (contact_id) contact_id, CAST(data ->> 'before' AS numeric) AS score
        FROM timeline_events
        WHERE kind = 'score_changed' AND occurred_at >= :since AND contact_id IS NOT NULL
        ORDER BY contact_id, occurred_at, id
    ), became AS (
        SELECT contact_id, min(occurred_at) AS at
        FROM timeline_events
        WHERE kind = 'stage_changed' AND data ->> 'stage' = 'customer' AND occurred_at >= :since
            AND contact_id IS NOT NULL
        GROUP BY contact_id
    ), ordered AS (
        SELECT contact_id, min(occurred_at) AS at
        FROM timeline_events
        WHERE kind = 'order_placed' AND occurred_at < :until AND contact_id IS NOT NULL
        GROUP BY contact_id
    )
    SELECT CAST(coalesce(changed.score, contact.score) AS integer) AS score, count(*) AS people,
        count(*) FILTER (WHERE least(became.at, ordered.at) < :until) AS won
    FROM contacts AS contact
    LEFT JOIN changed ON changed.contact_id = contact.id
    LEFT JOIN became ON became.contact_id = contact.id
    LEFT JOIN ordered ON ordered.contact_id = contact.id
    WHERE contact.created_at < :since AND coalesce(ordered.at >= :since, true)
        AND (contact.stage <> 'customer' OR became.at IS NOT NULL)
    GROUP BY 1
    ORDER BY 1
    """
)


@dataclass(frozen=True)
class Counted:
    """People with one score, and how many of them were won."""

    score: int
    people: int
    won: int


@dataclass(frozen=True)
class BandCount:
    """People of a band; None: those of whom nothing was scored. `low` and `high` is where their share surely lies."""

    band: Band | None
    people: int
    won: int
    low: float
    high: float


@dataclass(frozen=True)
class Bar:
    """People whose score was from `least` up to below `below`; None where there is no end."""

    least: int | None
    below: int | None
    people: int
    won: int


@dataclass(frozen=True)
class Rightness:
    """`right_order`: how often, of one who was won and one who was not, the one who was won had the higher score.

    A half is as good as chance; None while nobody, or everybody, was won.
    """

    bands: Sequence[BandCount]
    bars: Sequence[Bar]
    right_order: float | None


async def read_rightness(session: AsyncSession, bands: Bands, since: datetime, until: datetime) -> Rightness:
    """How scores at `since` stand to who was won until `until`."""
    rows = await session.execute(_SCORES, {"since": since, "until": until})
    counted = [Counted(*row) for row in rows]
    return Rightness(_in_bands(counted, bands), _in_bars(counted), right_order(counted))


def share_between(won: int, people: int) -> tuple[float, float]:
    """Wilson's interval of a share: where it lies with 95 %."""
    if people == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + _SURE) / 2)
    share, widened = won / people, 1 + z * z / people
    middle = (share + z * z / (2 * people)) / widened
    reach = z * sqrt(share * (1 - share) / people + z * z / (4 * people * people)) / widened
    return max(0.0, middle - reach), min(1.0, middle + reach)


def right_order(counted: Sequence[Counted]) -> float | None:
    """The share of pairs of a won and a not won that scores put in order; the same score is half of it."""
    won = sum(one.won for one in counted)
    lost = sum(one.people for one in counted) - won
    if not won or not lost:
        return None
    below, pairs = 0, 0.0
    for one in sorted(counted, key=lambda one: one.score):
        losing = one.people - one.won
        pairs += one.won * (below + losing / 2)
        below += losing
    return pairs / (won * lost)


def _in_bands(counted: Sequence[Counted], bands: Bands) -> list[BandCount]:
    sums: Mapping[Band | None, list[int]] = {"hot": [0, 0], "warm": [0, 0], "cold": [0, 0], None: [0, 0]}
    for one in counted:
        band = sums[band_of(one.score, bands) if one.score else None]
        band[0] += one.people
        band[1] += one.won
    return [BandCount(name, people, won, *share_between(won, people)) for name, (people, won) in sums.items()]


def _in_bars(counted: Sequence[Counted]) -> list[Bar]:
    def least(one: Counted) -> int:
        return max(-_WIDTH, min(_HIGHEST, one.score // _WIDTH * _WIDTH))

    return [
        Bar(
            None if begin < 0 else begin,
            None if begin == _HIGHEST else begin + _WIDTH,
            sum(one.people for one in together),
            sum(one.won for one in together),
        )
        for begin, together in ((begin, list(group)) for begin, group in groupby(counted, key=least))
    ]

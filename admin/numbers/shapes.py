"""The API's shapes of figures. Of no name (null): all together, or what belongs to none, as each shape says."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from admin.api.fields import AnswerShape, Moment, RequestShape

Table = Literal["funnel", "scores", "revenue", "costs", "deliveries"]


class PeriodQuery(RequestShape):
    """`since` is counted in, `until` is not; the last 30 days, unless given."""

    since: Moment | None = None
    until: Moment | None = None


class FunnelQuery(PeriodQuery):
    by: Literal["channel", "flow", "journey"] = "channel"


class SentQuery(PeriodQuery):
    by: Literal["channel", "journey"] = "channel"


class TableQuery(FunnelQuery):
    """`by` says nothing for `scores`; `costs` and `deliveries` are not told by flow."""

    table: Table
    format: Literal["csv", "parquet"] = "csv"


class FunnelRow(AnswerShape):
    """How many people came, and how many of them wrote, are leads, MQLs, SQLs, and were won, or were further."""

    name: str | None
    came: int
    wrote: int
    leads: int
    qualified: int
    accepted: int
    won: int


class FunnelAnswer(AnswerShape):
    """`total` counts everybody once, whatever they came by."""

    since: datetime
    until: datetime
    total: FunnelRow
    items: list[FunnelRow]


class BandFigures(AnswerShape):
    """People whose score was in the band when the period began, and who was won in it. Null: nothing was scored.

    `low` and `high`: between them lies the share that is won, with 95 %.
    """

    band: Literal["hot", "warm", "cold"] | None
    people: int
    won: int
    low: float
    high: float


class ScoreBar(AnswerShape):
    """People whose score was from `least` to below `below`; null where it has no end."""

    least: int | None
    below: int | None
    people: int
    won: int


class ScoreAnswer(AnswerShape):
    """Whether scores at the beginning of the period put those in front who were won in it.

    `right_order`: how often the one who was won had the higher score, of two of whom one was; a half is chance.
    """

    since: datetime
    until: datetime
    bands: list[BandFigures]
    bars: list[ScoreBar]
    right_order: float | None


class EarnedRow(AnswerShape):
    """What a name earned by each rule. Null: what was sold to people whom nothing had touched."""

    name: str | None
    first: float
    last: float
    linear: float
    data: float
    removal_effect: float | None = Field(description="How much rarer sales would be without it")


class CurrencyRevenue(AnswerShape):
    currency: str
    orders: int
    value: float
    items: list[EarnedRow]


class RevenueAnswer(AnswerShape):
    """Each currency by itself."""

    since: datetime
    until: datetime
    items: list[CurrencyRevenue]


class CostRow(AnswerShape):
    """What messages cost, for each person who came by the same and is a lead. Null: of no journey."""

    name: str | None
    messages: int
    cost: float
    leads: int
    per_lead: float | None


class CostAnswer(AnswerShape):
    """By the price list of that version."""

    since: datetime
    until: datetime
    currency: str
    prices: str
    total: CostRow
    items: list[CostRow]


class DeliveryRow(AnswerShape):
    """Follow-ups planned in the period, by what became of them, and people who opted out after one. Null: of none."""

    name: str | None
    planned: int
    sent: int
    delivered: int
    read: int
    failed: int
    held_back: int
    opted_out: int


class DeliveryAnswer(AnswerShape):
    since: datetime
    until: datetime
    items: list[DeliveryRow]

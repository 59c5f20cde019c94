"""What the queries found, in the API's shapes: for pages and for files."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from admin.numbers.bands import read_rightness
from admin.numbers.costs import Cost, read_costs
from admin.numbers.deliveries import read_deliveries
from admin.numbers.funnels import Funnel, read_funnels
from admin.numbers.revenue import Revenue, read_revenue
from admin.numbers.shapes import (
    BandFigures,
    CostAnswer,
    CostRow,
    CurrencyRevenue,
    DeliveryAnswer,
    DeliveryRow,
    EarnedRow,
    FunnelAnswer,
    FunnelQuery,
    FunnelRow,
    RevenueAnswer,
    ScoreAnswer,
    ScoreBar,
    SentQuery,
)
from crm.scoring.books import read_book
from outreach.prices import PriceList

_NOBODY = Funnel(None, 0, 0, 0, 0, 0, 0)


async def answer_funnel(session: AsyncSession, query: FunnelQuery, since: datetime, until: datetime) -> FunnelAnswer:
    total, *rows = await read_funnels(session, query.by, since, until) or [_NOBODY]
    return FunnelAnswer(
        since=since, until=until, total=FunnelRow(**asdict(total)), items=[FunnelRow(**asdict(row)) for row in rows]
    )


async def answer_scores(session: AsyncSession, since: datetime, until: datetime) -> ScoreAnswer:
    found = await read_rightness(session, (await read_book(session)).book.bands, since, until)
    return ScoreAnswer(
        since=since,
        until=until,
        bands=[BandFigures(**asdict(band)) for band in found.bands],
        bars=[ScoreBar(**asdict(bar)) for bar in found.bars],
        right_order=found.right_order,
    )


async def answer_revenue(session: AsyncSession, query: FunnelQuery, since: datetime, until: datetime) -> RevenueAnswer:
    found = await read_revenue(session, query.by, since, until)
    return RevenueAnswer(since=since, until=until, items=[_in_currency(one) for one in found])


async def answer_costs(
    session: AsyncSession, prices: PriceList, query: SentQuery, since: datetime, until: datetime
) -> CostAnswer:
    found = await read_costs(session, prices, query.by, since, until)
    return CostAnswer(
        since=since,
        until=until,
        currency=prices.currency,
        prices=prices.version,
        total=_cost(found.total),
        items=[_cost(one) for one in found.items],
    )


async def answer_deliveries(
    session: AsyncSession, query: SentQuery, since: datetime, until: datetime
) -> DeliveryAnswer:
    found = await read_deliveries(session, query.by, since, until)
    return DeliveryAnswer(since=since, until=until, items=[DeliveryRow(**asdict(one)) for one in found])


def _in_currency(one: Revenue) -> CurrencyRevenue:
    return CurrencyRevenue(
        currency=one.currency,
        orders=one.orders,
        value=one.value,
        items=[
            EarnedRow(
                name=earned.name,
                first=earned.credits["first"],
                last=earned.credits["last"],
                linear=earned.credits["linear"],
                data=earned.credits["data"],
                removal_effect=earned.removal_effect,
            )
            for earned in one.earned
        ],
    )


def _cost(one: Cost) -> CostRow:
    return CostRow(name=one.name, messages=one.messages, cost=one.cost, leads=one.leads, per_lead=one.each)

"""The endpoints of figures. What a journey brings beside its holdout is `/journeys/lift`, answers `/inbox/figures`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.api.files import Download
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
    PeriodQuery,
    RevenueAnswer,
    ScoreAnswer,
    ScoreBar,
    SentQuery,
    TableQuery,
)
from admin.snapshot import snapshot
from base.errors import InvalidInput
from crm.imports.exporting import csv_row
from crm.scoring.books import read_book
from outreach.prices import PriceList

_USUAL_PERIOD = timedelta(days=30)
_NOBODY = Funnel(None, 0, 0, 0, 0, 0, 0)
_EMPTY = {422: "The period ends before it begins"}


@endpoint(
    "GET",
    "/api/v1/numbers/funnel",
    permission="numbers.read",
    summary="How far the people have come who came in a period, by channel, flow or journey",
    problems=_EMPTY,
)
async def get_funnel(call: Call, query: FunnelQuery) -> FunnelAnswer:
    since, until = _period(call, query)
    async with snapshot(call.context.sessions) as session:
        return await _funnel(session, query, since, until)


@endpoint(
    "GET",
    "/api/v1/numbers/scores",
    permission="numbers.read",
    summary="Whether scores were right: what people had when a period began, and who was won in it",
    problems=_EMPTY,
)
async def get_score_figures(call: Call, query: PeriodQuery) -> ScoreAnswer:
    since, until = _period(call, query)
    async with snapshot(call.context.sessions) as session:
        return await _scores(session, since, until)


@endpoint(
    "GET",
    "/api/v1/numbers/revenue",
    permission="numbers.read",
    summary="What was sold, and what earned it: by first and last touch, evenly, and by removal effect",
    problems=_EMPTY,
)
async def get_revenue(call: Call, query: FunnelQuery) -> RevenueAnswer:
    since, until = _period(call, query)
    async with snapshot(call.context.sessions) as session:
        return await _revenue(session, query, since, until)


@endpoint(
    "GET",
    "/api/v1/numbers/costs",
    permission="numbers.read",
    summary="What messages cost by the price list, and for each lead",
    problems=_EMPTY,
)
async def get_costs(call: Call, query: SentQuery) -> CostAnswer:
    since, until = _period(call, query)
    async with snapshot(call.context.sessions) as session:
        return await _costs(session, call.context.prices, query, since, until)


@endpoint(
    "GET",
    "/api/v1/numbers/deliveries",
    permission="numbers.read",
    summary="What became of follow-ups, and how many people opted out after one",
    problems=_EMPTY,
)
async def get_deliveries(call: Call, query: SentQuery) -> DeliveryAnswer:
    since, until = _period(call, query)
    async with snapshot(call.context.sessions) as session:
        return await _deliveries(session, query, since, until)


@endpoint(
    "GET",
    "/api/v1/numbers/table",
    permission="numbers.read",
    summary="Any of these figures as a table",
    problems={422: "The period ends before it begins, or the table is not told by flow"},
    gives=("text/csv",),
)
async def download_numbers(call: Call, query: TableQuery) -> Download:
    since, until = _period(call, query)
    if query.by == "flow" and query.table in ("costs", "deliveries"):
        message = "These are told by channel or journey."
        raise InvalidInput(errors=[{"field": "by", "message": message}])

    async def lines() -> AsyncGenerator[str]:
        async with snapshot(call.context.sessions) as session:
            headings, rows = await _table(session, call.context.prices, query, since, until)
        yield csv_row(headings)
        for row in rows:
            yield csv_row([*row.values()])

    return Download("text/csv", f"{query.table}.csv", lines())


def _period(call: Call, query: PeriodQuery) -> tuple[datetime, datetime]:
    until = query.until or call.context.clock.now()
    since = query.since or until - _USUAL_PERIOD
    if since >= until:
        raise InvalidInput(errors=[{"field": "since", "message": "This must be before until."}])
    return since, until


async def _funnel(session: AsyncSession, query: FunnelQuery, since: datetime, until: datetime) -> FunnelAnswer:
    total, *rows = await read_funnels(session, query.by, since, until) or [_NOBODY]
    return FunnelAnswer(
        since=since, until=until, total=FunnelRow(**asdict(total)), items=[FunnelRow(**asdict(row)) for row in rows]
    )


async def _scores(session: AsyncSession, since: datetime, until: datetime) -> ScoreAnswer:
    found = await read_rightness(session, (await read_book(session)).book.bands, since, until)
    return ScoreAnswer(
        since=since,
        until=until,
        bands=[BandFigures(**asdict(band)) for band in found.bands],
        bars=[ScoreBar(**asdict(bar)) for bar in found.bars],
        right_order=found.right_order,
    )


async def _revenue(session: AsyncSession, query: FunnelQuery, since: datetime, until: datetime) -> RevenueAnswer:
    found = await read_revenue(session, query.by, since, until)
    return RevenueAnswer(since=since, until=until, items=[_in_currency(one) for one in found])


async def _costs(
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


async def _deliveries(session: AsyncSession, query: SentQuery, since: datetime, until: datetime) -> DeliveryAnswer:
    found = await read_deliveries(session, query.by, since, until)
    return DeliveryAnswer(since=since, until=until, items=[DeliveryRow(**asdict(one)) for one in found])


async def _table(
    session: AsyncSession, prices: PriceList, query: TableQuery, since: datetime, until: datetime
) -> tuple[list[str], list[dict[str, object]]]:
    """Headings and rows, as the answers have them; amounts with their currency."""
    sent = SentQuery(by="journey" if query.by == "journey" else "channel")
    match query.table:
        case "funnel":
            return _rows(FunnelRow, (await _funnel(session, query, since, until)).items)
        case "scores":
            return _rows(ScoreBar, (await _scores(session, since, until)).bars)
        case "revenue":
            sold = (await _revenue(session, query, since, until)).items
            rows = [{"currency": one.currency, **earned.model_dump()} for one in sold for earned in one.items]
            return ["currency", *EarnedRow.model_fields], rows
        case "costs":
            costs = await _costs(session, prices, sent, since, until)
            told = [{**row.model_dump(), "currency": costs.currency} for row in costs.items]
            return [*CostRow.model_fields, "currency"], told
        case "deliveries":
            return _rows(DeliveryRow, (await _deliveries(session, sent, since, until)).items)


def _rows(shape: type[BaseModel], items: Sequence[BaseModel]) -> tuple[list[str], list[dict[str, object]]]:
    return [*shape.model_fields], [item.model_dump() for item in items]


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


ENDPOINTS = (get_funnel, get_score_figures, get_revenue, get_costs, get_deliveries, download_numbers)

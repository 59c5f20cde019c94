"""The endpoints of figures. What a journey brings beside its holdout is `/journeys/lift`, answers `/inbox/figures`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

from admin.api.endpoints import Call, endpoint
from admin.api.files import Download
from admin.numbers.answers import answer_costs, answer_deliveries, answer_funnel, answer_revenue, answer_scores
from admin.numbers.files import csv_pieces, read_table, table_as_parquet
from admin.numbers.shapes import (
    CostAnswer,
    DeliveryAnswer,
    FunnelAnswer,
    FunnelQuery,
    PeriodQuery,
    RevenueAnswer,
    ScoreAnswer,
    SentQuery,
    TableQuery,
)
from admin.snapshot import snapshot
from base.errors import InvalidInput
from base.parquet import CONTENT_TYPE as PARQUET

_USUAL_PERIOD = timedelta(days=30)
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
        return await answer_funnel(session, query, since, until)


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
        return await answer_scores(session, since, until)


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
        return await answer_revenue(session, query, since, until)


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
        return await answer_costs(session, call.context.prices, query, since, until)


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
        return await answer_deliveries(session, query, since, until)


@endpoint(
    "GET",
    "/api/v1/numbers/table",
    permission="numbers.read",
    summary="Any of these figures as a table",
    problems={422: "The period ends before it begins, or the table is not told by flow"},
    gives=("text/csv", PARQUET),
)
async def download_numbers(call: Call, query: TableQuery) -> Download:
    since, until = _period(call, query)
    if query.by == "flow" and query.table in ("costs", "deliveries"):
        message = "These are told by channel or journey."
        raise InvalidInput(errors=[{"field": "by", "message": message}])

    async def pieces() -> AsyncGenerator[str | bytes]:
        async with snapshot(call.context.sessions) as session:
            table = await read_table(session, call.context.prices, query, since, until)
        if query.format == "csv":
            for line in csv_pieces(table):
                yield line
            return
        async for piece in table_as_parquet(table, since, until):
            yield piece

    content_type = "text/csv" if query.format == "csv" else PARQUET
    return Download(content_type, f"{query.table}.{query.format}", pieces())


def _period(call: Call, query: PeriodQuery) -> tuple[datetime, datetime]:
    until = query.until or call.context.clock.now()
    since = query.since or until - _USUAL_PERIOD
    if since >= until:
        raise InvalidInput(errors=[{"field": "since", "message": "This must be before until."}])
    return since, until


ENDPOINTS = (get_funnel, get_score_figures, get_revenue, get_costs, get_deliveries, download_numbers)

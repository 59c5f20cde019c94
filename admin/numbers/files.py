"""Figures as a table to be saved: CSV for spreadsheets, Parquet with types and amounts to the cent for programs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from admin.numbers.answers import answer_costs, answer_deliveries, answer_funnel, answer_revenue, answer_scores
from admin.numbers.shapes import CostRow, DeliveryRow, EarnedRow, FunnelRow, ScoreBar, SentQuery, TableQuery
from base.parquet import Column, Kind, parquet_pieces
from crm.imports.exporting import csv_row
from outreach.prices import PriceList

_AMOUNTS = frozenset({"first", "last", "linear", "data", "cost", "per_lead"})
_TEXTS = frozenset({"name", "currency"})
_SHARES = frozenset({"removal_effect"})
Rows = tuple[list[str], list[dict[str, Any]]]


async def read_table(
    session: AsyncSession, prices: PriceList, query: TableQuery, since: datetime, until: datetime
) -> Rows:
    """Headings and rows, as the answers have them; amounts with their currency."""
    sent = SentQuery(by="journey" if query.by == "journey" else "channel")
    match query.table:
        case "funnel":
            return _rows(FunnelRow, (await answer_funnel(session, query, since, until)).items)
        case "scores":
            return _rows(ScoreBar, (await answer_scores(session, since, until)).bars)
        case "revenue":
            sold = (await answer_revenue(session, query, since, until)).items
            rows = [{"currency": one.currency, **earned.model_dump()} for one in sold for earned in one.items]
            return ["currency", *EarnedRow.model_fields], rows
        case "costs":
            costs = await answer_costs(session, prices, sent, since, until)
            told = [{**row.model_dump(), "currency": costs.currency} for row in costs.items]
            return [*CostRow.model_fields, "currency"], told
        case "deliveries":
            return _rows(DeliveryRow, (await answer_deliveries(session, sent, since, until)).items)


def csv_pieces(table: Rows) -> list[str]:
    """The lines of a CSV file."""
    headings, rows = table
    return [csv_row(headings), *(csv_row([*row.values()]) for row in rows)]


def table_as_parquet(table: Rows, since: datetime, until: datetime) -> AsyncGenerator[bytes]:
    """The bytes of a Parquet file, whose metadata say which period it is of."""
    headings, rows = table

    async def sets() -> AsyncGenerator[Sequence[dict[str, Any]]]:
        yield rows

    about = {"since": since.isoformat(), "until": until.isoformat()}
    return parquet_pieces([Column(name, _kind_of(name)) for name in headings], sets(), about)


def _kind_of(name: str) -> Kind:
    if name in _TEXTS:
        return "text"
    if name in _AMOUNTS:
        return "amount"
    return "real" if name in _SHARES else "integer"


def _rows(shape: type[BaseModel], items: Sequence[BaseModel]) -> Rows:
    return [*shape.model_fields], [item.model_dump() for item in items]

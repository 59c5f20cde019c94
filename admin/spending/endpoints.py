"""The endpoint of what texts and calls cost. The ceilings are settings of the processes and are not changed here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from admin.api.endpoints import Call, endpoint
from admin.snapshot import snapshot
from admin.spending.shapes import ChannelSpending, Purse, SpendingShown
from outreach.spending.models import SpendingAlert
from outreach.spending.rules import STOP_AT, name_of_period
from outreach.spending.service import list_alerts, list_days, read_spent

_SHOWN = timedelta(days=30)


@endpoint(
    "GET",
    "/api/v1/spending",
    permission="settings.read",
    summary="What text messages and calls cost, and how much more they may",
)
async def get_spending(call: Call) -> SpendingShown:
    context, now = call.context, call.context.clock.now()
    async with snapshot(context.sessions) as session:
        spent = await read_spent(session, context.ceiling, context.prices.currency, now)
        alerts = await list_alerts(session, now)
        days = await list_days(session, now.date() - _SHOWN)
    of_day = [one for one in alerts if one.period == name_of_period("day", now)]
    of_month = [one for one in alerts if one.period == name_of_period("month", now)]
    return SpendingShown(
        currency=spent.currency,
        prices=context.prices.version,
        purses=[
            _purse("day", spent.today, spent.ceiling.a_day, of_day),
            _purse("month", spent.this_month, spent.ceiling.a_month, of_month),
        ],
        days=[ChannelSpending.model_validate(one, from_attributes=True) for one in days],
    )


def _purse(period: Literal["day", "month"], spent: float, most: float | None, told: Sequence[SpendingAlert]) -> Purse:
    latest = told[0] if told and most is not None else None
    state: Literal["open", "nearly_spent", "stopped"] = "open"
    if latest is not None:
        state = "stopped" if latest.percent >= STOP_AT else "nearly_spent"
    return Purse(
        period=period,
        spent=round(spent, 4),
        most=most,
        state=state,
        told_at=None if latest is None else latest.raised_at,
    )


ENDPOINTS = (get_spending,)

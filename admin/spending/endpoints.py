"""The endpoint of what texts and calls cost. The ceilings are settings of the processes and are not changed here."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from admin.api.endpoints import Call, endpoint
from admin.snapshot import snapshot
from admin.spending.shapes import ChannelSpending, Purse, SpendingShown
from outreach.spending.models import SpendingAlert
from outreach.spending.rules import STOP_AT
from outreach.spending.service import find_alert, list_days, read_spent

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
        of_day = await find_alert(session, spent.ceiling, "day", now)
        of_month = await find_alert(session, spent.ceiling, "month", now)
        days = await list_days(session, now.date() - _SHOWN)
    return SpendingShown(
        currency=spent.currency,
        prices=context.prices.version,
        purses=[
            _purse("day", spent.today, spent.ceiling.a_day, of_day),
            _purse("month", spent.this_month, spent.ceiling.a_month, of_month),
        ],
        days=[ChannelSpending.model_validate(one, from_attributes=True) for one in days],
    )


def _purse(period: Literal["day", "month"], spent: float, most: float | None, latest: SpendingAlert | None) -> Purse:
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

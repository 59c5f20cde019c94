"""Counts what texts and calls cost, one sender at a time: no two spend the same money. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from outreach.spending.models import Spending, SpendingAlert
from outreach.spending.rules import STOP_AT, Ceiling, Spent

_log = structlog.get_logger(__name__)

_ONE_AT_A_TIME = 0x7061726C_6D6F6E65
"""The advisory lock of whoever is about to spend."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What messages cost, and how many there are."""

    amount: float = 0.0
    messages: int = 0

    def __add__(self, other: Bill) -> Bill:
        return Bill(self.amount + other.amount, self.messages + other.messages)


async def wait_for_the_purse(session: AsyncSession) -> None:
    """From here to the end of the transaction nobody else spends."""
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))


async def read_spent(session: AsyncSession, ceiling: Ceiling, currency: str, now: datetime) -> Spent:
    """What was spent today and this month."""
    day = now.date()
    today, month = (
        await session.execute(
            select(
                func.coalesce(func.sum(Spending.amount).filter(Spending.day == day), 0.0),
                func.coalesce(func.sum(Spending.amount), 0.0),
            ).where(Spending.day >= day.replace(day=1), Spending.day <= day)
        )
    ).one()
    return Spent(today, month, ceiling, currency)


async def spend(session: AsyncSession, bills: Mapping[str, Bill], now: datetime) -> None:
    """Adds what is about to leave, by channel."""
    rows = [
        {"day": now.date(), "channel": channel, "amount": bill.amount, "messages": bill.messages}
        for channel, bill in sorted(bills.items())
        if bill.messages
    ]
    if not rows:
        return
    statement = insert(Spending).values(rows)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["day", "channel"],
            set_={
                "amount": Spending.amount + statement.excluded.amount,
                "messages": Spending.messages + statement.excluded.messages,
            },
        )
    )


async def give_back_spent(session: AsyncSession, bills: Mapping[str, Bill], now: datetime) -> None:
    """Takes off what surely was not taken after all."""
    for channel, bill in sorted(bills.items()):
        if bill.messages:
            await session.execute(
                update(Spending)
                .where(Spending.day == now.date(), Spending.channel == channel)
                .values(
                    amount=func.greatest(Spending.amount - bill.amount, 0.0),
                    messages=func.greatest(Spending.messages - bill.messages, 0),
                )
            )


async def raise_alerts(session: AsyncSession, spent: Spent, now: datetime) -> None:
    """Tells, once a period and ceiling, that most of it is spent, and that all of it is."""
    await _raise(session, spent.reached(), spent, now)


async def raise_stopped(session: AsyncSession, broken: str, spent: Spent, now: datetime) -> None:
    """Tells, once a period (`day`, `month`) and ceiling, that something was refused because of it."""
    await _raise(session, [(broken, STOP_AT)], spent, now)


async def _raise(session: AsyncSession, reached: Iterable[tuple[str, int]], spent: Spent, now: datetime) -> None:
    rows = [
        {"period": key, "percent": percent, "raised_at": now}
        for period, percent in reached
        if (key := spent.ceiling.key_of(period, now)) is not None
    ]
    if not rows:
        return
    new = await session.execute(
        insert(SpendingAlert)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(SpendingAlert.period, SpendingAlert.percent)
    )
    for key, percent in new.all():
        told = _log.error if percent >= STOP_AT else _log.warning
        told(
            "cost_ceiling",
            period=key,
            percent=percent,
            spent_today=round(spent.today, 4),
            spent_this_month=round(spent.this_month, 4),
            currency=spent.currency,
        )


async def find_alert(session: AsyncSession, ceiling: Ceiling, period: str, now: datetime) -> SpendingAlert | None:
    """The latest that was told of today or this month (`day`, `month`), as far as it is of this ceiling."""
    return await session.scalar(
        select(SpendingAlert)
        .where(SpendingAlert.period == ceiling.key_of(period, now))
        .order_by(SpendingAlert.raised_at.desc(), SpendingAlert.percent.desc())
        .limit(1)
    )


async def list_days(session: AsyncSession, since: date) -> list[Spending]:
    """What each channel cost each day since then."""
    found = await session.scalars(
        select(Spending).where(Spending.day >= since).order_by(Spending.day, Spending.channel)
    )
    return list(found)

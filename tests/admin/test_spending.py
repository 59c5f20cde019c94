"""What texts and calls cost, over the API: by day and channel, beside what they may cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from base.database import transaction
from outreach.spending.rules import Ceiling
from outreach.spending.service import Bill, raise_alerts, raise_stopped, read_spent, spend

PATH = "/api/v1/spending"


@pytest.fixture
def ceiling() -> Ceiling:
    return Ceiling(a_day=2.5)


@pytest.fixture
def context(context, ceiling):
    """The admin of a site with a ceiling a day."""
    return replace(context, ceiling=ceiling)


async def test_what_was_spent_is_told_by_day_and_channel_beside_the_ceilings(signed_in, context, ceiling) -> None:
    now = context.clock.now()
    async with transaction(context.sessions) as session:
        await spend(session, {"sms": Bill(1.5, 3), "voice": Bill(0.3, 2)}, now)
        await spend(session, {"sms": Bill(0.5, 1)}, now)
        await spend(session, {"sms": Bill(9.0, 9)}, now - timedelta(days=60))
        await raise_alerts(session, await read_spent(session, ceiling, "EUR", now), now)
    told = await signed_in.read(PATH)
    day, month = told["purses"]
    assert (day["period"], day["spent"], day["most"], day["state"]) == ("day", pytest.approx(2.3), 2.5, "nearly_spent")
    assert (month["period"], month["spent"], month["most"], month["state"]) == (
        "month", pytest.approx(2.3), None, "open",
    )  # fmt: skip
    assert [(one["channel"], one["amount"], one["messages"]) for one in told["days"]] == [
        ("sms", pytest.approx(2.0), 4),
        ("voice", pytest.approx(0.3), 2),
    ]
    assert (told["currency"], told["prices"]) == ("EUR", context.prices.version)


async def test_that_something_was_refused_is_told(signed_in, context, ceiling) -> None:
    now = context.clock.now()
    async with transaction(context.sessions) as session:
        await raise_stopped(session, "day", await read_spent(session, ceiling, "EUR", now), now)
    day, month = (await signed_in.read(PATH))["purses"]
    assert (day["state"], month["state"]) == ("stopped", "open")
    assert day["told_at"] is not None


async def test_where_the_ceiling_was_raised_what_is_told_is_of_the_new_one(signed_in, context, ceiling) -> None:
    now = context.clock.now()
    lower = Ceiling(a_day=ceiling.a_day - 1)
    async with transaction(context.sessions) as session:
        await spend(session, {"sms": Bill(1.5, 3)}, now)
        await raise_stopped(session, "day", await read_spent(session, lower, "EUR", now), now)
    assert (await signed_in.read(PATH))["purses"][0]["state"] == "open"
    with capture_logs() as logs:
        for ends in (lower, ceiling):
            async with transaction(context.sessions) as session:
                await raise_stopped(session, "day", await read_spent(session, ends, "EUR", now), now)
    assert [line["period"].partition("@")[2] for line in logs if line["event"] == "cost_ceiling"] == ["2.5"]
    assert (await signed_in.read(PATH))["purses"][0]["state"] == "stopped"


async def test_nobody_is_told_who_is_not_signed_in(admin) -> None:
    assert (await admin.send("GET", PATH)).status == 401

"""Reports that overtake the provider's answer, and messages that were held back for the hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import structlog
from sqlalchemy import text

from base.channel_contract import Reported
from base.database import transaction
from outreach.claiming import Claimed
from outreach.outcomes import write_outcomes
from outreach.ports import Accepted, InDoubt, Refused
from outreach.put_off import MOST_TIMES
from outreach.reports import write_report

NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")


async def report(site, outbox_id, state, **more) -> bool:
    async with transaction(site.sessions) as session:
        return await write_report(session, "email", Reported(state, outbox_id=outbox_id, **more), site.clock.now())


async def outcome(site, message: Claimed, result) -> bool:
    async with transaction(site.sessions) as session:
        return bool(await write_outcomes(session, [(message, result)], site.clock.now()))


async def kinds(site, contact_id) -> list[str]:
    return [kind for kind, _ in await site.timeline(contact_id) if kind.startswith("message_")]


@pytest.mark.parametrize("report_first", [True, False])
@pytest.mark.parametrize("state", ["accepted", "delivered", "undelivered"])
async def test_a_report_that_overtakes_the_answer_ends_as_if_it_had_come_after_it(site, state, report_first) -> None:
    contact_id = await site.contact()
    outbox_id = await site.put(contact_id)
    (message,) = (await site.claim()).messages
    if report_first:
        await report(site, outbox_id, state, message_provider_id="P1", rule="x", reason="why")
        assert not await outcome(site, message, Accepted("P1"))
    else:
        assert await outcome(site, message, Accepted("P1"))
        await report(site, outbox_id, state, message_provider_id="P1", rule="x", reason="why")
    row = await site.message(outbox_id)
    assert (row.state, row.provider_id) == (state, "P1")
    assert await kinds(site, contact_id) == ["message_sent"] + ([] if state == "accepted" else [f"message_{state}"])


async def test_a_report_proves_what_was_in_doubt_and_the_timeline_says_that_it_left(site) -> None:
    contact_id = await site.contact()
    outbox_id = await site.put(contact_id)
    (message,) = (await site.claim()).messages
    await outcome(site, message, InDoubt("no answer"))
    assert (await site.message(outbox_id)).state == "unknown"
    for _ in range(2):
        await report(site, outbox_id, "delivered")
    assert (await site.message(outbox_id)).state == "delivered"
    assert await kinds(site, contact_id) == ["message_sent", "message_delivered"]


async def test_a_message_held_back_for_the_hour_goes_again_in_the_morning_once(site) -> None:
    """15:00 in London is 10:00 in New York and 7:00 in Los Angeles: the number says one thing, the browser another."""
    contact_id = await site.contact(time_zone="America/New_York")
    outbox_id = await site.put(contact_id, subject="Hello", text="Good day")
    await site.delivery.deliver_due(site.clock)
    for _ in range(3):
        await report(site, outbox_id, "undelivered", rule="30610", reason="Too early.", put_off=True)
    first, second = await site.outbox(contact_id)
    assert (first.state, first.reason) == ("undelivered", "Too early.")
    assert (second.state, second.text, second.created_at) == ("planned", "Good day", first.created_at)
    for zone in (NEW_YORK, LOS_ANGELES):
        assert 10 <= second.due_at.astimezone(zone).hour < 17
    assert second.due_at - site.clock.now() < timedelta(hours=24)
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(second.id)).state == "planned"
    site.clock.moment = second.due_at
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(second.id)).state == "accepted"
    # What comes late of the first attempt changes nothing of the second.
    await report(site, outbox_id, "accepted")
    assert [one.state for one in await site.outbox(contact_id)] == ["undelivered", "accepted"]


@pytest.mark.parametrize(
    ("zone", "at", "due"),
    [
        ("America/New_York", "2026-11-23T10:05-05:00", "2026-11-23T13:00-05:00"),
        ("America/New_York", "2026-11-23T20:30-05:00", "2026-11-24T13:00-05:00"),
        ("America/Los_Angeles", "2026-11-23T20:30-08:00", "2026-11-24T10:00-08:00"),
        ("Pacific/Honolulu", "2026-11-23T20:30-10:00", "2026-11-24T10:00-10:00"),
        ("Europe/London", "2026-11-23T06:30+00:00", "2026-11-23T10:00+00:00"),
        (None, "2026-11-23T10:05-05:00", "2026-11-23T13:00-05:00"),
    ],
)
async def test_the_morning_is_one_where_the_person_is_and_where_the_number_may_be_from(site, zone, at, due) -> None:
    contact_id = await site.contact(time_zone=zone)
    outbox_id = await site.put(contact_id)
    async with transaction(site.sessions) as session:
        await session.execute(text("UPDATE outbox SET state = 'accepted'"))
    site.clock.moment = datetime.fromisoformat(at)
    await report(site, outbox_id, "undelivered", put_off=True)
    assert (await site.outbox(contact_id))[-1].due_at == datetime.fromisoformat(due)


async def test_a_message_is_put_off_a_few_times_and_then_ends(site) -> None:
    contact_id = await site.contact()
    outbox_id = await site.put(contact_id)
    for times in range(1, MOST_TIMES + 3):
        async with transaction(site.sessions) as session:
            await session.execute(text("UPDATE outbox SET state = 'accepted' WHERE state = 'planned'"))
        await report(site, outbox_id, "undelivered", put_off=True)
        rows = await site.outbox(contact_id)
        assert len(rows) == min(times, MOST_TIMES) + 1
        outbox_id = rows[-1].id
    assert [one.state for one in await site.outbox(contact_id)] == ["undelivered"] * (MOST_TIMES + 1)


async def test_a_message_that_arrived_after_all_is_not_put_off(site) -> None:
    contact_id = await site.contact()
    outbox_id = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    await report(site, outbox_id, "delivered")
    await report(site, outbox_id, "undelivered", put_off=True)
    assert [one.state for one in await site.outbox(contact_id)] == ["delivered"]


async def test_a_stop_that_only_the_provider_knew_of_is_told_to_the_operator_once(site) -> None:
    contact_id = await site.contact()
    outbox_id = await site.put(contact_id)
    site.email.answer = lambda _envelope: Refused("21610", "They opted out.", opted_out=True)
    with structlog.testing.capture_logs() as logs:
        await site.delivery.deliver_due(site.clock)
        for _ in range(2):
            await report(site, outbox_id, "undelivered", opted_out=True)
    alerts = [one for one in logs if one["event"] == "provider_knew_of_a_stop"]
    assert [(one["log_level"], one["outbox_id"]) for one in alerts] == [("error", str(outbox_id))]

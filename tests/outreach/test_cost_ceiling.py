"""Texts and calls stop where the most is spent: in every process, before the wire, and with a reason that is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from structlog.testing import capture_logs

from base.database import transaction
from crm.contacts.service import attach_address
from crm.places.numbers import Destination
from outreach.decisions import Snapshot
from outreach.delivery import Delivery
from outreach.number_rules import cost_ceiling, number_challenge, number_country, number_kind
from outreach.ports import Accepted, InDoubt, Refused, RetryLater, SendOutcome
from outreach.prices import PriceList, PricesProblem, read_prices
from outreach.rule_pack import read_rule_pack
from outreach.spending.models import Spending, SpendingAlert
from outreach.spending.rules import RESERVE, Ceiling, Spent
from tests.outreach.conftest import Site, WritingSender

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PRICE = read_prices().cost_of("sms", "Good day", "GB")
TEXTS = 12


def a_text(**changes: object) -> Snapshot:
    values: dict[str, object] = {
        "contact_id": UUID(int=7),
        "channel": "sms",
        "purpose": "service",
        "message_class": "requested",
        "due_at": NOW,
        "created_at": NOW,
        "has_address": True,
        "destination": Destination("GB", "ordinary"),
        "cost": 0.08,
    }
    return Snapshot(**values | changes)  # type: ignore[arg-type]


@pytest.fixture
def texting(site: Site) -> Site:
    """The site with texts, and a ceiling of what they may cost."""
    senders = {**site.gatekeeper.senders, "sms": WritingSender("sms")}
    site.gatekeeper = replace(site.gatekeeper, senders=senders, ceiling=Ceiling(a_day=TEXTS * PRICE))
    site.planner._gatekeeper = site.gatekeeper
    site.delivery = Delivery(site.sessions, site.keys, site.gatekeeper, claimed_at_once=5)
    return site


def sent(site: Site) -> int:
    return len(site.gatekeeper.senders["sms"].sent)  # type: ignore[attr-defined]


async def a_person(site: Site, number: int) -> UUID:
    contact_id = await site.contact(None, consent=None)
    async with transaction(site.sessions) as session:
        await attach_address(
            session, site.keys, contact_id, kind="phone", value=f"+4420794600{number:02}", now=site.clock.now()
        )
    return contact_id


async def put_texts(site: Site, count: int, **columns: object) -> list[UUID]:
    wanted = {"channel": "sms", "purpose": "service", "message_class": "requested", "subject": None} | columns
    return [await site.put(await a_person(site, number), **wanted) for number in range(count)]


async def spent(site: Site) -> tuple[float, int]:
    async with site.sessions() as session:
        amount, messages = (await session.execute(select(func.sum(Spending.amount), func.sum(Spending.messages)))).one()
        return amount, messages


async def test_texts_stop_at_the_ceiling_and_the_reason_is_kept(texting: Site) -> None:
    ids = await put_texts(texting, 20)
    with capture_logs() as logs:
        await texting.delivery.deliver_due(texting.clock)
    assert sent(texting) == TEXTS
    rows = [await texting.message(one) for one in ids]
    refused = [row for row in rows if row.state == "skipped"]
    assert len(refused) == 20 - TEXTS
    assert {row.reason_rule for row in refused} == {"cost_ceiling"}
    assert "0.96 of 0.96 EUR are spent" in (refused[-1].reason or "")
    assert [answer.rule for answer in await texting.decisions(refused[0].id)][-1] == "cost_ceiling"
    assert await spent(texting) == (pytest.approx(TEXTS * PRICE), TEXTS)
    told = [(line["percent"], line["log_level"]) for line in logs if line["event"] == "cost_ceiling"]
    assert told == [(80, "warning"), (100, "error")]
    assert [kind for kind, _ in await texting.timeline(refused[0].contact_id)] == ["message_refused"]


async def test_workers_side_by_side_do_not_spend_the_same_money(texting: Site) -> None:
    await put_texts(texting, 40)
    others = [Delivery(texting.sessions, texting.keys, texting.gatekeeper, claimed_at_once=7) for _ in range(3)]
    await asyncio.gather(*(one.deliver_due(texting.clock) for one in (texting.delivery, *others)))
    assert sent(texting) == TEXTS
    assert await spent(texting) == (pytest.approx(TEXTS * PRICE), TEXTS)


async def test_mails_go_on_where_texts_have_stopped_and_the_next_day_is_a_new_one(texting: Site) -> None:
    await put_texts(texting, TEXTS + 1)
    await texting.delivery.deliver_due(texting.clock)
    mail = await texting.put(await texting.contact())
    await texting.delivery.deliver_due(texting.clock)
    assert (await texting.message(mail)).state == "accepted"
    texting.clock.forward(days=1)
    later = await texting.put(
        await a_person(texting, 90), channel="sms", purpose="service", message_class="requested", subject=None
    )
    await texting.delivery.deliver_due(texting.clock)
    assert (await texting.message(later)).state == "accepted"


@pytest.mark.parametrize(
    ("outcome", "costs"),
    [
        (Accepted("p"), True),
        (InDoubt("No answer."), True),
        (Refused("30003", "Unreachable."), False),
        (RetryLater("Busy.", timedelta(hours=1)), False),
    ],
)
async def test_what_was_surely_not_taken_costs_nothing(texting: Site, outcome: SendOutcome, costs: bool) -> None:
    texting.gatekeeper.senders["sms"].answer = lambda _envelope: outcome  # type: ignore[attr-defined]
    await put_texts(texting, 3)
    await texting.delivery.deliver_due(texting.clock)
    assert await spent(texting) == ((pytest.approx(3 * PRICE), 3) if costs else (pytest.approx(0), 0))


async def test_a_journey_takes_its_next_channel_where_texts_have_stopped(texting: Site, journey) -> None:
    await put_texts(texting, TEXTS)
    await texting.delivery.deliver_due(texting.clock)
    steps = {
        "tell": {"step": "send", "channels": ["sms", "email"], "next": [{"to": "done"}]},
        "done": {"step": "exit", "outcome": "completed"},
    }
    await texting.publish(journey(steps, purpose="service"))
    contact_id = await texting.contact()
    async with transaction(texting.sessions) as session:
        await attach_address(
            session, texting.keys, contact_id, kind="phone", value="+442079460099", now=texting.clock.now()
        )
    await texting.enrol(contact_id, "follow_up")
    await texting.planner.advance_due(texting.clock.now())
    planned = {row.channel: (row.state, row.reason_rule) for row in await texting.outbox(contact_id)}
    assert planned == {"sms": ("skipped", "cost_ceiling"), "email": ("planned", None)}


async def test_it_is_told_once_a_period_however_often_something_is_refused(texting: Site) -> None:
    ids = await put_texts(texting, 15)
    await texting.delivery.deliver_due(texting.clock)
    contact_id = (await texting.message(ids[0])).contact_id
    for _ in range(3):
        await texting.put(contact_id, channel="sms", purpose="service", message_class="requested", subject=None)
        await texting.delivery.deliver_due(texting.clock)
    async with texting.sessions() as session:
        alerts = sorted([one.percent for one in await session.scalars(select(SpendingAlert))])
    assert (alerts, sent(texting)) == ([80, 100], TEXTS)


def test_the_answers_to_stop_and_help_have_a_small_reserve_of_their_own() -> None:
    full = Spent(10.0, 10.0, Ceiling(a_day=10.0), "EUR")
    for purpose in ("answer", "nudge", "service", "marketing"):
        refusal = cost_ceiling(a_text(purpose=purpose, in_talk=True, spent=full))
        assert refusal is not None
        assert refusal.rule == "cost_ceiling"
    for purpose in ("notice", "rights"):
        assert cost_ceiling(a_text(purpose=purpose, in_talk=True, spent=full)) is None
        assert cost_ceiling(a_text(purpose=purpose, spent=full.plus(10.0 * RESERVE))) is not None


@given(
    st.floats(0, 50), st.floats(0, 500), st.floats(0.001, 5), st.none() | st.floats(0.01, 50),
    st.none() | st.floats(0.01, 500),
)  # fmt: skip
def test_no_answer_ever_lets_more_be_spent_than_may_be(
    today: float, month: float, cost: float, a_day: float | None, a_month: float | None
) -> None:
    so_far = Spent(today, month, Ceiling(a_day, a_month), "EUR")
    if cost_ceiling(a_text(cost=cost, spent=so_far)) is None:
        assert a_day is None or today + cost <= a_day + 1e-6
        assert a_month is None or month + cost <= a_month + 1e-6
    else:
        assert (a_day is not None and today + cost > a_day) or (a_month is not None and month + cost > a_month)


@pytest.mark.parametrize("kind", ["premium_rate", "shared_cost", "personal", "pager", "company_wide", "voicemail",
                                  "satellite", "unknown"])  # fmt: skip
@pytest.mark.parametrize("channel", ["sms", "voice"])
@pytest.mark.parametrize("purpose", ["marketing", "answer", "notice", "rights"])
def test_numbers_that_cost_more_get_nothing_whatever_it_is(kind, channel: str, purpose: str) -> None:
    refusal = number_kind(a_text(channel=channel, purpose=purpose, destination=Destination("US", kind)))
    assert refusal is not None
    assert refusal.rule == "number_kind"


def test_where_countries_are_named_nothing_goes_elsewhere() -> None:
    named = frozenset({"US", "CA"})
    assert number_country(a_text(destination=Destination("CA", "ordinary"), allowed_countries=named)) is None
    for country in ("GB", None):
        refusal = number_country(a_text(destination=Destination(country, "ordinary"), allowed_countries=named))
        assert refusal is not None
        assert refusal.rule == "number_country"
    assert number_country(a_text(destination=Destination(None, "ordinary"))) is None


def test_a_number_a_visitor_left_waits_for_the_work_and_then_no_longer() -> None:
    pack = read_rule_pack()
    waiting = a_text(challenged_at=NOW)
    wait = number_challenge(waiting, NOW + timedelta(minutes=1), pack)
    assert wait is not None
    assert (wait.answer, wait.rule) == ("defer", "number_challenge")
    refusal = number_challenge(waiting, NOW + timedelta(minutes=15), pack)
    assert refusal is not None
    assert refusal.answer == "deny"
    assert number_challenge(a_text(), NOW, pack) is None
    # A month later, of what was planned when: the visitor's own is shut out, what others plan is not.
    in_a_month, when = NOW + timedelta(days=30), NOW + timedelta(minutes=75)
    for planned_at, from_web, shut in [(when, False, False), (when, True, True), (NOW, False, True)]:
        planned = a_text(challenged_at=NOW, created_at=planned_at, from_web=from_web)
        assert (number_challenge(planned, in_a_month, pack) is not None) is shut


async def test_a_premium_number_is_refused_before_anything_is_asked_of_the_provider(texting: Site) -> None:
    contact_id = await texting.contact(None, consent=None)
    async with transaction(texting.sessions) as session:
        await attach_address(
            session, texting.keys, contact_id, kind="phone", value="+19002345678", now=texting.clock.now()
        )
    outbox_id = await texting.put(contact_id, channel="sms", purpose="service", message_class="requested", subject=None)
    await texting.delivery.deliver_due(texting.clock)
    message = await texting.message(outbox_id)
    assert (message.state, message.reason_rule, sent(texting)) == ("skipped", "number_kind", 0)
    inputs = (await texting.decisions(outbox_id))[-1].inputs
    assert inputs["destination"] == ["US", "premium_rate"]
    assert "+1900" not in str(inputs)


def a_list(tmp_path: Path, channels: str) -> PriceList:
    """An operator's own."""
    own = tmp_path / "prices.yml"
    own.write_text(f'version: "1"\ncurrency: USD\nchannels: {channels}\n', encoding="utf-8")
    return read_prices(own)


@pytest.mark.parametrize(
    ("channels", "told"),
    [
        ("{email: {each: 0.01}}", ["sms", "voice"]),
        ("{sms: {each: 0, per: segment}, voice: {each: 0.5}}", ["sms"]),
        ("{sms: {each: 0.5, countries: {GB: 0}}, voice: {each: 0.5}}", ["sms"]),
        ("{sms: {each: 0.5}, voice: {each: 0.5}}", []),
    ],
)
def test_an_own_list_without_a_price_of_texts_or_calls_does_not_switch_the_ceiling_off(
    tmp_path: Path, channels: str, told: list[str]
) -> None:
    with capture_logs() as logs:
        prices = a_list(tmp_path, channels)
    assert [line["channel"] for line in logs if line["event"] == "price_missing"] == told
    assert all(prices.charge_of(channel, "Hi", "GB") > 0 for channel in ("sms", "voice"))


@pytest.mark.parametrize(
    ("countries", "words"),
    [("{UK: 1}", "UK is no country"), ("{NO: 1}", "in quotes"), ("{us: 1, US: 2}", "two prices")],
)
def test_a_country_that_is_none_is_refused_in_a_price_list(tmp_path: Path, countries: str, words: str) -> None:
    with pytest.raises(PricesProblem, match=words):
        a_list(tmp_path, f"{{sms: {{each: 1, countries: {countries}}}}}")


def test_a_country_may_be_written_small_in_a_price_list(tmp_path: Path) -> None:
    prices = a_list(tmp_path, "{sms: {each: 1, countries: {us: 0.5}}, voice: {each: 1}}")
    assert (prices.charge_of("sms", "Hi", "US"), prices.charge_of("sms", "Hi", "GB")) == (0.5, 1)


def test_a_price_of_a_country_counts_where_the_list_has_one() -> None:
    prices = read_prices()
    assert prices.cost_of("sms", "Hi", "US") < prices.cost_of("sms", "Hi", "GB") == prices.cost_of("sms", "Hi")
    assert prices.cost_of("sms", "x" * 200, "US") == pytest.approx(2 * prices.cost_of("sms", "Hi", "US"))
    assert prices.charge_of("sms", "", "GB") == prices.charge_of("sms", "Hi", "GB") == prices.cost_of("sms", "Hi", "GB")

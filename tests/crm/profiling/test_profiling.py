"""A no to being profiled always counts; a yes is needed where the law of the place wants one."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from base.database import transaction
from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.rules import LedgerEntry, fold
from crm.contacts.models import Contact
from crm.contacts.service import attach_address
from crm.profiling.rules import Modes, may_profile, read_modes, standing_on_profiling
from crm.profiling.service import find_refusals
from crm.scoring.service import NOT_SCORED, add_points, list_reasons, rescore

NOW = datetime(2026, 11, 28, tzinfo=UTC)
USES = ("scoring", "segmenting", "enriching", "training")


def standing(*events: tuple[str, str, str]) -> str:
    entries = [
        LedgerEntry(seq, UUID(int=seq), event, purpose, channel, NOW)
        for seq, (event, purpose, channel) in enumerate(events, 1)
    ]
    return standing_on_profiling(fold(entries))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], "none"),
        ([("given", "marketing", "email"), ("withdrawn", "marketing", "all")], "none"),
        ([("given", "profiling", "email")], "given"),
        ([("withdrawn", "profiling", "all")], "withdrawn"),
        ([("given", "profiling", "email"), ("refused", "profiling", "sms")], "refused"),
        ([("withdrawn", "profiling", "all"), ("given", "profiling", "email")], "withdrawn"),
        ([("given", "profiling", "email"), ("withdrawn", "all", "all")], "withdrawn"),
        ([("withdrawn", "all", "all"), ("given", "profiling", "web")], "given"),
        ([("given", "profiling", "web"), ("withdrawn", "all", "all"), ("given", "profiling", "email")], "given"),
        ([("withdrawn", "all", "sms")], "none"),
        ([("given", "profiling", "email"), ("expired", "profiling", "email")], "expired"),
    ],
)
def test_how_somebody_stands_to_profiling(events, expected):
    assert standing(*events) == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["given", "confirmed", "refused", "withdrawn", "requested", "expired"]),
            st.sampled_from(["profiling", "marketing", "all"]),
            st.sampled_from(["email", "web", "all"]),
        )
    ),
    st.sampled_from(USES),
    st.sampled_from(["consent", "objection"]),
    st.sampled_from(["all", "email", "web"]),
)
def test_after_an_objection_no_history_before_it_opens_any_use(events, use, mode, channel):
    said = standing(*events, ("withdrawn", "profiling", channel))
    assert may_profile(use, said, mode) is not None


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("said", "mode", "refused"),
    [
        ("none", "objection", False), ("given", "objection", False), ("expired", "objection", False),
        ("refused", "objection", True), ("withdrawn", "objection", True),
        ("none", "consent", True), ("expired", "consent", True), ("given", "consent", False),
        ("refused", "consent", True),
    ],
)  # fmt: skip
def test_a_no_always_counts_and_a_yes_where_it_is_needed(use, said, mode, refused):
    refusal = may_profile(use, said, mode)
    assert (refusal is not None) == refused
    if refusal is not None:
        assert refusal.reason.endswith(".")


@pytest.mark.parametrize(
    ("countries", "scoring", "enriching"),
    [
        (["DE"], "objection", "consent"), (["US"], "objection", "objection"), (["US", "DE"], "objection", "consent"),
        ([], "objection", "consent"), (["ZZ"], "objection", "consent"), (["JP"], "objection", "consent"),
    ],
)  # fmt: skip
def test_each_place_has_its_way_and_an_unknown_one_the_strictest(countries, scoring, enriching):
    modes = read_modes()
    assert modes.mode_of("scoring", countries, NOW) == scoring
    assert modes.mode_of("enriching", countries, NOW) == enriching


def test_a_use_nobody_laid_down_or_before_its_day_needs_a_consent():
    rule = {"source": "law", "status": "K", "effective_from": "2026-01-01", "countries": ["US"], "uses": {}}
    modes = Modes.model_validate({"version": "2026-11-28", "rules": [rule]})
    assert modes.mode_of("scoring", ["US"], NOW) == "consent"
    assert read_modes().mode_of("scoring", ["US"], datetime(2020, 1, 1, tzinfo=UTC)) == "consent"


@pytest.fixture
async def lead(database, keys, now):
    contact_id = new_id()
    async with transaction(database.sessions) as session:
        await session.execute(
            insert(Contact).values(
                id=contact_id, time_zone="Europe/London", fields={"company": "Example"}, created_at=now, updated_at=now
            )
        )
        await attach_address(session, keys, contact_id, kind="phone", value="+442079460018", now=now)
    return contact_id


async def say(session, contact_id, event, now, *, channel="web"):
    fact = ConsentFact(
        event=event, principal_ref=contact_id, purpose="profiling", channel=channel, controller="Northwind",
        language="en", method="chat", actor="subject", effective_at=now, notice_text="May we?",
    )  # fmt: skip
    await record_consent_event(session, fact, now)


async def points(session, contact_id, now):
    return await add_points(
        session, contact_id, rule="demo/q/0", points=20, reason="Big team", message_id=None, now=now
    )


async def test_an_objection_takes_the_score_and_leaves_the_reason(database, keys, lead, now):
    facts = {"phone_known": True, "company": "Example"}
    async with transaction(database.sessions) as session:
        await points(session, lead, now)
        assert await rescore(session, keys, lead, message_id=None, now=now, facts=facts) > 20
        await say(session, lead, "withdrawn", now, channel="all")
        assert await rescore(session, keys, lead, message_id=None, now=now, facts=facts) == 0
        assert await points(session, lead, now) == 0
        (reason,) = await list_reasons(session, lead)
    assert (reason.rule, reason.points) == (NOT_SCORED, 0)
    assert reason.reason == "Not scored: they objected to being profiled."


async def test_who_agrees_again_is_scored_again(database, keys, lead, now):
    async with transaction(database.sessions) as session:
        await say(session, lead, "refused", now)
        assert await points(session, lead, now) == 0
        await say(session, lead, "given", now)
        assert await points(session, lead, now) == 20
        await rescore(session, keys, lead, message_id=None, now=now, facts={})
        assert [entry.rule for entry in await list_reasons(session, lead)] == ["demo/q/0"]


async def test_many_are_asked_for_at_once_by_what_is_known_of_each(database, keys, lead, now):
    american, nobody = new_id(), new_id()
    async with transaction(database.sessions) as session:
        await session.execute(
            insert(Contact),
            [
                {"id": one, "time_zone": zone, "fields": {}, "created_at": now, "updated_at": now}
                for one, zone in ((american, "America/New_York"), (nobody, None))
            ],
        )
        everybody = [lead, american, nobody]
        assert await find_refusals(session, keys, everybody, "scoring", now) == {}
        assert set(await find_refusals(session, keys, everybody, "enriching", now)) == {lead, nobody}
        await say(session, lead, "given", now)
        assert set(await find_refusals(session, keys, everybody, "enriching", now)) == {nobody}
        await attach_address(session, keys, american, kind="phone", value="+12125550123", now=now)
        assert set(await find_refusals(session, keys, everybody, "enriching", now)) == {nobody}
        # Without the keys the number may be of any country.
        assert set(await find_refusals(session, None, everybody, "enriching", now)) == {american, nobody}

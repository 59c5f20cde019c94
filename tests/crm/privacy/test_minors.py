"""Who says they are under age is neither scored nor promoted to; who says nothing of it is not asked."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import server.web  # noqa: F401  # loads every room's tables
from crm.consent.ledger import consent_for, consent_states
from crm.privacy.limits import list_marks
from crm.privacy.minors import read_ages, told_age
from crm.profiling.service import find_refusals
from tests.bot.happenings import contact_of, happen, kinds
from tests.bot.stage import Stage

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("field", "value", "age"),
    [
        ("age", 15, 15),
        ("age", "15", 15),
        ("age", 15.0, 15),
        ("age", "fifteen", None),
        ("age", 999, None),
        ("birth_year", 2011, 14),
        ("birth_year", 1890, None),
        ("birth_date", "2010-11-23", 16),
        ("birth_date", "2010-11-24", 15),
        ("birth_date", "24.11.2010", None),
        ("first_name", "15", None),
    ],
)
def test_an_age_is_the_lowest_that_a_fact_may_mean(field: str, value: object, age: int | None) -> None:
    assert told_age(field, value, TODAY) == age


@given(st.lists(st.sampled_from(["AT", "GB", "FR", "DE", "US", "??"])))
def test_of_several_countries_the_highest_age_counts_and_of_none_the_default(countries: list[str]) -> None:
    ages = read_ages()
    assert ages.age_in(countries) == max((ages.age_in([one]) for one in countries), default=16)
    assert (ages.age_in(["AT"]), ages.age_in(["GB"]), ages.age_in(["FR"]), ages.age_in(["??"])) == (14, 13, 15, 16)


def told(field: str, value: object) -> dict[str, object]:
    return {"effect": "capture_lead", "field": field, "value": value}


async def test_whoever_is_under_age_is_not_scored_and_gets_no_promotion(stage: Stage) -> None:
    await happen(stage, told("country", "US"), told("age", 15))
    contact = await contact_of(stage)
    assert (contact.stage, contact.score) == ("disqualified", 0)
    assert (contact.id, "minor") in stage.follow_ups.stopped
    assert "minor_marked" in await kinds(stage)
    await happen(stage, {"effect": "add_points", "rule": "a/b/0", "points": 9, "reason": "asked"})
    async with stage.sessions() as session:
        assert (await list_marks(session, [contact.id]))[contact.id] == {"minor"}
        refusal = (await find_refusals(session, stage.keys, [contact.id], "scoring", stage.clock.now()))[contact.id]
        assert refusal.reason == "Not scored: they said they are under age."
        states = (await consent_states(session, [contact.id], stage.clock.now()))[contact.id]
        assert consent_for(states, "marketing", "email").state == "withdrawn"
    assert (await contact_of(stage)).score == 0


async def test_an_age_that_their_country_takes_for_grown_up_changes_nothing(stage: Stage) -> None:
    await happen(stage, told("country", "AT"), told("age", 15))
    assert (await contact_of(stage)).stage == "visitor"
    await stage.begin_again()
    await happen(stage, told("age", 40))
    assert (await contact_of(stage)).stage == "visitor"
    assert stage.follow_ups.stopped == []


async def test_a_higher_age_told_later_takes_nothing_back(stage: Stage) -> None:
    await happen(stage, told("age", 12))
    await happen(stage, told("age", 42))
    contact = await contact_of(stage)
    assert contact.stage == "disqualified"
    assert (await kinds(stage)).count("minor_marked") == 1

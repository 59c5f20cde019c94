"""Every shipped journey does in virtual time what its tests say."""

from __future__ import annotations

import pytest

from flows.compiler import compile_journeys, load_content
from outreach.simulation_tests import run_test
from server.journeys_simulating import ScratchServer, ScratchTalks

CONTENT = load_content(intents=None)
COMPILED = compile_journeys(CONTENT)
TESTS = [(name, test) for name, file in sorted(CONTENT.journey_tests.items()) for test in file.tests.root]


@pytest.mark.parametrize(("journey", "test"), [pytest.param(*one, id=f"{one[0]}: {one[1].name}") for one in TESTS])
async def test_a_journey_does_what_its_tests_say(postgres_url, journey, test):
    async with ScratchServer(postgres_url).place("parley_template") as place:
        assert await run_test(place, ScratchTalks(), COMPILED[journey], test) == []


async def test_what_came_otherwise_is_said_in_words(postgres_url):
    test = next(test for name, test in TESTS if name == "win_back" and "withdrawn" in test.name)
    (sent,) = test.expect["cleo"].sends
    wrong = test.expect["cleo"].model_copy(
        update={
            "sends": (sent.model_copy(update={"at": "2026-04-08 10:00", "says": ("Good night",)}),) * 2,
            "outcome": "goal",
            "tags": ("happy",),
            "consents": {"marketing/email": "given"},
            "tasks": ("Call",),
        }
    )
    async with ScratchServer(postgres_url).place("parley_template") as place:
        found = await run_test(
            place, ScratchTalks(), COMPILED["win_back"], test.model_copy(update={"expect": {"cleo": wrong}})
        )
    assert found == [
        "cleo: mail_news by email at 2026-04-07 10:00 left, not at 2026-04-08 10:00",
        "cleo: mail_news by email at 2026-04-07 10:00 does not say 'Good night'",
        "cleo: mail_news by email did not leave",
        "cleo: left by consent_withdrawn on three_weeks, instead of leaving by goal",
        "cleo: the tag happy is missing",
        "cleo: the consent marketing/email is withdrawn, not given",
        "cleo: colleagues were told [], not ['Call']",
    ]

"""A population goes through a journey in virtual time, and nobody is lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from base.errors import InvalidInput
from flows.compiler import compile_journeys, load_content
from outreach.simulation import Simulation
from outreach.simulation_flow import draw_flow, simulate
from server.journeys_simulating import ScratchServer
from tests.server.command_line import CommandLine

BEGINS = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
COMPILED = compile_journeys(load_content(intents=None))


@pytest.mark.parametrize("journey", ["lead_nurture", "cart_reminder"])
async def test_who_comes_to_a_step_leaves_it_or_stands_on_it(postgres_url, journey):
    async with ScratchServer(postgres_url).place("parley_template") as place:
        found = await simulate(place, COMPILED[journey], 40, BEGINS, timedelta(days=20))
    assert found.entered + found.held_out == 40
    came = found.entered
    for name in found.steps:
        coming = sum(number for (_, to), number in found.edges.items() if to == name)
        going = sum(number for (at, _), number in found.edges.items() if at == name)
        ended = sum(number for (at, _), number in found.exits.items() if at == name)
        if COMPILED[journey]["steps"][name]["step"].startswith(("on_", "manual")):
            came -= going + ended
        else:
            assert coming == going + ended + found.standing.get(name, 0), name
    assert came == 0
    lines = draw_flow(found)
    assert lines[0] == f"40 people, {found.entered} entered, {found.held_out} held back for good"
    assert any("sent by email" in line for line in lines)


async def test_a_journey_that_never_rests_is_given_up(postgres_url):
    async with ScratchServer(postgres_url).place("parley_template") as place:
        simulation = Simulation(place, BEGINS)
        simulation.most_moments = 10

        async def again(_session, moment):
            simulation.at(moment + timedelta(seconds=1), again)

        simulation.at(BEGINS, again)
        with pytest.raises(InvalidInput, match="never comes to rest"):
            await simulation.run(BEGINS + timedelta(days=1))


async def test_the_commands_touch_nothing_of_the_site_and_say_what_came_otherwise(tmp_path):
    parley = CommandLine(tmp_path, {"PARLEY_DATA_DIR": str(tmp_path / "var")}, "journeys")
    done = await parley("test", "win_back")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "win_back: two messages and then we let go: as expected",
        "win_back: who comes back after the first message gets no second one: as expected",
        "win_back: a withdrawn consent stops it where it stands: as expected",
    ]
    assert not (tmp_path / "var").exists()
    unknown = await parley("simulate", "nowhere")
    assert unknown.code == 1
    assert "win_back" in unknown.err

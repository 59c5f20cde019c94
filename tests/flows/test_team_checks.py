"""There is always a way to a person: teams, their hours, and somebody to reach at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.checks import check_content
from flows.compiler import compile_flows
from flows.models import Library
from flows.parsing import parse_model
from tests.flows.authoring import content_of, flow_folder, marks_of
from tests.flows.random_flows import flow_of, words_for

STEPS = [{"id": "notice", "step": "ai_notice"}, {"id": "finish", "step": "end"}]


def content_with(teams, steps=STEPS):
    marks = marks_of({"entry_flow": "one", "default_language": "en", "teams": teams}, "library/library.yml")
    errors = []
    library = parse_model(Library, marks, errors)
    assert library is not None, errors
    content = content_of(flow_folder(flow_of("one", steps), words_for(steps)))
    return replace(content, library=library, library_marks=marks)


def faults(teams, steps=STEPS):
    return [(error.rule, error.file) for error in check_content(content_with(teams, steps))]


def test_content_without_anybody_to_talk_to_is_refused():
    assert faults({}) == [("person.no_way", "library/library.yml")]


def test_a_handoff_to_a_team_nobody_named_is_refused():
    steps = [STEPS[0], {"id": "person", "step": "handoff", "team": "nobody"}]

    assert faults({}, steps) == [("team.unknown", "flow.yml")]
    assert faults({"nobody": {}}, steps) == []


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York"])
def test_a_time_zone_that_exists_is_accepted(zone):
    assert faults({"sales": {"zone": zone}}) == []


@pytest.mark.parametrize("zone", ["Europe/Berlyn", "", "../../etc/passwd", "/etc/localtime"])
def test_a_time_zone_that_does_not_exist_is_refused(zone):
    assert faults({"sales": {"zone": zone}}) == [("team.zone", "library/library.yml")]


@pytest.mark.parametrize(
    "spans", [["09:00-17:00"], ["09:00-12:00", "12:00-17:00"], ["00:00-24:00"], ["22:00-24:00"], []]
)
def test_hours_in_order_are_accepted(spans):
    assert faults({"sales": {"hours": {"mon": spans}}}) == []


@pytest.mark.parametrize(
    "spans",
    [["17:00-09:00"], ["09:00-09:00"], ["13:00-17:00", "09:00-12:00"], ["09:00-13:00", "12:00-17:00"], ["22:00-24:30"]],
)
def test_hours_that_cannot_be_kept_are_refused_on_their_line(spans):
    content = content_with({"sales": {"hours": {"tue": spans}}})

    (error,) = check_content(content)

    assert error.rule == "team.hours"
    assert error.line == content.library_marks.line_of(("teams", "sales", "hours", "tue", len(spans) - 1))


def test_a_team_that_is_always_there_is_compiled_without_hours():
    teams = {
        "always": {},
        "office": {"zone": "Europe/Paris", "hours": {"fri": ["09:00-12:00"]}, "closed": ["2026-12-25"]},
    }

    assert compile_flows(content_with(teams))["teams"] == {
        "always": {"zone": "UTC"},
        "office": {"zone": "Europe/Paris", "hours": {"fri": ["09:00-12:00"]}, "closed": ["2026-12-25"]},
    }

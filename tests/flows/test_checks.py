"""The checks over whole flows: valid ones pass, and each planted fault is found where it was planted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from flows.checks import check_content, check_flow
from flows.content import Content
from tests.flows.authoring import content_of, flow_folder, follow_up
from tests.flows.large_flow import large_content
from tests.flows.planted_faults import FAULTS
from tests.flows.random_flows import ASIDE, Draft, valid_drafts, words_for

INTENTS = frozenset({"ask_price", "ask_help"})


def content_with(draft: Draft) -> Content:
    aside = flow_folder(ASIDE, words_for(ASIDE["steps"], ASIDE["slots"]))
    return content_of(flow_folder(*draft), aside, journeys=(follow_up(),), intents=INTENTS)


def span_of(draft: Draft, content: Content, step_id: str) -> tuple[int, int]:
    """Give the lines of the flow file on which a step stands, the last of that name."""
    steps: list[dict[str, Any]] = draft[0]["steps"]
    index = max(number for number, step in enumerate(steps) if step["id"] == step_id)
    marks = content.flows["random"].marks
    last = marks.line_of(("steps", index + 1)) if index + 1 < len(steps) else 10**9
    return marks.line_of(("steps", index)), last


@settings(max_examples=60)
@given(draft=valid_drafts())
def test_a_flow_that_keeps_the_rules_passes(draft):
    assert [str(error) for error in check_content(content_with(draft))] == []


@pytest.mark.parametrize("fault", FAULTS)
@settings(max_examples=6)
@given(draft=valid_drafts())
def test_a_planted_fault_is_found_on_its_step_and_line(fault, draft):
    rule, step, plant = FAULTS[fault]
    planted = plant(draft)
    content = content_with(planted)

    errors = [error for error in check_content(content) if (error.rule, error.step) == (rule, step)]

    assert errors
    for error in errors:
        assert error.remedy
        assert error.file in str(error)
        if step and error.file == "flow.yml":
            first, last = span_of(planted, content, step)
            assert first <= error.line <= last


@pytest.mark.parametrize("steps", [13, 60, 200])
def test_a_long_flow_has_the_length_asked_for_and_keeps_the_rules(steps):
    content = large_content(steps)
    large = content.flows["large"]

    assert len(large.model.steps) == steps
    assert list(check_flow(large, content)) == []
    assert check_content(content) == []

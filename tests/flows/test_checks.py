"""The checks over whole flows: valid ones pass, and each planted fault is found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from flows.checks import check_content
from tests.flows.authoring import content_of, flow_folder, follow_up
from tests.flows.random_flows import FAULTS, Draft, valid_drafts


def rules_broken(draft: Draft) -> set[str]:
    content = content_of(flow_folder(*draft), journeys=(follow_up(),))
    return {error.rule for error in check_content(content)}


@given(draft=valid_drafts())
def test_a_flow_that_keeps_the_rules_passes(draft):
    assert rules_broken(draft) == set()


@pytest.mark.parametrize("fault", FAULTS)
@settings(max_examples=25)
@given(draft=valid_drafts())
def test_a_planted_fault_is_found(fault, draft):
    rule, plant = FAULTS[fault]

    assert rule in rules_broken(plant(draft))


@given(draft=valid_drafts())
def test_every_fault_names_a_line_of_the_file_and_a_remedy(draft):
    _, plant = FAULTS["a way to nowhere"]
    content = content_of(flow_folder(*plant(draft)), journeys=(follow_up(),))

    errors = check_content(content)

    assert {error.step for error in errors if error.rule == "target.missing"} == {"notice"}
    for error in errors:
        assert error.line >= 1
        assert error.remedy
        assert error.file in str(error)

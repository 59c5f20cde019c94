"""Durations and the shape of journeys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks import check_content
from flows.parts import parse_duration
from tests.flows.authoring import content_of, flow_folder, follow_up, journey_folder

NOTICE = {"flow": "hello", "name": "Hello", "description": "Says hello.", "language": "en"}


def rules_broken(journey):
    hello = flow_folder(NOTICE | {"steps": [{"id": "hi", "step": "ai_notice"}]}, {"hi": {"text": "Hi"}})
    return [error.rule for error in check_content(content_of(hello, journeys=(journey,)))]


def with_steps(*steps, words=("mail",)):
    model = {"journey": "j", "name": "J", "description": "J.", "purpose": "service", "exit_when": []}
    return journey_folder(model | {"steps": list(steps)}, {name: {"subject": "S", "text": "T"} for name in words})


MAIL = {"id": "mail", "step": "send", "channels": ["email"]}
DONE = {"id": "done", "step": "exit"}


@given(
    count=st.integers(1, 9999), unit=st.sampled_from(["second", "minute", "hour", "day", "week"]), plural=st.booleans()
)
def test_a_duration_is_a_count_and_a_unit(count, unit, plural):
    assert parse_duration(f"{count} {unit}{'s' * plural}") == count * timedelta(**{f"{unit}s": 1})


@pytest.mark.parametrize("text", ["", "10", "ten days", "0 days", "-1 day", "1.5 hours", "1 day ", 600, None])
def test_anything_else_is_no_duration(text):
    with pytest.raises(ValueError, match="written like"):
        parse_duration(text)


def test_a_short_valid_journey_passes():
    assert rules_broken(follow_up()) == []


def test_a_loop_that_waits_is_allowed():
    wait = {"id": "wait", "step": "wait_for", "duration": "1 day"}
    again = [{"if": {"fact": "score", "op": "at_most", "value": 10}, "to": "mail"}, {"to": "done"}]

    assert rules_broken(with_steps(MAIL, wait, {"id": "again", "step": "branch", "next": again}, DONE)) == []


def test_a_loop_that_never_waits_is_refused():
    again = [{"if": {"fact": "score", "op": "at_most", "value": 10}, "to": "mail"}, {"to": "done"}]

    assert rules_broken(with_steps(MAIL, {"id": "again", "step": "branch", "next": again}, DONE)) == ["loop.endless"]


def test_an_e_mail_without_a_subject_is_refused():
    journey = {"journey": "j", "name": "J", "description": "J.", "purpose": "service", "exit_when": []}

    broken = rules_broken(journey_folder(journey | {"steps": [MAIL, DONE]}, {"mail": {"text": "T"}}))

    assert broken == ["wording.missing"]


def test_a_journey_may_name_only_facts_that_exist():
    journey = {"journey": "j", "name": "J", "description": "J.", "purpose": "service", "exit_when": []}
    words = {"mail": {"subject": "For {{ pet }}", "text": "T"}}

    assert rules_broken(journey_folder(journey | {"steps": [MAIL, DONE]}, words)) == ["wording.name"]

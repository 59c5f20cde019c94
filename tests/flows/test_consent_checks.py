"""The proof that no path markets without consent, on the shapes that are easy to get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from flows.consent_checks import check_marketing
from flows.notice_checks import check_notice
from tests.flows.authoring import content_of, flow_folder, follow_up
from tests.flows.random_flows import SLOTS, speaks, wording_for

GIVEN = {"slot": "agreed", "op": "is", "value": "given"}
ASK = {"id": "ask", "step": "ask_consent", "slot": "agreed", "purpose": "marketing", "channels": ["email"]}
BEGIN = {"id": "begin", "step": "start_journey", "journey": "follow_up"}
END = {"id": "finish", "step": "end"}


def branch(condition: dict[str, Any], to: str, otherwise: str) -> dict[str, Any]:
    return {"id": "by_consent", "step": "branch", "next": [{"if": condition, "to": to}, {"to": otherwise}]}


def rules_for(*steps: dict[str, Any], channels: tuple[str, ...] = ("email",)) -> list[str]:
    flow = {"flow": "one", "name": "One", "description": "One.", "language": "en", "slots": SLOTS}
    folder = flow_folder(
        flow | {"steps": list(steps)}, {step["id"]: wording_for(step) for step in steps if speaks(step)}
    )
    return [error.rule for error in check_marketing("one", content_of(folder, journeys=(follow_up(channels),)))]


@pytest.mark.parametrize(
    "condition",
    [
        GIVEN,
        {"not": {"slot": "agreed", "op": "is_not", "value": "given"}},
        {"all": [GIVEN, {"slot": "email", "op": "known"}]},
        {"not": {"any": [{"slot": "agreed", "op": "is", "value": "refused"}, {"slot": "agreed", "op": "unknown"}]}},
        {"slot": "agreed", "op": "in", "value": ["given"]},
    ],
)
def test_a_branch_that_lets_only_a_given_consent_pass_is_accepted(condition):
    assert rules_for(ASK, branch(condition, "begin", "finish"), BEGIN, END) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"slot": "agreed", "op": "known"},
        {"slot": "agreed", "op": "is_not", "value": "given"},
        {"any": [GIVEN, {"slot": "email", "op": "known"}]},
        {"slot": "email", "op": "known"},
    ],
)
def test_a_branch_that_a_refusal_may_pass_is_refused(condition):
    assert rules_for(ASK, branch(condition, "begin", "finish"), BEGIN, END) == ["consent.refused"]


def test_consent_known_from_before_is_not_taken_for_asking():
    assert rules_for(branch(GIVEN, "begin", "finish"), BEGIN, END) == ["consent.not_asked"]


def test_one_path_around_the_question_is_enough_to_refuse():
    around = {
        "id": "around",
        "step": "branch",
        "next": [{"if": {"slot": "word", "op": "known"}, "to": "begin"}, {"to": "ask"}],
    }

    assert rules_for(around, ASK, branch(GIVEN, "begin", "finish"), BEGIN, END) == ["consent.not_asked"]


def test_a_path_around_the_question_passes_when_no_value_can_take_it():
    around = {"id": "around", "step": "branch", "next": [{"to": "ask"}]}

    assert rules_for(around, ASK, branch(GIVEN, "begin", "finish"), BEGIN, END) == []


def test_asking_again_makes_an_earlier_yes_worthless():
    again = ASK | {"id": "again"}

    assert rules_for(ASK, branch(GIVEN, "again", "finish"), again, BEGIN, END) == ["consent.refused"]


def test_consent_for_e_mail_does_not_cover_another_channel():
    steps = (ASK, branch(GIVEN, "begin", "finish"), BEGIN, END)

    assert rules_for(*steps, channels=("email", "sms")) == ["consent.not_asked"]


def test_a_service_message_needs_no_consent():
    folder = flow_folder(
        {"flow": "one", "name": "One", "description": "One.", "language": "en", "steps": [BEGIN, END]}, {}
    )
    content = content_of(folder, journeys=(follow_up(purpose="service"),))

    assert list(check_marketing("one", content)) == []


def test_a_notice_on_one_of_two_paths_is_not_enough():
    steps = [
        {"id": "fork", "step": "branch", "next": [{"if": GIVEN, "to": "ask"}, {"to": "notice"}]},
        {"id": "notice", "step": "ai_notice"},
        ASK,
        END,
    ]
    flow = {"flow": "one", "name": "One", "description": "One.", "language": "en", "slots": SLOTS, "steps": steps}

    errors = list(check_notice("one", content_of(flow_folder(flow, {}))))

    assert [(error.rule, error.step) for error in errors] == [("notice.late", "ask")]

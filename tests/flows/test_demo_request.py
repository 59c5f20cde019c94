"""The shipped flow, walked with every combination of answers it offers."""

from __future__ import annotations

from itertools import product

import pytest

from flows.compiler import compile_flows, compile_journeys, load_content
from tests.flows.walking import MOST_STEPS, walk

FREE = {
    "first_name": "Ann",
    "company": "Oakfield Ltd",
    "problem": "Late payments",
    "email": "ann@oakfield.example",
    "phone": "+442079460018",
}
CHOSEN = ("goal", "carry_on", "team_size", "timeline", "contact_by")


@pytest.fixture(scope="module")
def compiled():
    return compile_flows(load_content())


@pytest.fixture(scope="module")
def flow(compiled):
    return compiled["flows"]["demo_request"]


@pytest.fixture(scope="module")
def walks(flow):
    choices = {step["slot"]: step["choices"] for step in flow["steps"].values() if step["step"] == "ask_choice"}
    every = product(*(choices[slot] for slot in CHOSEN), ("given", "refused"))
    return [walk(flow, FREE | dict(zip((*CHOSEN, "marketing"), answers, strict=True))) for answers in every]


def test_every_combination_of_answers_comes_to_an_end(walks):
    assert len(walks) == 4 * 2 * 4 * 4 * 3 * 2
    assert all(walked.outcome and len(walked.visited) < MOST_STEPS for walked in walks)
    assert {walked.outcome for walked in walks} == {
        "qualified",
        "qualified_without_marketing",
        "no_contact",
        "not_now",
    }


def test_the_follow_up_starts_exactly_when_consent_was_given(walks):
    for walked in walks:
        assert walked.journeys == (["demo_follow_up"] if walked.slots.get("marketing") == "given" else [])


def test_the_visitor_learns_first_that_an_automated_assistant_speaks(walks, flow):
    assert all(flow["steps"][walked.visited[0]]["step"] == "ai_notice" for walked in walks)


def test_a_phone_number_is_asked_only_of_those_who_want_a_call(walks):
    for walked in walks:
        wants_call = walked.slots.get("contact_by") == "call"
        assert ("phone" in walked.asked) is wants_call


def test_who_gives_no_contact_is_not_asked_for_consent(walks):
    refused = [walked for walked in walks if walked.outcome in ("no_contact", "not_now")]

    assert refused
    assert all("marketing" not in walked.asked and "email" not in walked.asked for walked in refused)


def test_every_question_but_how_to_get_in_touch_can_be_left_out_and_the_flow_still_ends(flow):
    open_to_all = dict.fromkeys((*FREE, *CHOSEN, "marketing"))
    for contact_by, email, phone in product(("email", "call"), (None, FREE["email"]), (None, FREE["phone"])):
        answers = open_to_all | {"carry_on": "go_on", "contact_by": contact_by, "email": email, "phone": phone}
        walked = walk(flow, answers)

        reachable = email or (phone and contact_by == "call")
        assert walked.outcome == ("qualified_without_marketing" if reachable else "no_contact")
        assert walked.journeys == []
        assert ("marketing" in walked.asked) is (email is not None)


def test_who_came_for_prices_hears_which_plan_fits(flow):
    for team_size, plan in (("1-9", "small"), ("10-49", "middle"), ("50-249", "large"), ("250+", "large")):
        answers = FREE | {"goal": "pricing", "team_size": team_size, "timeline": "no_plan", "contact_by": "not_now"}
        assert f"say_plan_{plan}" in walk(flow, answers).visited


def test_a_request_that_is_with_a_colleague_is_not_taken_down_again(flow):
    known = FREE | {"goal": "demo", "team_size": "1-9", "request_sent": True}

    for still_right in ("all_right", "changed"):
        walked = walk(flow, {"still_right": still_right}, facts=known)
        assert walked.asked == ["still_right"]
        assert walked.outcome == "known_already"


def test_consent_never_changes_how_a_lead_is_rated_or_answered(flow):
    answers = FREE | {"goal": "demo", "team_size": "10-49", "timeline": "this_month", "contact_by": "email"}

    given, refused = (walk(flow, answers | {"marketing": decision}) for decision in ("given", "refused"))

    assert given.slots["qualification"] == refused.slots["qualification"] == "hot"
    assert "say_hot" in given.visited
    assert "say_hot" in refused.visited


@pytest.mark.parametrize(
    ("goal", "team_size", "timeline", "expected"),
    [
        ("demo", "50-249", "this_month", "hot"),
        ("pricing", "10-49", "later_this_year", "warm"),
        ("pricing", "1-9", "no_plan", "cold"),
    ],
)
def test_leads_are_rated_by_what_they_said(flow, goal, team_size, timeline, expected):
    answers = {"goal": goal, "team_size": team_size, "timeline": timeline, "contact_by": "email"}

    assert walk(flow, FREE | answers | {"marketing": "refused"}).slots["qualification"] == expected


def test_what_is_known_already_is_not_asked_again(flow):
    answers = FREE | {"goal": "demo", "team_size": "1-9", "timeline": "no_plan", "contact_by": "email"}

    walked = walk(
        flow, answers | {"marketing": "refused"}, facts={"email": "old@oakfield.example", "first_name": "Ann"}
    )

    assert "email" not in walked.asked
    assert "first_name" not in walked.asked
    assert "marketing" in walked.asked


def test_the_consent_text_says_who_what_how_often_and_how_to_stop(compiled):
    text = compiled["wording"]["en"]["demo_request"]["ask_marketing"]["text"]["default"]

    for part in ("Northwind Ledger Ltd", "marketing", "e-mail", "twice a month", "unsubscribe", "stop", "either way"):
        assert part in text


def test_the_follow_up_sends_what_the_chat_promised():
    journey = compile_journeys(load_content())["demo_follow_up"]
    mails_on_one_path = 2

    marketing = [name for name, step in journey["steps"].items() if step.get("purpose") == "marketing"]

    assert all(journey["steps"][name]["channels"] == ["email"] for name in marketing)
    assert len([name for name in marketing if name.startswith("mail_")]) == 3
    assert len(marketing) - 3 + 1 == mails_on_one_path
    assert journey["exit_when"] == ["opted_out", "consent_withdrawn", "handed_off"]

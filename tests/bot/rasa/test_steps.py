"""What each step of a flow does."""

from __future__ import annotations

import copy

from conversation import Conversation, acted, effects, texts


def test_a_start_says_the_notice_marked_as_such_and_asks_the_first_question(talk):
    answer = talk.start()
    notice, question = answer["replies"]
    assert (notice["notice"], notice["step"], notice["input"]) == ("ai", "lead/welcome", None)
    assert (question["step"], question["input"], question["notice"]) == ("lead/ask_goal", "choice", None)
    assert question["choices"][0] == {"value": "demo", "label": "See a demo"}
    assert acted(answer) == "start"


def test_the_notice_is_said_once_in_a_conversation_and_again_after_a_person_had_it(talk):
    talk.start()
    assert texts(talk.say("start again", "start_over"))[1:] == ["What brings you here?"]
    talk.say("person")
    talk.state["handed_off"] = False
    assert "Hello, I am an automated assistant." in texts(talk.say("start again", "start_over"))


def test_an_intent_that_starts_a_flow_answers_the_question_it_answers(talk):
    talk.say("stop")
    answer = talk.say("I'd like a demo", "request_demo")
    assert (talk.slots["goal"], texts(answer)[-1]) == ("demo", "How many people are you?")


def test_an_intent_chooses_where_no_words_do(talk):
    talk.start()
    answer = talk.say("could someone walk us through it", "request_demo")
    assert (acted(answer), talk.slots["goal"]) == ("answer_given", "demo")


def test_asking_for_what_is_under_way_says_so_and_is_no_miss(talk):
    answer = talk.at("ask_size", goal="demo").say("so when is it", "request_demo")
    assert texts(answer) == ["Only this is open.", "So how many?"]
    assert answer["state"]["stack"][0]["misses"] == 0


def test_a_channel_gets_its_own_wording(flows_document):
    assert texts(Conversation(flows_document, channel="sms").start())[0] == "Automated assistant here."


def test_a_language_falls_back_step_by_step(flows_document):
    answer = Conversation(flows_document, language="de-AT").start()
    assert texts(answer) == ["Hello, I am an automated assistant.", "Was führt Sie her?"]
    assert [choice["label"] for choice in answer["replies"][1]["choices"]][:2] == ["Eine Vorführung", "pricing"]


def test_an_answer_is_captured_and_the_next_question_asked(talk):
    talk.start()
    answer = talk.tap("demo")
    assert effects(answer, "capture_lead") == [
        {"effect": "capture_lead", "field": "goal", "value": "demo", "slot": "goal"}
    ]
    assert texts(answer) == ["How many people are you?"]


def test_a_known_slot_is_not_asked_for_when_it_may_be_skipped(talk):
    talk.facts = {"goal": "demo", "size": "small", "unheard_of": "x", "email": ["no", "scalar"]}
    assert texts(talk.start())[1] == "What is your name?"
    assert talk.slots == {"goal": "demo", "size": "small"}


def test_a_fact_never_replaces_what_the_visitor_said(talk):
    talk.at("ask_email", first_name="Ada").facts = {"first_name": "Bob"}
    talk.say("ada@b.example")
    assert talk.slots["first_name"] == "Ada"


def test_a_branch_goes_by_its_conditions(talk):
    assert texts(talk.at("ask_email", size="large").say("a@b.example")) == ["And your number?"]
    assert texts(talk.at("ask_email", size="small").say("a@b.example"))[0].startswith("May Example Ltd")


def test_set_sets_a_slot_without_a_word(talk):
    talk.at("ask_problem").say("Late payers every month")
    assert talk.slots["seen"] is True


def test_qualifying_adds_up_the_points_with_reasons_and_sets_the_outcome(talk):
    answer = talk.at("ask_marketing", goal="demo", size="large", problem="x").tap("no")
    assert [(effect["points"], effect["rule"]) for effect in effects(answer, "add_points")] == [
        (40, "lead/rate/0"), (25, "lead/rate/1"), (5, "lead/rate/2")
    ]  # fmt: skip
    assert effects(answer, "set_outcome") == [
        {"effect": "set_outcome", "field": "qualification", "value": "hot", "points": 70}
    ]


def test_below_all_marks_a_lead_is_cold_and_at_a_mark_it_is_reached(talk):
    outcomes = []
    for goal, size in (("looking", "small"), ("looking", "large"), ("demo", "small"), ("demo", "large")):
        answer = talk.at("ask_marketing", goal=goal, size=size).tap("no")
        outcomes.append(effects(answer, "set_outcome")[0]["value"])
    assert outcomes == ["cold", "cold", "warm", "hot"]


def test_a_journey_starts_only_on_the_path_with_consent(talk):
    assert effects(talk.at("ask_marketing").tap("yes"), "enrol_in_journey") == [
        {"effect": "enrol_in_journey", "journey": "lead_follow_up"}
    ]
    assert effects(talk.at("ask_marketing").tap("no"), "enrol_in_journey") == []


def test_the_end_says_its_wording_and_ends_the_flow(talk):
    answer = talk.at("ask_marketing", first_name="Ada").tap("no")
    assert texts(answer) == ["Thank you, Ada!"]
    assert answer["effects"][-1] == {"effect": "end_flow", "flow": "lead", "outcome": "qualified"}
    assert (answer["state"]["stack"], answer["state"]["ended"]) == ([], "qualified")


def test_a_step_without_next_completes_the_flow(flows_document):
    document = copy.deepcopy(flows_document)
    document["flows"]["lead"]["steps"]["ask_goal"]["next"] = []
    conversation = Conversation(document)
    conversation.start()
    assert conversation.tap("demo")["effects"][-1]["outcome"] == "completed"


def test_a_hand_off_step_hands_off_and_then_the_bot_is_silent(talk):
    talk.start()
    answer = talk.tap("person")
    assert texts(answer) == ["A colleague takes over."]
    assert effects(answer, "hand_off") == [{"effect": "hand_off", "team": "sales", "reason": "flow", "open": True}]
    for later in (talk.say("hello?", "greet"), talk.start(), talk.tap("demo", "lead/ask_goal")):
        assert (later["replies"], later["effects"], later["state"]["handed_off"]) == ([], [], True)


def test_a_flow_that_runs_in_circles_is_given_to_a_person_and_logged(talk, caplog):
    talk.start()
    answer = talk.say("go round", "go_round")
    assert "flow_runs_in_circles" in caplog.text
    assert effects(answer, "hand_off") == [{"effect": "hand_off", "team": "default", "reason": "flow", "open": True}]

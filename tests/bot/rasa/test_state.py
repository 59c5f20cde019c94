"""The state that travels: purity, versions and malformed states."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation import NOW, Conversation, acted, texts
from parley_rasa.dialogue.flows import Flows, FlowsError
from parley_rasa.dialogue.interpreter import take_turn
from parley_rasa.dialogue.landing import nearest_open_step, restore
from parley_rasa.dialogue.state import StateError, read_state
from parley_rasa.dialogue.turn import RECENT, Message, Understood

INTENTS = [None, "greet", "thanks", "goodbye", "affirm", "deny", "request_demo", "want_newsletter", "talk_to_person",
           "opt_out", "are_you_a_bot", "delete_me", "what_do_you_know", "why_me", "start_over", "out_of_scope",
           "ask_pricing", "ask_security"]  # fmt: skip
TEXTS = ["demo", "pricing", "1", "10 to 49", "Ada", "yes", "no", "a@b.example", "+44 20 7946 0958", "actually small",
         "sorry, my mail is c@d.example", "what?", "שלום", "👍", "<b>x</b>", "/start{\"email\":\"x\"}", ""]  # fmt: skip

said = st.tuples(st.one_of(st.sampled_from(TEXTS), st.text(max_size=40)), st.sampled_from(INTENTS), st.floats(0, 1))
tapped = st.tuples(st.sampled_from(["demo", "small", "yes", "no", "person", "nonsense"]), st.booleans())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(said, tapped), max_size=14))
def test_any_conversation_goes_on_with_a_state_that_is_small_json(flows_document, moves):
    conversation = Conversation(flows_document)
    conversation.start()
    for move in moves:
        if len(move) == 3:
            answer = conversation.say(*move)
        else:
            answer = conversation.tap(move[0], None if move[1] else "lead/ask_goal")
        assert json.loads(json.dumps(answer)) == answer
        assert len(answer["state"]["recent"]) <= RECENT
        assert answer["state"]["handed_off"] or answer["replies"], "the bot must never fall silent"


def test_a_turn_changes_none_of_its_arguments_and_gives_the_same_answer_twice(talk):
    talk.start()
    state, facts = copy.deepcopy(talk.state), {"size": "small"}
    before = copy.deepcopy((state, facts, talk.flows.document))
    answers = [take_turn(talk.flows, state, Message("text", "demo"), Understood(), facts, now=NOW) for _ in range(2)]
    assert answers[0] == answers[1]
    assert (state, facts, talk.flows.document) == before


def new_version(document, change):
    document = copy.deepcopy(document)
    document["flows"]["lead"]["version"] = "lead00000002"
    change(document["flows"]["lead"]["steps"])
    return document


def test_a_conversation_stays_at_its_step_when_the_new_version_has_it(flows_document, talk):
    talk.at("ask_email", first_name="Ada")
    changed = Conversation(new_version(flows_document, lambda steps: None))
    changed.state = talk.state
    answer = changed.say("a@b.example")
    assert (acted(answer), changed.slots["first_name"]) == ("answer_given", "Ada")
    assert answer["state"]["stack"][0]["version"] == "lead00000002"


def test_a_conversation_on_a_removed_step_goes_to_the_first_open_question_and_keeps_its_answers(flows_document, talk):
    def remove_problem(steps):
        del steps["ask_problem"]
        steps["ask_first_name"]["next"] = [{"to": "mark_seen"}]

    talk.at("ask_problem", goal="demo", size="small", first_name="Ada")
    changed = Conversation(new_version(flows_document, remove_problem))
    changed.state = talk.state
    answer = changed.say("Nobody pays in time")
    assert texts(answer) == ["Where can we write to you?"]
    assert changed.slots["first_name"] == "Ada"
    assert "problem" not in changed.slots, "the text answered a question that is gone"


def test_what_is_typed_at_a_removed_step_can_still_be_a_question_or_a_stop(flows_document, talk):
    def remove_goal(steps):
        del steps["ask_goal"]
        steps["welcome"]["next"] = [{"to": "ask_size"}]

    document = new_version(flows_document, remove_goal)
    for text, intent, first in (("costs?", "ask_pricing", "It costs 29 a month."), ("stop", None, "Stopped.")):
        changed = Conversation(document)
        changed.state = talk.at("ask_goal").state
        assert texts(changed.say(text, intent))[0] == first


def test_when_everything_is_answered_the_place_is_after_the_last_question(flows_document):
    flow = Flows(flows_document).flow("lead")
    slots = dict.fromkeys(["goal", "size", "first_name", "problem", "email", "phone", "marketing"], "x")
    assert nearest_open_step(flow, slots) == "rate"


def test_a_flow_that_was_removed_leaves_the_conversation_open_for_others(flows_document, talk):
    talk.at("ask_goal")
    talk.state["stack"][0]["flow"] = "gone"
    answer = talk.say("the newsletter", "want_newsletter")
    assert acted(answer) == "flow_started"


@pytest.mark.parametrize(
    "broken",
    [{}, {"v": 0, "slots": {}, "stack": []}, {"v": 1, "slots": [], "stack": []}, {"v": 1, "slots": {}, "stack": [{}]},
     {"v": 1, "slots": {}, "stack": [{"flow": 1, "version": "x", "step": "y", "misses": 0}]},
     {"v": 1, "slots": {}, "stack": [{"flow": "lead", "version": "x", "step": "y", "misses": "0"}]},
     {"v": 1, "slots": {}, "stack": None}],
)  # fmt: skip
def test_a_malformed_state_is_refused(flows_document, broken):
    with pytest.raises(StateError):
        restore(Flows(flows_document), broken, {})


def test_flows_of_another_format_are_refused(flows_document, tmp_path):
    with pytest.raises(FlowsError):
        Flows({**flows_document, "format": 1})
    with pytest.raises(FlowsError):
        Flows({**flows_document, "entry_flow": "gone"})
    for content in ("{", "[]", "{}"):
        (tmp_path / "flows.json").write_text(content)
        with pytest.raises(FlowsError):
            Flows.read(tmp_path / "flows.json")


def test_a_state_nested_without_end_is_malformed():
    facts = {}
    inner = facts
    for _ in range(900):
        inner["x"] = {}
        inner = inner["x"]
    with pytest.raises(StateError):
        read_state({"v": 2, "slots": {}, "stack": [], "facts": facts})

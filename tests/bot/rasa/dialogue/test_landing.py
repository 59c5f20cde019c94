"""States of older and newer programs, and where people land when their flows have changed."""

from __future__ import annotations

import copy

import pytest
from test_stack import ADDRESS, NEWS, ORDER, shop

from compiled import ask, document
from conversation import Conversation, texts
from parley_rasa.dialogue.flows import Flows
from parley_rasa.dialogue.landing import landing
from parley_rasa.dialogue.state import StateError, StateTooNew, check_state

FIRST_VERSION = {
    "v": 1,
    "slots": {"item": "a lamp"},
    "declined": [],
    "ended": None,
    "handed_off": False,
    "noticed": True,
    "recent": [],
    "stack": [{"flow": "order", "version": "order-1", "step": "ask_item", "misses": 1}],
}


def published(order=ORDER, address=ADDRESS):
    made = document(order=order, address=address, news=NEWS)
    for name, flow in made["flows"].items():
        flow["version"] = f"{name}-2"
    return Flows(made)


def test_a_state_of_the_first_version_is_read_and_written_back_as_the_second():
    talk = shop()
    talk.state = copy.deepcopy(FIRST_VERSION)
    answer = talk.say("a chair")
    assert texts(answer) == ["ask_street"]
    assert set(talk.state) == {
        "v",
        "slots",
        "declined",
        "noticed",
        "stack",
        "ended",
        "handed_off",
        "recent",
        "awaits",
        "clarify",
        "facts",
    }
    assert talk.state["v"] == 2
    assert [set(frame) for frame in talk.state["stack"]] == [
        {"flow", "version", "step", "misses", "called", "data"}
    ] * 2


def test_a_state_of_a_newer_program_is_refused_as_such():
    talk = shop()
    talk.state = {**FIRST_VERSION, "v": 3, "unheard_of": True}
    with pytest.raises(StateTooNew):
        talk.start()
    with pytest.raises(StateTooNew):
        check_state(talk.state)


@pytest.mark.parametrize(
    "broken",
    [
        {"awaits": {"step": "x"}},
        {"clarify": [["intent"]]},
        {"facts": [1]},
        {"v": "2"},
        {"v": True},
        {"v": 0},
        {"stack": [{**FIRST_VERSION["stack"][0], "data": [1]}]},
    ],
)
def test_a_malformed_state_is_refused(broken):
    with pytest.raises(StateError) as refusal:
        check_state({**FIRST_VERSION, "v": 2, **broken})
    assert not isinstance(refusal.value, StateTooNew)


def state_of(*said):
    talk = shop()
    talk.start()
    for text in said:
        talk.say(text)
    return talk.state


def test_nobody_moves_when_nothing_changed():
    state = state_of("a lamp")
    before = copy.deepcopy(state)
    made = Flows(document(order=ORDER, address=ADDRESS, news=NEWS))
    assert landing(made, state) == {"before": "address/ask_street", "after": "address/ask_street", "moved": False}
    assert state == before


def test_who_stands_on_a_removed_question_lands_on_the_next_one_that_is_open():
    order = {**ORDER, "steps": {"ask_colour": ask("colour", next="get_address"), **ORDER["steps"]}}
    del order["steps"]["ask_item"]
    found = landing(published(order), state_of())
    assert found == {"before": "order/ask_item", "after": "order/ask_colour", "moved": True}


def test_whose_flow_was_removed_lands_nowhere_and_who_has_not_begun_too():
    made = Flows(document(news=NEWS))
    assert landing(made, state_of()) == {"before": "order/ask_item", "after": None, "moved": True}
    assert landing(made, None) == {"before": None, "after": None, "moved": False}


def test_a_called_flow_still_returns_to_its_caller_in_the_new_version():
    talk = shop()
    talk.start()
    talk.say("a lamp")
    talk.flows = published()
    assert texts(talk.say("12 Hill Road")) == ["sent"]


def test_when_the_call_was_removed_the_called_flow_gives_way_to_the_callers_open_question():
    order = {
        **ORDER,
        "steps": {**ORDER["steps"], "ask_item": ask("item", next="ask_zip"), "ask_zip": ask("zip", next="done")},
    }
    del order["steps"]["get_address"]
    talk = shop()
    talk.start()
    talk.say("a lamp")
    talk.flows = published(order)
    assert texts(talk.say("12 Hill Road")) == ["<resume>", "ask_zip"]


def test_when_the_called_flow_was_removed_its_caller_goes_on_from_the_call():
    order = {**ORDER, "steps": {**ORDER["steps"], "get_address": {"step": "call_flow", "flow": "news", "next": "sent"}}}
    talk = shop()
    talk.start()
    talk.say("a lamp")
    made = document(order=order, news=NEWS)
    made["flows"]["order"]["version"] = "order-2"
    talk.flows = Flows(made)
    assert texts(talk.say("12 Hill Road")) == ["ask_topic"]
    assert [frame["flow"] for frame in talk.state["stack"]] == ["order", "news"]


def test_what_a_step_kept_while_it_waited_is_dropped_with_the_step():
    state = state_of()
    state["stack"][-1]["data"] = {"times": []}
    talk = Conversation(document(order=ORDER, address=ADDRESS, news=NEWS))
    order = {**ORDER, "steps": {"ask_size": ask("size", next="get_address"), **ORDER["steps"]}}
    del order["steps"]["ask_item"]
    talk.flows, talk.state = published(order), state
    talk.say("?!")
    assert (talk.open_step, talk.state["stack"][-1]["data"]) == ("order/ask_size", {})


def test_a_consent_text_is_shown_again_when_its_flow_changed_before_a_yes_counts():
    consent = {"step": "ask_consent", "slot": "news", "purpose": "marketing", "channels": ["email"], "retries": 2}
    flow = {"slots": {"news": {"type": "consent"}}, "steps": {"ask_news": consent}}
    talk = Conversation(document(lead=flow))
    talk.start()
    made = document(lead=flow)
    made["flows"]["lead"]["version"] = "lead-2"
    talk.flows = Flows(made)
    answer = talk.say("yes")
    assert (texts(answer), answer["effects"]) == (["ask_news"], [])
    assert talk.say("yes")["effects"][0]["decision"] == "given"

"""Flows that call, return to, jump to and interrupt each other."""

from __future__ import annotations

import pytest

from compiled import ask, document
from conversation import Conversation, acted, effects, texts

ADDRESS = {
    "slots": {"street": {"lasts": "flow"}},
    "steps": {
        "ask_street": ask("street", next="found"),
        "found": {"step": "branch", "next": [{"if": {"slot": "street", "op": "is", "value": "none"}, "to": "give_up"},
                                             {"to": "back"}]},
        "back": {"step": "return", "outcome": "found"},
        "give_up": {"step": "return", "outcome": "not_found"},
    },
}  # fmt: skip
ORDER = {
    "slots": {"item": {}, "address": {}},
    "steps": {
        "ask_item": ask("item", next="get_address"),
        "get_address": {"step": "call_flow", "flow": "address", "outcome": "address", "next": "check"},
        "check": {"step": "branch", "next": [{"if": {"slot": "address", "op": "is", "value": "found"}, "to": "sent"},
                                             {"to": "pick_up"}]},
        "sent": {"step": "message", "next": "done"},
        "pick_up": {"step": "message", "next": "done"},
        "done": {"step": "end", "outcome": "bought"},
    },
}  # fmt: skip
NEWS = {
    "nlu_triggers": ["want_news"],
    "slots": {"topic": {}},
    "steps": {"ask_topic": ask("topic", next="thanks"), "thanks": {"step": "message"}},
}


def shop(**more):
    return Conversation(document(order=ORDER, address=ADDRESS, news=NEWS, **more))


def ended(answer):
    return [(effect["flow"], effect["outcome"]) for effect in effects(answer, "end_flow")]


def test_a_called_flow_returns_its_outcome_and_its_caller_goes_on_without_a_word_about_it():
    talk = shop()
    talk.start()
    assert texts(talk.say("a lamp")) == ["ask_street"]
    assert [frame["called"] for frame in talk.state["stack"]] == [False, True]
    answer = talk.say("12 Hill Road")
    assert texts(answer) == ["sent"]
    assert ended(answer) == [("address", "found"), ("order", "bought")]
    assert (talk.slots["address"], talk.state["ended"], talk.state["stack"]) == ("found", "bought", [])


def test_the_caller_branches_on_the_outcome():
    talk = shop()
    talk.start()
    talk.say("a lamp")
    assert texts(talk.say("none")) == ["pick_up"]


def test_a_flow_that_was_triggered_gives_way_to_the_question_it_interrupted():
    talk = shop()
    talk.start()
    assert texts(talk.say("send me the newsletter", "want_news")) == ["ask_topic"]
    answer = talk.say("finance")
    assert texts(answer) == ["thanks", "<resume>", "ask_item"]
    assert (ended(answer), talk.open_step) == ([("news", "completed")], "order/ask_item")


def test_a_digression_inside_a_called_flow_returns_to_it_and_it_to_its_caller():
    talk = shop()
    talk.start()
    talk.say("a lamp")
    talk.say("send me the newsletter", "want_news")
    assert texts(talk.say("finance"))[-1] == "ask_street"
    assert texts(talk.say("12 Hill Road")) == ["sent"]


def test_a_slot_that_lasts_for_a_flow_is_asked_anew_when_the_flow_starts_again_but_not_when_it_is_resumed():
    twice = {**ORDER, "steps": {**ORDER["steps"], "sent": {"step": "call_flow", "flow": "address", "next": "done"}}}
    talk = Conversation(document(order=twice, address=ADDRESS, news=NEWS))
    talk.start()
    talk.say("a lamp")
    assert texts(talk.say("12 Hill Road")) == ["ask_street"]
    assert "street" not in talk.slots


def test_return_ends_a_flow_that_nobody_called():
    talk = Conversation(document(address=ADDRESS))
    talk.start()
    answer = talk.say("12 Hill Road")
    assert (ended(answer), texts(answer), talk.state["ended"]) == ([("address", "found")], [], "found")


GUARDED = {"slot": "item", "op": "is", "value": "a lamp"}


def test_a_call_of_a_flow_whose_guard_does_not_hold_goes_on_with_that_as_its_outcome():
    talk = Conversation(document(order=ORDER, address={**ADDRESS, "guard": GUARDED}))
    talk.start()
    answer = talk.say("a chair")
    assert (texts(answer), talk.slots["address"]) == (["pick_up"], "guarded")
    assert ended(answer) == [("order", "bought")]


def test_a_trigger_of_a_flow_whose_guard_does_not_hold_is_handled_as_if_there_were_none():
    talk = Conversation(document(order=ORDER, address=ADDRESS, news={**NEWS, "guard": GUARDED}))
    talk.start()
    answer = talk.say("newsletter?", "want_news")
    assert (acted(answer), texts(answer)) == ("missed", ["<cannot_handle>", "ask_item"])


SCORED = {"fact": "score", "op": "at_least", "value": 10}


@pytest.mark.parametrize(("score", "said"), [(10, ["ask_topic"]), (9, ["<cannot_handle>", "<resume>", "ask_item"])])
def test_a_guard_over_facts_is_decided_when_the_platform_has_told_them(score, said):
    talk = Conversation(document(order=ORDER, address=ADDRESS, news={**NEWS, "guard": SCORED}))
    talk.start()
    answer = talk.say("newsletter?", "want_news")
    assert answer["need"] == {"need": "facts", "step": "news/ask_topic"}
    answer = talk.result({"score": score, "tags": []})
    assert (texts(answer), answer["need"], acted(answer)) == (said, None, "result")
    assert ended(answer) == []


def test_a_call_waits_for_facts_that_its_guard_compares():
    talk = Conversation(document(order=ORDER, address={**ADDRESS, "guard": SCORED}))
    talk.start()
    assert talk.say("a chair")["need"] == {"need": "facts", "step": "order/get_address"}
    assert texts(talk.result({"score": 20})) == ["ask_street"]


def test_where_any_step_leads_may_depend_on_facts():
    ways = [{"if": {"fact": "tag_vip", "op": "is", "value": True}, "to": "welcome"}, {"to": "bye"}]
    flow = {
        "slots": {"name": {}},
        "steps": {"ask_name": ask("name", next=ways), "welcome": {"step": "message"}, "bye": {"step": "message"}},
    }
    for tags, said in ((["vip"], ["welcome"]), ([], ["bye"])):
        talk = Conversation(document(club=flow))
        talk.start()
        answer = talk.say("Ada")
        assert (texts(answer), answer["need"]) == ([], {"need": "facts", "step": "club/ask_name"})
        assert texts(talk.result({"tags": tags})) == said
        assert talk.state["facts"] == {}, "they are fetched anew with the next turn that needs them"


def test_the_channel_is_a_fact_that_nobody_has_to_fetch():
    ways = [{"if": {"fact": "channel", "op": "is", "value": "sms"}, "to": "short"}, {"to": "long"}]
    flow = {
        "steps": {"which": {"step": "branch", "next": ways}, "short": {"step": "message"}, "long": {"step": "message"}}
    }
    assert texts(Conversation(document(club=flow), channel="sms").start()) == ["short"]
    assert texts(Conversation(document(club=flow)).start()) == ["long"]


def test_jump_replaces_a_flow_and_whoever_called_it_gets_the_outcome_of_the_other():
    address = {"steps": {"go": {"step": "jump", "flow": "by_post"}}}
    by_post = {
        "slots": {"zip": {}},
        "steps": {
            "hello": {"step": "message"},
            "ask_zip": ask("zip", next="back"),
            "back": {"step": "return", "outcome": "found"},
        },
    }
    address["steps"]["go"]["at"] = "ask_zip"
    talk = Conversation(document(order=ORDER, address=address, by_post=by_post))
    talk.start()
    assert texts(talk.say("a lamp")) == ["ask_zip"]
    assert [frame["flow"] for frame in talk.state["stack"]] == ["order", "by_post"]
    assert texts(talk.say("Springfield")) == ["sent"]


def test_a_jump_to_the_flow_that_was_interrupted_does_not_resume_it_afterwards():
    news = {**NEWS, "steps": {"leave": {"step": "jump", "flow": "order"}}}
    talk = Conversation(document(order=ORDER, address=ADDRESS, news=news))
    talk.start()
    talk.say("send me the newsletter", "want_news")
    assert [frame["flow"] for frame in talk.state["stack"]] == ["order"]


def test_flows_that_call_each_other_without_end_bring_a_person():
    ring = {"steps": {"on": {"step": "call_flow", "flow": "back"}}}
    talk = Conversation(document(ring=ring, back={"steps": {"on": {"step": "call_flow", "flow": "ring"}}}))
    answer = talk.start()
    assert [effect["reason"] for effect in effects(answer, "hand_off")] == ["flow"]


def test_flows_that_jump_to_each_other_without_end_bring_a_person():
    ring = {"steps": {"on": {"step": "jump", "flow": "back"}}}
    talk = Conversation(document(ring=ring, back={"steps": {"on": {"step": "jump", "flow": "ring"}}}))
    assert effects(talk.start(), "hand_off")


@pytest.mark.parametrize("says", ["a lamp", None])
def test_a_talk_whose_flows_the_platform_has_ended_begins_the_flow_that_it_names(says):
    talk = shop()
    talk.start()
    if says is not None:
        talk.say(says)
    known = dict(talk.slots)
    # As `bot/begun.py` leaves the state of a talk that rests.
    talk.state = {**talk.state, "stack": [], "ended": None, "awaits": None, "clarify": None}
    answer = talk.push("start", value="news")
    assert texts(answer) == ["ask_topic"]
    assert {name: talk.slots[name] for name in known} == known
    assert texts(talk.say("lamps")) == ["thanks"]
    assert ended(answer) == []

"""What comes from elsewhere: timers, a move to another channel, a stop; and coming back after hours."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from test_cancelling import WAITS

from compiled import ask, document
from conversation import Conversation, acted, effects, texts

ASKS = {
    "slots": {"name": {}, "goal": {"type": "choice"}},
    "steps": {
        "ask_name": ask("name", debounce=5, next="ask_goal", no_reply_after={"seconds": 1200, "to": "still_there"}),
        "ask_goal": ask("goal", "ask_choice", choices=["demo", "quote"], next="bye"),
        "still_there": {"step": "message", "next": "ask_goal"},
        "bye": {"step": "message"},
    },
}


def asking(flow=ASKS, channel="web"):
    talk = Conversation(document(lead=flow), channel)
    talk.first = talk.start()
    return talk


def test_the_answer_says_when_the_open_question_gives_up_and_how_long_it_waits_for_more_text():
    talk = asking()
    assert talk.first["timer"] == {"kind": "no_reply", "step": "lead/ask_name", "seconds": 1200}
    assert talk.first["debounce"] == 5
    answer = talk.say("Ada Lovelace")
    assert (answer["timer"], answer["debounce"]) == (None, 0)


def test_without_a_reply_the_flow_goes_the_way_it_has_for_that():
    talk = asking()
    answer = talk.push("no_reply")
    assert (acted(answer), texts(answer), talk.open_step) == ("timer", ["still_there", "ask_goal"], "lead/ask_goal")


@pytest.mark.parametrize("kind", ["no_reply", "timed_out", "callback", "result"])
@pytest.mark.parametrize("step", ["lead/ask_name", "lead/gone", "", None])
def test_what_comes_for_a_step_that_does_not_wait_for_it_is_ignored_and_changes_nothing(kind, step):
    talk = asking()
    talk.say("Ada Lovelace")
    before = copy.deepcopy(talk.state)
    answer = talk.push(kind, step, {"a": 1})
    assert (acted(answer), answer["replies"], answer["effects"], answer["state"]) == ("ignored", [], [], before)


def test_a_timer_after_the_end_is_ignored():
    talk = asking()
    talk.say("stop")
    assert acted(talk.push("no_reply", "lead/ask_name")) == "ignored"


def test_what_is_said_while_another_system_is_waited_for_does_not_prolong_the_wait():
    talk = asking(WAITS)
    assert talk.first["timer"] == {"kind": "timed_out", "step": "lead/wait", "seconds": 600}
    talk.now += timedelta(seconds=200)
    answer = talk.say("what does it cost?", "ask_pricing")
    assert (texts(answer)[0], answer["timer"]["seconds"]) == ("29 a month.", 400)


def test_the_time_of_a_wait_and_the_call_that_ends_it_lead_where_the_flow_says():
    assert texts(asking(WAITS).push("timed_out")) == ["late"]
    assert texts(asking(WAITS).push("callback", value={})) == ["came"]


def test_the_platforms_opt_out_ends_everything_without_a_word():
    talk = asking()
    answer = talk.push("stopped", "")
    assert (answer["replies"], acted(answer), talk.state["ended"], talk.state["stack"]) == (
        [],
        "global",
        "opted_out",
        [],
    )
    assert [effect["effect"] for effect in answer["effects"]] == ["end_flow"]


def test_a_talk_that_was_moved_here_asks_its_open_question_in_full():
    flow = copy.deepcopy(ASKS)
    flow["wording"] = {"ask_name": {"again": {"default": "name?"}}}
    talk = asking(flow)
    talk.channel = "sms"
    answer = talk.push("resume")
    assert (acted(answer), texts(answer)) == ("resumed", ["<welcome_back>", "ask_name"])


def test_a_talk_that_was_moved_here_by_its_code_goes_on_behind_the_step_that_gave_the_code():
    flow = {
        "steps": {
            "move": {"step": "move_channel", "channels": ["sms"], "retries": 2, "next": "bye"},
            "bye": {"step": "message"},
        }
    }
    talk = Conversation(document(lead=flow))
    assert talk.start()["need"] == {"need": "resume_code", "step": "lead/move", "channels": ["sms"]}
    talk.result({"code": "K7M2QX", "link": ""})
    talk.channel = "sms"
    assert texts(talk.push("resume")) == ["<welcome_back>", "bye"]


def test_a_talk_that_begins_by_being_moved_begins():
    assert texts(Conversation(document(lead=ASKS)).push("resume", "")) == ["ask_name"]


def test_an_answer_after_hours_is_taken_as_usual():
    talk = asking()
    talk.idle_seconds = 20_000
    assert texts(talk.say("Ada Lovelace")) == ["ask_goal"]


@pytest.mark.parametrize(("text", "intent"), [("what does it cost?", "ask_pricing"), ("hi", "greet"), ("?!", None)])
def test_anything_else_after_hours_is_greeted_first(text, intent):
    talk = asking()
    talk.idle_seconds = 4 * 3600
    answer = talk.say(text, intent)
    assert texts(answer)[0] == "<back_after_a_while>"
    assert texts(answer)[-1] == "ask_name"
    talk.idle_seconds = 4 * 3600 - 1
    assert "<back_after_a_while>" not in texts(talk.say(text, intent))


def test_a_stop_after_hours_is_not_greeted():
    talk = asking()
    talk.idle_seconds = 20_000
    assert texts(talk.say("stop")) == ["<stopped>"]


def test_a_message_while_a_result_is_missing_starts_the_step_anew_and_the_late_result_is_ignored():
    flow = {
        "steps": {
            "which": {
                "step": "branch",
                "next": [{"if": {"fact": "score", "op": "at_least", "value": 1}, "to": "hot"}, {"to": "cold"}],
            },
            "hot": {"step": "message"},
            "cold": {"step": "message"},
        }
    }
    talk = Conversation(document(lead=flow))
    talk.start()
    answer = talk.say("hello?")
    assert (answer["need"], talk.state["awaits"]) == (
        {"need": "facts", "step": "lead/which"},
        {"step": "lead/which", "need": "facts"},
    )
    assert acted(talk.result({}, need="http")) == "ignored"
    assert texts(talk.result({"score": 5})) == ["hot"]
    assert effects(answer, "hand_off") == []

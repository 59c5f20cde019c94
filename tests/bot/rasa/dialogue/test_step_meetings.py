"""Conversations at book_meeting."""

from __future__ import annotations

import pytest

from compiled import document
from conversation import Conversation, acted, texts

TIMES = [
    {"starts_at": "2026-11-24T10:00:00+01:00", "label": "Tue 24 Nov, 10:00"},
    {"starts_at": "2026-11-24T15:30:00+01:00", "label": "Tue 24 Nov, 15:30"},
    {"starts_at": "2026-11-25T10:00:00+01:00", "label": "Wed 25 Nov, 10:00"},
]
LATER = [{"starts_at": "2026-12-01T09:00:00+01:00", "label": "Tue 1 Dec, 09:00"}]
FLOW = {
    "slots": {"call": {"type": "meeting", "field": "meeting_at"}},
    "steps": {
        "book": {"step": "book_meeting", "slot": "call", "calendar": "sales", "offer": 3, "none_free": "later_on",
                 "retries": 2, "skip_if_known": True, "optional": False, "next": "booked"},
        "booked": {"step": "end", "outcome": "booked"},
        "later_on": {"step": "end", "outcome": "not_now"},
    },
    "wording": {
        "book": {"retry": {"default": "Which of these?"},
                 "choices": {"later": {"default": "Later times"}, "none": {"default": "None suits"}}},
        "booked": {"text": {"default": "See you then."}}, "later_on": {"text": {"default": "Another time."}},
    },
}  # fmt: skip


@pytest.fixture(params=["web", "sms", "voice"])
def talk(request):
    conversation = Conversation(document(booking=FLOW), channel=request.param)
    conversation.started = conversation.start()
    conversation.shown = conversation.result({"times": TIMES, "more": True})
    return conversation


def values(answer):
    return [choice["value"] for choice in answer["replies"][-1]["choices"]]


def test_free_times_are_asked_for_and_offered_with_the_ways_out(talk):
    assert talk.started["need"] == {
        "need": "free_times", "step": "booking/book", "calendar": "sales", "after": None, "count": 3
    }  # fmt: skip
    reply = talk.shown["replies"][-1]
    assert [choice["label"] for choice in reply["choices"]] == [
        "Tue 24 Nov, 10:00", "Tue 24 Nov, 15:30", "Wed 25 Nov, 10:00", "Later times", "None suits"
    ]  # fmt: skip
    assert reply["input"] == "choice"


@pytest.mark.parametrize(
    ("text", "index"),
    [("1", 0), ("the second one", 1), ("Wed 25 Nov, 10:00", 2), ("wednesday works for me", 2), ("15:30", 1),
     ("tuesday at ten", 0), ("at half past... no, 15:30", None), ("tuesday", None)],
)  # fmt: skip
def test_a_time_is_named_by_number_label_day_or_hour_that_only_one_has(talk, text, index):
    answer = talk.say(text)
    if index is None:
        assert (answer["need"], texts(answer)) == (None, ["Which of these?"])
    else:
        assert answer["need"] == {
            "need": "hold_time", "step": "booking/book", "calendar": "sales", "starts_at": TIMES[index]["starts_at"]
        }  # fmt: skip


def test_a_time_that_is_held_fills_the_slot_and_is_confirmed(talk):
    talk.tap("t1")
    answer = talk.result({"held": True, "hold": "h7"})
    assert talk.slots["call"] == TIMES[1]["starts_at"]
    assert [effect["effect"] for effect in answer["effects"]] == ["capture_lead", "confirm_meeting", "end_flow"]
    assert answer["effects"][1] == {
        "effect": "confirm_meeting", "hold": "h7", "starts_at": TIMES[1]["starts_at"], "calendar": "sales"
    }  # fmt: skip
    assert texts(answer) == ["See you then."]


@pytest.mark.parametrize("result", [{"held": False}, {"held": True}, None, "broken"])
def test_a_time_taken_meanwhile_is_not_booked_and_others_are_offered(talk, result):
    talk.tap("t1")
    answer = talk.result(result)
    assert (answer["need"]["need"], answer["effects"], "call" in talk.slots) == ("free_times", [], False)
    answer = talk.result({"times": [TIMES[0]], "more": False})
    assert (texts(answer), values(answer)) == (["Which of these?"], ["t3", "none"])


def test_later_shows_the_next_times_and_a_tap_on_the_old_list_books_none_of_them(talk):
    assert talk.tap("later")["need"]["after"] == TIMES[-1]["starts_at"]
    assert values(talk.result({"times": LATER, "more": False})) == ["t3", "none"]
    assert acted(talk.tap("t0")) == "stale_choice"
    assert talk.say("1")["need"]["starts_at"] == LATER[0]["starts_at"]


@pytest.mark.parametrize("text", ["None suits", "none of these", "no thanks"])
def test_when_none_suits_the_flow_goes_its_other_way(talk, text):
    assert texts(talk.say(text)) == ["Another time."]


@pytest.mark.parametrize("result", [{"times": []}, {}, None, {"times": [{"label": "no start"}]}])
@pytest.mark.parametrize("channel", ["web", "sms", "voice"])
def test_with_nothing_free_the_flow_goes_its_other_way(channel, result):
    talk = Conversation(document(booking=FLOW), channel=channel)
    talk.start()
    assert texts(talk.result(result)) == ["Another time."]


def test_a_question_in_between_is_answered_and_the_same_times_offered_again(talk):
    answer = talk.say("what does it cost?", "ask_pricing")
    assert (texts(answer)[0], values(answer)) == ("29 a month.", ["t0", "t1", "t2", "later", "none"])


def test_a_result_that_nobody_awaits_changes_nothing(talk):
    before = talk.state
    answer = talk.push("result", "booking/book", {"held": True, "hold": "h7"})
    assert (answer["state"], answer["replies"], answer["effects"]) == (before, [], [])

"""A turn says which ways it took: into a flow, from step to step, out of it; nothing for what changed no place."""

from __future__ import annotations

from compiled import ask, document
from conversation import Conversation

LEAD = {
    "slots": {"name": {}, "goal": {"type": "choice"}},
    "steps": {
        "hello": {"step": "message", "next": "ask_name"},
        "ask_name": ask("name", next="sub", no_reply_after={"seconds": 1200, "to": "still_there"}),
        "still_there": {"step": "message", "next": "ask_name"},
        "sub": {"step": "call_flow", "flow": "side", "next": "bye"},
        "bye": {"step": "end", "outcome": "completed"},
    },
}
SIDE = {
    "slots": {},
    "steps": {"tell": {"step": "message", "next": "back"}, "back": {"step": "return", "outcome": "completed"}},
}


def test_ways_are_told_from_the_first_step_to_the_end_through_flows_that_are_called():
    talk = Conversation(document(lead=LEAD, side=SIDE))

    assert talk.start()["walked"] == [["lead", None, "hello"], ["lead", "hello", "ask_name"]]
    assert talk.say("Ada Lovelace")["walked"] == [
        ["lead", "ask_name", "sub"],
        ["side", None, "tell"],
        ["side", "tell", "back"],
        ["side", "back", None],
        ["lead", "sub", "bye"],
        ["lead", "bye", None],
    ]


def test_silence_goes_its_own_way_and_what_is_ignored_goes_none():
    talk = Conversation(document(lead=LEAD, side=SIDE))
    talk.start()

    assert talk.push("no_reply", "lead/bye")["walked"] == []
    assert talk.push("no_reply")["walked"] == [["lead", "ask_name", "still_there"], ["lead", "still_there", "ask_name"]]


def test_a_stop_leaves_every_flow_where_it_stands():
    talk = Conversation(document(lead=LEAD, side=SIDE))
    talk.start()

    assert talk.push("stopped")["walked"] == [["lead", "ask_name", None]]

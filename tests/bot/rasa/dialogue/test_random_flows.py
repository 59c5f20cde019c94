"""Any messages on any small flow: no turn fails, the state stays small JSON, equal requests get equal answers."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from compiled import document
from conversation import Conversation

SLOTS = {
    "name": {"type": "text", "field": "first_name"},
    "story": {"type": "text", "lasts": "flow"},
    "goal": {"type": "choice", "field": "goal"},
    "email": {"type": "email", "field": "email"},
    "amount": {"type": "number"},
    "day": {"type": "date", "lasts": "flow"},
    "stars": {"type": "number"},
    "news": {"type": "consent"},
    "how": {"type": "text"},
    "visit": {"type": "meeting"},
    "file": {"type": "file"},
}
FLOWS, STEPS, CHANNELS = ("one", "two", "three"), ("a", "b", "c", "d"), ("web", "sms", "voice")
INTENTS = [
    "ask_pricing",
    "ask_security",
    "go_two",
    "go_three",
    "cancel",
    "start_over",
    "opt_out",
    "talk_to_person",
    "delete_me",
    "greet",
    "thanks",
    "goodbye",
    "affirm",
    "deny",
    "give_details",
    "out_of_scope",
]
TEXTS = [
    "demo",
    "1",
    "2",
    "yes",
    "no",
    "never mind",
    "a@b.example",
    "40",
    "tomorrow",
    "no, 30",
    "not sure",
    "Ada",
    "?",
    "what does it cost?",
    "none of these",
    "tuesday 10:00",
    "/start",
    "done",
    "stay",
    "later",
    "",
]
LONGEST_STATE = 8_000  # bytes

where = st.sampled_from(STEPS)
conditions = st.one_of(
    st.builds(
        lambda slot, op: {"slot": slot, "op": op}, st.sampled_from([*SLOTS]), st.sampled_from(["known", "unknown"])
    ),
    st.builds(lambda value: {"fact": "score", "op": "at_least", "value": value}, st.integers(0, 9)),
    st.just({"not": {"fact": "tag_vip", "op": "is", "value": True}}),
)
ways = st.one_of(
    st.just([]),
    st.builds(lambda to: [{"to": to}], where),
    st.builds(lambda one, to, other: [{"if": one, "to": to}, {"to": other}], conditions, where, where),
)


def question(kind, slot, **more):
    waits = {"retries": st.integers(0, 2), "optional": st.booleans(), "skip_if_known": st.booleans()}
    limit = st.builds(lambda to: {"seconds": 60, "to": to}, where)
    parts = {"step": st.just(kind), "slot": st.just(slot), "next": ways, **waits, "no_reply_after": limit, **more}
    return st.fixed_dictionaries(parts)


def plain(kind, **more):
    return st.fixed_dictionaries({"step": st.just(kind), "next": ways, **more})


flow_names = st.sampled_from(FLOWS)
steps = st.one_of(
    plain("message"),
    plain("branch"),
    plain("set", slot=st.just("how"), value=st.sampled_from([None, "x", 3])),
    question("ask_text", "name"),
    question("ask_text", "story", debounce=st.just(3)),
    question("ask_email", "email"),
    question("ask_choice", "goal", choices=st.just(["demo", "quote"]), intents=st.just({"go_two": "demo"})),
    question("ask_number", "amount", minimum=st.just(1), maximum=st.just(50), whole=st.booleans()),
    question("ask_date", "day", earliest=st.just("today")),
    question("rating", "stars", lowest=st.just(1), highest=st.just(5)),
    question("ask_consent", "news", purpose=st.just("marketing"), channels=st.just(["email"])),
    question("ask_file", "file", accept=st.just(["pdf"]), max_megabytes=st.just(5)),
    question("book_meeting", "visit", calendar=st.just("sales"), offer=st.just(2), none_free=where),
    plain("call_flow", flow=flow_names, outcome=st.just("how")),
    plain("return", outcome=st.just("back")),
    plain("jump", flow=flow_names, at=st.one_of(st.none(), where)),
    plain("end", outcome=st.just("over")),
    plain("handoff", team=st.just("sales")),
    plain(
        "intent_route", routes=st.builds(lambda a, b: {"ask_pricing": a, "go_two": b}, where, where), retries=st.just(2)
    ),
    plain("answer_kb", not_found=where, retries=st.just(2)),
    plain("wait_callback", seconds=st.just(60), timed_out=where, save=st.just({"how": "/how"})),
    plain("move_channel", channels=st.just(["sms"]), retries=st.just(2)),
    plain(
        "preferences",
        retries=st.just(2),
        items=st.just([{"name": "letters", "purpose": "marketing", "channel": "email"}]),
    ),
    plain(
        "http",
        connector=st.just("crm"),
        method=st.just("GET"),
        path=st.just("/{{ name | x }}"),
        query=st.just({}),
        save=st.just({"how": "/how"}),
        callback=st.just(False),
        failed=where,
    ),
)
guards = st.one_of(st.just({}), st.builds(lambda condition: {"guard": condition}, conditions))


@st.composite
def documents(draw):
    flows = {}
    for name in FLOWS:
        triggers = {} if name == "one" else draw(guards)
        own = {step: draw(steps) for step in STEPS}
        flows[name] = {"slots": SLOTS, "nlu_triggers": [f"go_{name}"], "steps": own, **triggers}
    return document(**flows)


ranked = st.tuples(st.sampled_from(INTENTS), st.floats(0, 0.5))
messages = st.one_of(
    st.tuples(
        st.just("say"),
        st.one_of(st.sampled_from(TEXTS), st.text(max_size=30)),
        st.sampled_from([None, *INTENTS]),
        st.floats(0, 1),
        ranked,
    ),
    st.tuples(
        st.just("tap"),
        st.sampled_from(["demo", "yes", "no", "none", "ask_pricing", "t0", "done", "letters", "5"]),
        st.sampled_from([None, None, "patterns/clarify", "one/a"]),
    ),
    st.tuples(
        st.just("push"),
        st.sampled_from(["resume", "no_reply", "timed_out", "callback", "stopped", "file"]),
        st.sampled_from([None, None, "one/b"]),
    ),
    st.tuples(st.just("wait"), st.integers(0, 100_000)),
)
RESULTS = {
    "facts": {"score": 5, "tags": ["vip"], "consents": {"marketing/email": "given"}, "suppressed": []},
    "http": {"ok": True, "status": 200, "json": {"how": "by train"}},
    "free_times": {"times": [{"starts_at": "2026-11-24T10:00:00+01:00", "label": "Tue 24 Nov, 10:00"}], "more": True},
    "hold_time": {"held": True, "hold": "1"},
    "resume_code": {"code": "K7M2QX", "link": "https://example.com/r"},
}


def send(talk, move):
    kind, *rest = move
    if kind == "say":
        text, intent, confidence, second = rest
        return talk.say(text, intent, confidence, second)
    if kind == "tap":
        return talk.tap(rest[0], rest[1])
    return talk.push(rest[0], rest[1], value={"how": "by post"} if rest[0] == "callback" else "f1", text="a.pdf")


@settings(max_examples=120, deadline=None)
@given(documents(), st.sampled_from(CHANNELS), st.lists(messages, max_size=12), st.booleans())
def test_any_messages_on_any_small_flow(made, channel, moves, works):
    talk = Conversation(made, channel)
    for move in [("say", "hello", None, 0.0, None), *moves]:
        if move[0] == "wait":
            talk.idle_seconds = move[1]
            continue
        before = copy.deepcopy(talk.state)
        answer = send(talk, move)
        talk.state, again = before, talk.state
        assert send(talk, move) == answer, "the same request gives the same answer"
        assert talk.state == again
        for _ in range(8):
            if answer["need"] is None:
                break
            assert talk.state["awaits"] == {key: answer["need"][key] for key in ("step", "need")}
            answer = talk.result(RESULTS[answer["need"]["need"]] if works else None)
        else:
            return  # the platform gives up on a turn that needs so much
        assert json.loads(json.dumps(answer)) == answer
        assert len(json.dumps(answer["state"])) < LONGEST_STATE
        assert answer["state"]["awaits"] is None
        assert answer["timer"] is None or answer["timer"]["seconds"] > 0


@settings(max_examples=40, deadline=None)
@given(documents(), st.sampled_from(FLOWS), where, st.lists(messages, min_size=1, max_size=4))
def test_a_state_of_the_first_version_is_taken_up_wherever_it_stands(made, flow, step, moves):
    talk = Conversation(made)
    frame = {"flow": flow, "version": "older", "step": step, "misses": 0}
    talk.state = {"v": 1, "slots": {"name": "Ada"}, "stack": [frame], "ended": None, "handed_off": False, "recent": []}
    for move in moves:
        if move[0] != "wait":
            answer = send(talk, move)
            assert answer["state"]["v"] == 2
            if answer["need"] is not None:
                return

"""Parsing a request, and the leading slash that Rasa would read as an intent."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import turn_body
from parley_rasa.turn_request import RequestError, is_command, parse_request, shield, trace_of

GOOD = turn_body(None, "choice", value="demo", step="lead/ask_goal")


def test_a_good_request_is_parsed():
    parsed = parse_request(GOOD)
    assert (parsed.kind, parsed.value, parsed.step, parsed.text, parsed.facts) == (
        "choice",
        "demo",
        "lead/ask_goal",
        "",
        {},
    )
    assert (parsed.flows, parsed.model, parsed.subject, parsed.idle_seconds) == ("0" * 12, "0" * 64, "0192", 0)
    assert parsed.now == datetime(2026, 11, 23, 15, tzinfo=timezone.utc)
    assert parsed.now.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize("now", ["2026-11-23T15:00:00Z", "2026-11-23T15:00:00.000000Z", "2026-11-23T10:00:00-05:00"])
def test_a_moment_is_read_with_its_distance_from_utc(now):
    assert parse_request(broken("now", now)).now == datetime(2026, 11, 23, 15, tzinfo=timezone.utc)


def test_a_moment_has_the_rules_of_the_zone_that_is_named():
    now = parse_request({**GOOD, "zone": "Europe/Berlin"}).now
    assert now.isoformat() == "2026-11-23T16:00:00+01:00"
    assert (now.replace(month=7)).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Atlantis", "../../etc/passwd", "UTC "])
def test_a_zone_that_is_none_leaves_a_moment_as_it_is(zone):
    assert parse_request({**GOOD, "zone": zone}).now.replace(month=7).utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize("value", [None, 1, 0.5, True, "x", [], {"ok": True, "json": {"plan": ["pro", None]}}])
@pytest.mark.parametrize("kind", ["callback", "result"])
def test_other_systems_may_answer_with_any_json(kind, value):
    parsed = parse_request(turn_body(None, kind, value=value, step="lead/ask_plan", need="http"))
    assert (parsed.value, parsed.step, parsed.need) == (value, "lead/ask_plan", "http")


def test_half_characters_from_other_systems_are_replaced_too():
    parsed = parse_request(turn_body(None, "callback", value={"a\ud800": ["b\udfff"]}, step="lead/wait"))
    assert parsed.value == {"a?": ["b?"]}


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "message",
    [{"kind": "choice", "value": {"a": 1}, "step": "s"}, {"kind": "choice", "value": "x" * 201, "step": "s"},
     {"kind": "start", "value": []}, {"kind": "file", "text": "a.pdf"}, {"kind": "file", "value": 1},
     {"kind": "no_reply"}, {"kind": "timed_out"}, {"kind": "callback", "value": {}}, {"kind": "result", "value": {}},
     {"kind": "result", "value": {}, "step": "s"},
     {"kind": "result", "value": "x" * 70_000, "step": "s", "need": "http"},
     {"kind": "callback", "value": nested(100_000), "step": "s"}],
    ids=lambda message: message["kind"],
)  # fmt: skip
def test_a_message_without_what_its_kind_needs_is_refused(message):
    with pytest.raises(RequestError):
        parse_request(turn_body(None, **message))


@pytest.mark.parametrize("kind", ["resume", "stopped"])
def test_a_message_that_says_all_by_its_kind_is_parsed(kind):
    assert parse_request(turn_body(None, kind)).kind == kind


def broken(path, value):
    body = copy.deepcopy(GOOD)
    *folders, last = path.split(".")
    part = body
    for folder in folders:
        part = part[folder]
    part[last] = value
    return body


@pytest.mark.parametrize(
    "body",
    [None, [], "x", 1, {}, broken("message", None), broken("message.kind", "voice"), broken("message.kind", ["start"]),
     broken("message.text", 5), broken("message.text", "x" * 4001), broken("message.value", None),
     broken("message.step", ""), broken("message.step", "x" * 201), broken("message.id", None), broken("channel", 5),
     broken("language", ""), broken("conversation_id", None), broken("state", "x"), broken("facts", []),
     broken("flows", None), broken("model", ""), broken("subject", 5), broken("now", None), broken("now", "today"),
     broken("now", "2026-11-23T15:00:00"), broken("now", 5), broken("idle_seconds", -1), broken("idle_seconds", "5"),
     broken("idle_seconds", True)],
)  # fmt: skip
def test_a_malformed_request_is_refused(body):
    with pytest.raises(RequestError):
        parse_request(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_anything_else_is_refused_or_parsed_and_never_breaks(body):
    try:
        parse_request(body)
    except RequestError:
        return
    pytest.fail("a body without the fields of a turn was accepted")


invisible = st.text(st.sampled_from(" \t\n\r\u00a0\u200b\u200d\u200f\u202e\u2060\ufeff\u00ad"), max_size=6)


@given(invisible, st.sampled_from(['/start{"email":"x"}', "/start", "//start", "/start@0.9", "／start"]))
def test_no_text_that_rasa_could_strip_to_a_slash_leaves_the_shield(before, command):
    shielded = shield(before + command)
    assert not shielded.strip().startswith("/")
    assert shielded.endswith(command)


@given(st.text().filter(lambda text: "/" not in text and "／" not in text and "⁄" not in text and "∕" not in text))
def test_a_text_without_a_slash_is_left_alone(text):
    assert shield(text) == text


def test_half_characters_are_replaced():
    assert parse_request(turn_body(None, "text", text="a\ud800b")).text == "a?b"


@given(invisible, st.sampled_from(['/start{"email":"x"}', "/start", "//start", '/a@0.9{"b": "c\nd"}', "/help "]))
def test_a_command_is_told_from_language(before, command):
    assert is_command(before + command) and is_command(shield(before + command))


@pytest.mark.parametrize("text", ["/ hello", "/invoices pile up", "start", "and/or", "", "/", "see {this}"])
def test_a_sentence_is_no_command(text):
    assert not is_command(text)


def test_the_log_can_name_the_trace_of_a_request_and_nothing_else_that_came_as_one():
    assert trace_of(f"00-{'ab' * 16}-{'0' * 16}-03") == "ab" * 16
    for other in ("", "ada@customer.example", f"00-{'AB' * 16}-{'0' * 16}-01", f"00-{'ab' * 16}-{'0' * 16}-01\nx"):
        assert trace_of(other) == "-"

"""Parsing a request, and the leading slash that Rasa would read as an intent."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import turn_body
from parley_rasa.turn_request import RequestError, is_command, parse_request, shield

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
     broken("language", ""), broken("conversation_id", None), broken("state", "x"), broken("facts", [])],
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

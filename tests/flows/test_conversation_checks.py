"""Test conversations as they are written: what cannot be read or names nothing is a fault on its line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flows.compiler import load_content
from flows.errors import FlowsRefused
from flows.parsing import parse_model, parse_text
from flows.test_models import Done, Expected, TestConversations, Waits
from tests.flows.authoring import copy_content

FILE = "library/demo_request/tests.yml"
TALK = """\
- name: somebody says hello
  channel: sms
  known: {first_name: Ada}
  facts: {score: 10, consents: {"marketing/email": given}}
  connectors: {crm: {ok: true, status: 200, json: {plan: pro}}}
  calendars: {sales: ["2026-11-24T10:00:00+01:00"]}
  now: "2026-11-23T16:00:00+01:00"
  talk:
    - bot: [welcome, ask_goal]
      says: [hello]
    - person: {tap: demo}
    - bot: ask_first_name
    - person: {waits: 20 minutes}
    - person: {callback: {ok: true}}
    - person: {file: report.pdf}
    - person: my name is Ada
  records:
    - {capture_lead: {field: first_name, value: Ada}}
  never_records: [enrol_in_journey]
  slots: {goal: demo}
  open: ask_team_size
"""


def read(text: str):
    errors = []
    marks = parse_text(text, FILE, errors)
    return parse_model(TestConversations, marks, errors) if marks else None, errors


def faults(tmp_path, text: str):
    content, knowledge = copy_content(tmp_path)
    (content / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(FlowsRefused) as refused:
        load_content(content, knowledge)
    return [(error.rule, error.file, error.line) for error in refused.value.faults]


def test_all_that_a_conversation_may_say_is_read():
    conversations, errors = read(TALK)

    assert errors == []
    (one,) = conversations.root
    assert one.channel == "sms"
    assert one.talk[0] == Expected(bot=("welcome", "ask_goal"), says=("hello",))
    assert one.talk[-1] == Done(person="my name is Ada")
    assert one.talk[3].person.waits == timedelta(minutes=20)
    assert isinstance(one.talk[3].person, Waits)
    assert one.connectors["crm"].answer == {"plan": "pro"}
    assert one.facts.consents == {"marketing/email": "given"}


def test_the_conversation_belongs_to_the_content_of_its_flow(tmp_path):
    content, knowledge = copy_content(tmp_path)
    (content / FILE).write_text(TALK, encoding="utf-8")

    loaded = load_content(content, knowledge)

    assert [one.name for one in loaded.tests["demo_request"].conversations.root] == ["somebody says hello"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("channel: sms", "channel: fax", 2),
        ("score: 10", "scores: 10", 4),
        ("marketing/email", "marketing/fax", 4),
        ("10:00:00+01:00", "10:00:00", 6),
        ("bot: ask_first_name", "robot: ask_first_name", 12),
        ("{tap: demo}", "{press: demo}", 11),
        ("20 minutes", "a while", 13),
        ("person: my name is Ada", "person: 42", 16),
        ("capture_lead", "catch_lead", 18),
        ("open: ask_team_size", "ends: qualified\n  open: ask_team_size", 1),
        ("  name: somebody", "  nmae: somebody", 1),
    ],
)
def test_what_cannot_be_read_is_a_fault_on_its_line(old, new, line):
    text = TALK.replace(old, new) if old in TALK else TALK.replace("- name: somebody", "- nmae: somebody")

    _, errors = read(text)

    assert {error.line for error in errors} == {line}
    assert all(error.rule.startswith("model.") for error in errors)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("ask_first_name", "ask_fist_name", 12),
        ("[welcome, ask_goal]", "[welcome, nobody/ask_goal]", 9),
        ("open: ask_team_size", "open: ask_taem_size", 21),
        ("slots: {goal: demo}", "slots: {gaol: demo}", 20),
        ("known: {first_name", "known: {frist_name", 3),
        ("channel: sms", "starts: nobody", 2),
        ("channel: sms", "language: fi", 2),
        ("channel: sms", 'knowledge: {"refunds?": refnuds}', 2),
    ],
)
def test_what_names_nothing_is_a_fault_on_its_line(tmp_path, old, new, line):
    assert faults(tmp_path, TALK.replace(old, new)) == [("test.unknown", FILE, line)]

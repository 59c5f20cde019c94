"""Everything a conversation writes on the timeline can be read by people."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import bot
from base.wording import read_sentences
from crm.timeline.summaries import _FILE, summary_of

ROOM = Path(next(iter(bot.__path__)))
DECISIONS = ("given", "refused")


def noted_kinds() -> set[str]:
    """Every kind that the room's code names when it writes an event."""
    found: set[str] = set()
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                found |= set(_kinds_of(node))
    return found


def _kinds_of(call: ast.Call) -> list[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "note":
        kind: ast.expr | None = call.args[0]
    elif name == "record":
        kind = next((word.value for word in call.keywords if word.arg == "kind"), None)
    else:
        return []
    match kind:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), ast.FormattedValue()]):
            return [start + decision for decision in DECISIONS]
    return []


def test_the_kinds_are_found_in_the_code() -> None:
    assert {"conversation_started", "consent_given", "consent_refused", "address_refused"} <= noted_kinds()


@pytest.mark.parametrize("kind", sorted(noted_kinds()))
def test_every_kind_a_conversation_writes_has_its_own_sentence(kind: str) -> None:
    assert kind in read_sentences(_FILE)["en"]["sentences"]


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("conversation_started", {"channel": "web"}, "Started a conversation on web chat"),
        ("lead_captured", {"field": "team_size"}, "Told us their team size"),
        ("address_added", {"address": "email", "joined_existing": False}, "Left their e-mail address"),
        ("address_refused", {"address": "phone"}, "Left another person's phone number: it was not kept"),
        ("fact_kept", {"field": "company"}, "A conversation gave another company: the known one was kept"),
        ("consent_given", {"purpose": "marketing", "channel": "email"}, "Agreed to marketing by e-mail"),
        ("consent_refused", {"purpose": "marketing", "channel": "sms"}, "Refused marketing by text message"),
        ("qualified", {"outcome": "hot"}, "Qualified as hot"),
        ("handed_off", {"team": "sales", "reason": "asked"}, "Handed to a person in sales: they asked for one"),
        ("privacy_requested", {"request": "erase"}, "Made a privacy request: delete my data"),
        (
            "flow_ended",
            {"flow": "demo_request", "outcome": "completed"},
            "Finished the dialogue demo request: completed",
        ),
    ],
)
def test_what_a_conversation_writes_reads_well(kind: str, data: dict[str, Any], words: str) -> None:
    assert summary_of(kind, data) == words

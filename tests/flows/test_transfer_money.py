"""The money transfer known from tutorials, as a flow of ours: it passes the checks, and leads where it should."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.compiler import DEFAULT_CONTENT, DEFAULT_INTENTS, compile_flows, load_content
from flows.content import Content

EXAMPLE = Path(__file__).parent / "transfer_money"


@pytest.fixture(scope="module")
def content(tmp_path_factory) -> Content:
    folder = tmp_path_factory.mktemp("bank")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    shutil.copytree(DEFAULT_CONTENT / "library" / "patterns", folder / "library" / "patterns")
    shutil.copytree(DEFAULT_INTENTS, folder / "intents", dirs_exist_ok=True)
    return load_content(folder, folder / "knowledge", folder / "intents")


def test_the_example_passes_every_check_with_its_test_conversations(content):
    assert set(content.flows) == {"transfer_money", "check_balance", "security_check"}
    assert {name: len(file.conversations.root) for name, file in content.tests.items()} == {
        "check_balance": 2,
        "security_check": 2,
        "transfer_money": 15,
    }


def test_what_is_asked_for_one_transfer_is_forgotten_at_the_next(content):
    slots = compile_flows(content)["flows"]["transfer_money"]["slots"]

    assert {name for name, slot in slots.items() if slot["lasts"] == "flow"} == set(slots) - {"balance"}


def test_the_compiled_transfer_is_as_the_bot_reads_it(content):
    compiled = compile_flows(content)
    steps = compiled["flows"]["transfer_money"]["steps"]

    assert compiled["teams"]["branch"]["zone"] == "Europe/London"
    assert compiled["flows"]["check_balance"]["nlu_triggers"] == ["check_balance"]
    assert steps["forget_amount"] == {
        "step": "set",
        "slot": "amount",
        "value": None,
        "next": [{"to": "ask_amount"}],
    }
    assert steps["ask_amount"]["no_reply_after"] == {"seconds": 900, "to": "end_no_reply"}
    assert steps["send_money"] == {
        "step": "http",
        "connector": "bank",
        "method": "POST",
        "path": "/transfers",
        "query": {},
        "body": {"recipient": "{{ recipient }}", "amount": "{{ amount }}"},
        "save": {},
        "callback": False,
        "failed": "to_branch",
        "next": [{"to": "end_sent"}],
    }

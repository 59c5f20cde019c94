"""The money transfer of the tutorials, talked through on a real dialogue process with a model trained for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue import MemorySource
from bot.publishing.checking import check_tree_aside
from bot.publishing.test_conversations import run_tests
from flows.content_tree import INTENTS, PATTERNS, read_tree
from server.dialogue_access import open_dialogue
from server.settings import read_settings
from server.training import ensure_model, signed

EXAMPLE = Path(__file__).parent / "transfer_money"


@pytest.mark.journey
async def test_transfer_digression_correction_and_cancel_go_as_its_test_conversations_say() -> None:
    settings = read_settings()
    shipped, own = read_tree(settings.content_dir, settings.nlu_dir), read_tree(EXAMPLE, EXAMPLE)
    tree = {**own, PATTERNS: shipped[PATTERNS], INTENTS: {**shipped[INTENTS], **own[INTENTS]}}
    checked = await check_tree_aside(tree)
    model = await ensure_model(settings, tree[INTENTS], print)
    source = MemorySource()
    flows, model_id = source.add_flows(checked.compiled), source.add_model(signed(settings, model))
    async with open_dialogue(settings, source, model.path) as dialogue:
        report = await run_tests(dialogue, checked.content, flows_version=flows, model_id=model_id)
    assert report.conversations == 19
    assert report.passed, report.as_text()

"""The intents that exist are those with examples; flows that go by others are refused."""

from __future__ import annotations

import pytest

from flows.compiler import load_content
from flows.errors import FlowsRefused
from flows.intent_names import read_intents
from tests.flows.authoring import copy_content


def test_the_intents_of_a_file_are_those_it_has_examples_for():
    text = 'version: "3.1"\nnlu:\n- intent: ask_price\n  examples: |\n    - how much\n- lookup: city\n'

    assert read_intents(text, "intents/a.yml", []) == {"ask_price": ["how much"]}


@pytest.mark.parametrize("text", ["", "nlu: yes", "- intent: a", "nlu: [", "a: &b c"])
def test_a_file_that_holds_no_examples_is_a_fault(text):
    errors = []

    assert read_intents(text, "intents/a.yml", errors) == {}
    assert [error.file for error in errors] == ["intents/a.yml"]


def test_intents_are_looked_up_only_when_they_are_given(tmp_path):
    content, knowledge = copy_content(tmp_path)
    intents = tmp_path / "intents"
    intents.mkdir()

    assert load_content(content, knowledge, None).intents is None
    with pytest.raises(FlowsRefused) as refused:
        load_content(content, knowledge, intents)
    assert {error.rule for error in refused.value.faults} == {"intent.unknown"}
    assert ("library/demo_request/flow.yml", None) in {(error.file, error.step) for error in refused.value.faults}

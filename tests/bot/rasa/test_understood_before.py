"""What was understood of a text goes along with the state from one call of a turn to the next."""

from __future__ import annotations

import copy
import json

import pytest

from parley_rasa.dialogue.state import StateError
from parley_rasa.understood_before import carry, find_carried, mark_of

MARK = mark_of("a model", "en", "what does it cost?")
PARSED = {
    "text": "what does it cost?", "message_id": "0193", "metadata": {"kind": "text"},
    "intent": {"name": "ask_pricing", "confidence": 0.1 + 0.2},
    "entities": [{"entity": "number", "value": 40, "start": 0, "end": 2, "extractor": "ValueExtractor"}],
    "intent_ranking": [{"name": "ask_pricing", "confidence": 1 / 3}], "intent_parts": [],
    "embedding": "AACAPw==", "encoder": "tests/1",
}  # fmt: skip


@pytest.fixture
def state():
    found = {"v": 2, "awaits": {"step": "patterns/knowledge", "need": "knowledge"}}
    carry(found, MARK, PARSED)
    return json.loads(json.dumps(found))


def test_what_was_understood_comes_back_to_the_last_digit(state):
    found = find_carried(state, MARK)
    for part in ("intent", "intent_ranking", "intent_parts", "embedding", "encoder"):
        assert found[part] == PARSED[part]
    assert found["entities"] == [{"entity": "number", "value": 40, "start": 0, "end": 2}]
    assert (state["awaits"]["step"], state["awaits"]["need"]) == ("patterns/knowledge", "knowledge")


def test_nothing_that_the_request_says_anyway_is_carried(state):
    assert not {"text", "metadata", "message_id"} & set(state["awaits"]["understood"])
    assert "what does it cost" not in json.dumps(state)


@pytest.mark.parametrize(
    "given", [("another model", "en", "what does it cost?"), ("a model", "de", "what does it cost?"),
              ("a model", "en", "what does it cost")],
)  # fmt: skip
def test_another_text_language_or_model_is_understood_anew(state, given):
    assert find_carried(state, mark_of(*given)) is None


@pytest.mark.parametrize("state", [None, {}, {"awaits": None}, {"awaits": {"step": "s", "need": "http"}}])
def test_a_state_that_carries_nothing_is_no_fault(state):
    assert find_carried(state, MARK) is None


def test_a_text_without_a_meaning_is_carried_as_one():
    state = {"awaits": {"step": "s", "need": "http"}}
    carry(state, MARK, {"intent": {"name": "out_of_scope", "confidence": 1.0}, "entities": []})
    found = find_carried(state, MARK)
    assert found["intent"] == {"name": "out_of_scope", "confidence": 1.0}
    assert found["intent_ranking"] == found["intent_parts"] == []
    assert "embedding" not in found


@pytest.mark.parametrize(
    ("part", "value"),
    [("intent", None), ("intent", "ask_pricing"), ("intent", {"name": "ask_pricing"}), ("entities", None),
     ("entities", [{"entity": "number"}]), ("intent_ranking", [1]), ("intent_parts", 5),
     ("intent_ranking", [{"name": "x", "confidence": "high"}])],
)  # fmt: skip
def test_what_this_program_did_not_write_is_refused(state, part, value):
    spoilt = copy.deepcopy(state)
    spoilt["awaits"]["understood"][part] = value
    with pytest.raises(StateError):
        find_carried(spoilt, MARK)


@pytest.mark.parametrize("carried", [[], "x", 1, {}])
def test_what_has_no_mark_is_refused(carried):
    with pytest.raises(StateError):
        find_carried({"awaits": {"step": "s", "need": "http", "understood": carried}}, MARK)

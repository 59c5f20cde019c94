"""The graph component as Rasa trains and asks it."""

from __future__ import annotations

from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from parley_rasa.semantic_intents import SemanticIntents
from parley_rasa.understanding.setup import DEFAULTS

EXAMPLES = {"affirm": ["yes please", "sure", "of course"], "deny": ["no thanks", "rather not", "never"]}


def ranking_after(folder, encoder_dir, examples, text):
    """What a component that is trained on these examples makes of a text."""
    component = SemanticIntents.create(
        {**DEFAULTS, "encoder_dir": str(encoder_dir)}, LocalModelStorage.create(folder), Resource("intents"),
        ExecutionContext(GraphSchema({})),
    )  # fmt: skip
    component.train(
        TrainingData([Message({TEXT: one, INTENT: intent}) for intent, texts in examples.items() for one in texts])
    )
    (message,) = component.process([Message({TEXT: text})])
    return message.get("intent_ranking")


def test_an_example_that_is_never_read_teaches_nothing(tmp_path, encoder_dir):
    with_emoji = {**EXAMPLES, "deny": [*EXAMPLES["deny"], "👎", "/deny", "…"]}
    rankings = []
    for name, examples in (("words", EXAMPLES), ("emoji", with_emoji)):
        (tmp_path / name).mkdir()
        rankings.append(ranking_after(tmp_path / name, encoder_dir, examples, "sure, why not"))
    assert rankings[0] == rankings[1]
    assert rankings[0][0]["name"] == "affirm"


def test_what_holds_no_letters_is_out_of_scope(tmp_path, encoder_dir):
    assert ranking_after(tmp_path, encoder_dir, EXAMPLES, "👍") == [{"name": "out_of_scope", "confidence": 1.0}]

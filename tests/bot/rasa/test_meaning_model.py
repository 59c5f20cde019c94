"""The second of the two models, which reads meaning alone, and what an older file without it does."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_rasa.understanding.intent_model import IntentModel, MeaningModel
from parley_rasa.understanding.intent_training import train

TEXTS = ["hello", "hi there", "good morning", "hey", "hello you", "what does it cost", "the price please",
         "how much is it", "price", "costs"]  # fmt: skip
INTENTS = ["greet"] * 5 + ["price"] * 5


@pytest.fixture(scope="module")
def model() -> IntentModel:
    chance = np.random.default_rng(3)
    vectors = chance.normal(size=(len(TEXTS), 384)).astype(np.float32) / 20
    vectors[:5, 0], vectors[5:, 0] = 1.0, -1.0
    return train(TEXTS, INTENTS, vectors, "an encoder", c=0.5)


def toward(value: float) -> np.ndarray:
    vector = np.zeros(384, dtype=np.float32)
    vector[0] = value
    return vector


def test_a_text_of_unseen_words_is_told_apart_by_its_meaning(model):
    assert model.rank("zzz", toward(1.0))[0][0] == "greet"
    assert model.rank("zzz", toward(-1.0))[0][0] == "price"


@given(st.floats(0, 1), st.floats(-1, 1))
def test_probabilities_add_up_to_one_whatever_either_model_counts(weight, value):
    chance = np.random.default_rng(5)
    meaning = MeaningModel(chance.normal(size=(384, 2)), np.zeros(2), weight)
    small = train(
        TEXTS[:1] + TEXTS[5:6], ["greet", "price"], np.stack([toward(1.0), toward(-1.0)]), "an encoder", c=1.0
    )
    small.meaning = meaning
    assert abs(float(small.probabilities("hello", toward(value)).sum()) - 1) < 1e-5


def test_a_file_from_before_there_were_two_models_is_read_and_ranks_by_words(model, tmp_path):
    model.save(tmp_path)
    with np.load(tmp_path / "intents.npz") as arrays:
        older = {name: arrays[name] for name in arrays.files if not name.startswith("meaning")}
    np.savez_compressed(tmp_path / "intents.npz", **older)
    read = IntentModel.load(tmp_path)
    assert read.meaning is None
    assert read.rank("the price please", toward(-1.0))[0][0] == "price"
    json.loads((tmp_path / "intents.json").read_text("utf-8"))

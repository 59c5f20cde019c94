"""How the readings of a text are pooled, what is out of scope, and what an older model file still does."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_rasa.understanding import intent_training
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE, IntentModel, Pooling, pool
from parley_rasa.understanding.intent_training import (
    ENOUGH_READ,
    FEW,
    FOLDS,
    LEAST_PARTS,
    UNREAD,
    Texts,
    best_threshold,
    cross_validate,
    divide,
    fit_pooling,
    pooling_loss,
    train,
    with_names,
)
from parley_rasa.understanding.nearest import nearest_mean

TEXTS = ["hello", "hi there", "good morning", "hey", "hello you", "what does it cost", "the price please",
         "how much is it", "price", "costs"]  # fmt: skip
INTENTS = ["greet"] * 5 + ["price"] * 5
STRANGE = [f"the weather in {place}" for place in "Rome Oslo Bonn Kiel Nice Lyon Bern Graz Ulm Pisa".split()]
DIMENSIONS = 8


def toward(*values: float) -> np.ndarray:
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def near(direction: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Vectors of length 1 scattered about a direction."""
    scattered = direction + np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32) / 8
    found: np.ndarray = (scattered / np.linalg.norm(scattered, axis=1, keepdims=True)).astype(np.float32)
    return found


VECTORS = np.vstack([near(toward(1.0), 5, 1), near(toward(0.0, 1.0), 5, 2)])


@pytest.fixture(scope="module")
def model() -> IntentModel:
    return train(TEXTS, INTENTS, VECTORS, "an encoder", c=0.5)


@pytest.fixture(scope="module")
def scoped() -> IntentModel:
    vectors = np.vstack([VECTORS, near(toward(0.0, 0.0, 1.0), len(STRANGE), 3)])
    return train([*TEXTS, *STRANGE], [*INTENTS, *[OUT_OF_SCOPE] * len(STRANGE)], vectors, "an encoder", c=0.5)


def test_a_text_of_unseen_words_is_told_apart_by_its_meaning(model):
    assert model.rank("zzz", toward(1.0))[0][0] == "greet"
    assert model.rank("zzz", toward(0.0, 1.0))[0][0] == "price"


def test_a_text_far_from_every_example_is_out_of_scope_and_one_like_them_is_not(scoped):
    assert scoped.rank("snow tomorrow", toward(0.0, 0.0, 1.0))[0][0] == OUT_OF_SCOPE
    assert scoped.rank("hello", toward(1.0))[0][0] == "greet"
    assert OUT_OF_SCOPE not in scoped.labels


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3).filter(lambda found: sum(map(abs, found)) > 0.1))
def test_the_ranking_with_out_of_scope_in_it_adds_up_to_one_and_names_each_once(scoped, direction):
    ranking = scoped.rank("hello price", toward(*direction))
    assert sorted(name for name, _ in ranking) == ["greet", OUT_OF_SCOPE, "price"]
    assert abs(sum(confidence for _, confidence in ranking) - 1) < 1e-5


def test_below_the_threshold_out_of_scope_goes_first_whatever_the_rest_says(scoped, tmp_path):
    scoped.save(tmp_path)
    strict = IntentModel.load(tmp_path)
    strict.threshold = 1.0
    assert strict.rank("hello", toward(1.0))[0][0] == OUT_OF_SCOPE


def test_without_texts_out_of_scope_the_unlikely_is_out_of_scope(model, tmp_path):
    model.save(tmp_path)
    strict = IntentModel.load(tmp_path)
    assert strict.scope is None
    strict.threshold = 0.999999
    name, confidence = strict.rank("hello price", toward(1.0, 1.0))[0]
    assert name == OUT_OF_SCOPE
    assert 0 < confidence < 1


def test_a_saved_model_knows_scope_and_threshold_as_before(scoped, tmp_path):
    scoped.save(tmp_path)
    read = IntentModel.load(tmp_path)
    for text, vector in (("hello", toward(1.0)), ("rain", toward(0.0, 0.2, 1.0))):
        assert read.rank(text, vector) == scoped.rank(text, vector)
    assert read.threshold == scoped.threshold


def test_a_file_from_before_meanings_were_kept_ranks_by_wording(model, tmp_path):
    model.save(tmp_path)
    with np.load(tmp_path / "intents.npz") as arrays:
        older = {name: arrays[name] for name in ("coefficients", "intercept", "word_idf", "char_idf")}
    np.savez_compressed(tmp_path / "intents.npz", **older)
    words = json.loads((tmp_path / "intents.json").read_text("utf-8"))
    for newer in ("meaning", "nearest", "threshold"):
        del words[newer]
    (tmp_path / "intents.json").write_text(json.dumps(words), "utf-8")
    read = IntentModel.load(tmp_path)
    assert read.meaning is None
    assert read.threshold == 0.2
    assert read.rank("the price please", toward(0.0, 1.0))[0][0] == "price"


def test_no_weights_nearby_give_better_held_out_probabilities_than_the_fitted():
    chance = np.random.default_rng(4)
    vectors = np.vstack([near(toward(1.0), 30, 5), near(toward(0.3, 1.0), 30, 6)])
    texts = [f"{chance.choice(['hi', 'hello', 'cost'])} {number}" for number in range(60)]
    targets = np.array([0] * 30 + [1] * 30)
    readings = cross_validate(Texts(texts, vectors), targets, 0.5, divide(targets))
    assert readings is not None

    fitted = fit_pooling(readings, targets)
    others = [Pooling(fitted.wording * a, fitted.meaning * b, fitted.nearest * c)
              for a in (0.8, 1.0, 1.25) for b in (0.8, 1.0, 1.25) for c in (0.8, 1.0, 1.25)]  # fmt: skip
    best = min(pooling_loss(one, readings, targets) for one in others)
    assert pooling_loss(fitted, readings, targets) <= best + 1e-3


@given(st.floats(0, 9), st.floats(0, 9), st.floats(0, 9), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_pooled_probabilities_add_up_to_one(wording, meaning, nearest, scores):
    row = np.array(scores)
    assert abs(float(pool(Pooling(wording, meaning, nearest), row, row[::-1], row).sum()) - 1) < 1e-6


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=12))
def test_the_mean_of_the_nearest_lies_between_the_mean_and_the_highest(cosines):
    found = nearest_mean(np.array(cosines))
    assert np.mean(cosines) - 1e-9 <= found <= max(cosines) + 1e-9


likely = st.floats(0, 1)


@given(st.lists(st.tuples(likely, st.booleans()), min_size=1, max_size=25), st.lists(likely, max_size=10), likely)
def test_no_threshold_is_right_more_often_than_the_one_picked(inside, outside, other):
    probable, right = np.array([one for one, _ in inside]), np.array([one for _, one in inside])

    def good(threshold: float) -> int:
        kept = sum(ok and one >= threshold for one, ok in inside)
        return kept + sum(one < threshold for one in outside)

    picked = best_threshold(probable, right, np.array(outside))
    if other <= max([*probable, *outside]):
        assert good(picked) >= good(other)


def test_of_thresholds_that_are_as_good_the_one_that_turns_most_away_is_picked():
    inside, right = np.array([0.9, 0.5, 0.8]), np.array([True, False, True])
    assert best_threshold(inside, right, np.array([0.1])) == 0.8


@given(st.lists(st.tuples(likely, st.booleans()), min_size=1, max_size=25), st.lists(likely, max_size=10),
       st.integers(1, 4))  # fmt: skip
def test_texts_that_stand_for_others_move_the_threshold_as_if_those_were_there(inside, outside, weight):
    probable, right = np.array([one for one, _ in inside]), np.array([one for _, one in inside])
    repeated = best_threshold(np.repeat(probable, weight), np.repeat(right, weight), np.array(outside))
    assert best_threshold(probable, right, np.array(outside), weight) == repeated


@given(st.integers(2, 40), st.integers(10, 400))
def test_of_many_examples_as_many_parts_are_read_as_teach_enough(intents, of_each):
    targets = np.repeat(np.arange(intents), of_each)
    parts = divide(targets)
    read = parts[parts != UNREAD]
    assert set(read.tolist()) == set(range(read.max() + 1))
    assert read.max() + 1 == FOLDS or len(read) >= ENOUGH_READ
    assert read.max() + 1 >= LEAST_PARTS
    if read.max() >= LEAST_PARTS:
        assert np.count_nonzero(read < read.max()) < ENOUGH_READ
    for part in range(read.max() + 1):
        sizes = np.bincount(targets[parts == part], minlength=intents)
        assert max(sizes) - min(sizes) <= 1


def test_a_model_that_reads_some_of_its_examples_learns_from_all_of_them(monkeypatch):
    chance = np.random.default_rng(8)
    directions = [toward(1.0), toward(0.5, 1.0), toward(0.5, 0.0, 1.0)]
    vectors = np.vstack([near(direction, 100, seed) for seed, direction in enumerate(directions)])
    texts = [f"{chance.choice(['hi', 'hello', 'cost'])} {number}" for number in range(300)]
    strange = near(toward(0.0, 0.0, 0.0, 1.0), len(STRANGE), 3)
    intents = [*np.repeat(["a", "b", "c"], 100).tolist(), *[OUT_OF_SCOPE] * len(STRANGE)]
    whole = train([*texts, *STRANGE], intents, np.vstack([vectors, strange]), "an encoder")
    monkeypatch.setattr(intent_training, "ENOUGH_READ", 100)
    part = train([*texts, *STRANGE], intents, np.vstack([vectors, strange]), "an encoder")
    assert np.array_equal(part.coefficients, whole.coefficients)
    assert np.array_equal(part.meaning.examples, whole.meaning.examples)
    assert part.pooling != whole.pooling
    assert abs(part.threshold - whole.threshold) < 0.3
    for vector, intent in zip(directions, "abc", strict=True):
        assert part.rank("hi", vector)[0][0] == whole.rank("hi", vector)[0][0] == intent
    assert part.rank("snow", toward(0.0, 0.0, 0.0, 1.0))[0][0] == OUT_OF_SCOPE


def test_an_intent_with_few_examples_is_taught_by_its_name_too_and_out_of_scope_never_is():
    many = ["hello"] * FEW
    texts, intents = with_names([*many, "when will it come", "snow"], ["greet"] * FEW + ["card_arrival", OUT_OF_SCOPE])
    assert texts[-1] == "card arrival"
    assert intents[-1] == "card_arrival"
    assert len(texts) == FEW + 3

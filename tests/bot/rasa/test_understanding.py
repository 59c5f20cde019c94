"""The intent model: the same numbers as sklearn's, stored without code."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from parley_rasa.understanding.encoder import (
    DEFAULT_DIMENSIONS,
    PRECISION_VARIABLE,
    Encoder,
    EncoderError,
    encoder_folder,
    encoder_precision,
)
from parley_rasa.understanding.intent_model import IntentModel, softmax
from parley_rasa.understanding.intent_training import TrainingError, train
from parley_rasa.understanding.ngrams import Counted, NgramWeights, char_ngrams, word_ngrams

TEXTS = ["hello there", "hi you", "good morning", "what does it cost", "how much is it", "the price please"] * 2
INTENTS = ["greet", "greet", "greet", "price", "price", "price"] * 2


def fake_vectors(texts):
    """Vectors that say nothing, so that the n-grams decide."""
    return np.full((len(texts), DEFAULT_DIMENSIONS), 0.01, dtype=np.float32)


@pytest.fixture(scope="module")
def model():
    return train(TEXTS, INTENTS, fake_vectors(TEXTS), "an encoder", c=1.0)


@given(st.text(max_size=60))
def test_char_ngrams_are_those_of_sklearn(text):
    expected = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)).build_analyzer()(text)
    assert sorted(char_ngrams(text)) == sorted(gram for gram in expected if len(gram) > 1)


def test_weights_are_those_of_sklearn():
    sklearns = TfidfVectorizer(analyzer=word_ngrams, sublinear_tf=True).fit(TEXTS)
    counted = Counted(word_ngrams, TEXTS)
    rows = range(len(TEXTS))
    ours = NgramWeights.fit(counted, rows)
    assert ours.vocabulary == list(sklearns.get_feature_names_out())
    np.testing.assert_allclose(ours.matrix(counted, rows).toarray(), sklearns.transform(TEXTS).toarray(), rtol=1e-5)


def test_weights_learnt_from_some_of_the_counted_texts_know_nothing_of_the_others():
    counted = Counted(char_ngrams, [*TEXTS, "zebra"])
    some = NgramWeights.fit(counted, [0, 3])
    alone = NgramWeights.fit(Counted(char_ngrams, [TEXTS[0], TEXTS[3]]), [0, 1])
    assert some.vocabulary == alone.vocabulary
    assert some.idf.tolist() == alone.idf.tolist()
    for row, text in enumerate([*TEXTS, "zebra"]):
        numbers, weights = alone.weigh(text)
        expected = np.zeros(len(alone.vocabulary), dtype=np.float32)
        expected[numbers] = weights
        np.testing.assert_allclose(some.matrix(counted, [row]).toarray()[0], expected, rtol=1e-6)


@given(st.text(max_size=60))
def test_a_text_has_weights_of_length_one_or_none_at_all(text):
    numbers, weights = NgramWeights.fit(Counted(char_ngrams, TEXTS), range(len(TEXTS))).weigh(text)
    assert len(numbers) == len(weights) == len(set(numbers.tolist()))
    assert not len(numbers) or abs(float(np.sum(weights**2)) - 1) < 1e-5


def test_scores_at_prediction_are_the_features_times_the_coefficients(model):
    for text in [*TEXTS, "hello, what does the morning cost", "", "unheard of"]:
        vector = fake_vectors([text])[0]
        parts = [
            weights.matrix(Counted(analyse, [text]), [0]).toarray()[0]
            for weights, analyse in ((model.words, word_ngrams), (model.chars, char_ngrams))
        ]
        features = np.concatenate([2 * vector, *parts])
        np.testing.assert_allclose(
            model.scores(text, vector), features @ model.coefficients + model.intercept, rtol=1e-4, atol=1e-5
        )


def test_the_ranking_holds_every_intent_once_and_its_probabilities_add_up_to_one(model):
    ranking = model.rank("how much is the price", fake_vectors(["x"])[0])
    assert ranking[0][0] == "price"
    assert sorted(name for name, _ in ranking) == ["greet", "price"]
    assert abs(sum(confidence for _, confidence in ranking) - 1) < 1e-6


def test_ranking_many_texts_is_ranking_each_of_them(model):
    texts = ["how much is the price", "hi", "", "unheard of"]
    vectors = fake_vectors(texts)
    assert model.rank_all(texts, vectors) == [
        model.rank(text, vector) for text, vector in zip(texts, vectors, strict=True)
    ]


def test_ranking_as_many_texts_as_there_are_vectors_is_required(model):
    with pytest.raises(ValueError, match="zip"):
        model.rank_all(["hi", "hello"], fake_vectors(["hi"]))


def test_a_saved_model_gives_the_same_ranking_and_holds_no_pickle(model, tmp_path):
    model.save(tmp_path)
    vector = fake_vectors(["x"])[0]
    assert IntentModel.load(tmp_path).rank("hi, the price?", vector) == model.rank("hi, the price?", vector)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["intents.json", "intents.npz"]
    json.loads((tmp_path / "intents.json").read_text("utf-8"))
    with zipfile.ZipFile(tmp_path / "intents.npz") as archive:
        assert not any(b"cnumpy" in archive.read(name) for name in archive.namelist())


def test_a_pickled_array_in_a_model_file_is_refused(model, tmp_path):
    model.save(tmp_path)
    evil = np.array([{"code": "x"}], dtype=object)
    np.savez(tmp_path / "intents.npz", coefficients=evil, intercept=evil, word_idf=evil, char_idf=evil)
    with pytest.raises(ValueError, match="pickle"):
        IntentModel.load(tmp_path)


def test_one_intent_makes_no_model():
    with pytest.raises(TrainingError):
        train(["a", "b"], ["greet", "greet"], fake_vectors(["a", "b"]), "an encoder", c=1.0)


def test_intents_with_a_single_example_are_trained_without_calibration():
    small = train(["hello", "what does it cost"], ["greet", "price"], fake_vectors(["", ""]), "an encoder", c=1.0)
    assert small.rank("hello", fake_vectors([""])[0])[0][0] == "greet"


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=8))
def test_softmax_keeps_the_order_and_adds_up_to_one(scores):
    probabilities = softmax(np.array([scores]))[0]
    assert abs(probabilities.sum() - 1) < 1e-9
    assert probabilities[int(np.argmax(scores))] == probabilities.max()


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_the_encoder_puts_like_sentences_close_together(encoder_dir, precision):
    encoder = Encoder(encoder_dir, precision, max_tokens=64)
    cost, price, joke = encoder.encode_all(["How much does it cost?", "What is the price?", "Tell me a joke"])
    assert float(cost @ price) > 0.6 > float(cost @ joke)
    assert abs(float(cost @ cost) - 1) < 1e-4


def test_a_long_text_is_cut_and_an_empty_one_encoded(encoder_dir):
    encoder = Encoder(encoder_dir, "int8", max_tokens=16)
    np.testing.assert_array_equal(encoder.encode("word " * 1000), encoder.encode("word " * 500))
    assert encoder.encode("").shape == (DEFAULT_DIMENSIONS,)


def test_a_missing_encoder_is_named_in_the_error(tmp_path, encoder_dir, monkeypatch):
    with pytest.raises(EncoderError, match="no exported encoder"):
        Encoder(tmp_path, "int8", 64)
    with pytest.raises(EncoderError, match="int4"):
        Encoder(encoder_dir, "int4", 64)
    monkeypatch.delenv("PARLEY_ENCODER_DIR", raising=False)
    with pytest.raises(EncoderError, match="PARLEY_ENCODER_DIR"):
        encoder_folder(None)
    assert encoder_folder("given") == Path("given")


def test_the_environment_decides_what_the_encoder_is_run_in(monkeypatch):
    monkeypatch.delenv(PRECISION_VARIABLE, raising=False)
    assert encoder_precision("int8") == "int8"
    monkeypatch.setenv(PRECISION_VARIABLE, "fp32")
    assert encoder_precision("int8") == "fp32"


def test_a_passage_is_read_further_than_a_message(encoder_dir):
    encoder = Encoder(encoder_dir, "int8", 64)
    passage = "the weather is fine today and nothing else is said here " * 8 + "refunds are paid within ten days"
    reader = encoder.reading(256)
    question = encoder.encode("when are refunds paid")
    assert question.tolist() == reader.encode("when are refunds paid").tolist()
    assert float(reader.encode(passage) @ question) > float(encoder.encode(passage) @ question)
    assert reader.fingerprint == encoder.fingerprint

"""Vectors that are kept from one run to the next: the same to the last bit, whatever becomes of the file."""

from __future__ import annotations

import multiprocessing
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import HERE, run_module
from parley_rasa.reporting.examples import read_examples
from parley_rasa.understanding import kept_vectors
from parley_rasa.understanding.encoder import Encoder
from parley_rasa.understanding.intent_training import train, with_names
from parley_rasa.understanding.kept_vectors import VECTORS_VARIABLE, KeptVectors, vectors_file
from parley_rasa.understanding.setup import read_setup

TEXTS = ["price list", "ünïcödé 👍", "a\nb", "", "price list"]


class CountingEncoder:
    """Vectors of a text's letters, and how often it was asked for one."""

    fingerprint = "letters"
    dimensions = 26

    def __init__(self, origin: str = "letters") -> None:
        self.origin = origin
        self.asked: list[str] = []

    def encode(self, text: str) -> np.ndarray:
        self.asked.append(text)
        counts = [text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]
        return np.array(counts, dtype=np.float32) / np.float32(3)


def filled(file: Path, texts: list[str] = TEXTS) -> np.ndarray:
    """Keep the vectors of texts; return them."""
    kept = KeptVectors(CountingEncoder(), file)
    rows = kept.of(texts)
    kept.keep()
    return rows


def asked_for(file: Path, texts: list[str], origin: str = "letters") -> list[str]:
    """Which of the texts are not kept."""
    encoder = CountingEncoder(origin)
    KeptVectors(encoder, file).of(texts)
    return encoder.asked


def test_a_text_is_encoded_once_and_its_vector_is_the_encoders_to_the_last_bit(tmp_path):
    encoder = CountingEncoder()
    expected = np.array([encoder.encode(text) for text in TEXTS])
    assert filled(tmp_path / "kept").tobytes() == expected.tobytes()
    again = CountingEncoder()
    assert KeptVectors(again, tmp_path / "kept").of(TEXTS[::-1]).tobytes() == expected[::-1].tobytes()
    assert again.asked == []


def test_only_what_is_new_is_encoded(tmp_path):
    filled(tmp_path / "kept")
    assert asked_for(tmp_path / "kept", ["price list", "prices", "price list", "prices", "Price list"]) == [
        "prices",
        "Price list",
    ]


def test_without_a_file_vectors_are_remembered_and_none_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    encoder = CountingEncoder()
    kept = KeptVectors(encoder)
    kept.of(TEXTS)
    kept.of(TEXTS)
    kept.keep()
    assert sorted(encoder.asked) == sorted(set(TEXTS))
    assert list(tmp_path.iterdir()) == []


def test_no_texts_have_no_vectors(tmp_path):
    assert filled(tmp_path / "kept", []).shape == (0, 26)


def test_vectors_of_another_encoder_are_none_and_both_are_kept(tmp_path):
    filled(tmp_path / "kept")
    other = KeptVectors(CountingEncoder("other letters"), tmp_path / "kept")
    other.of(["price list"])
    other.keep()
    assert asked_for(tmp_path / "kept", ["price list"], "other letters") == []
    assert asked_for(tmp_path / "kept", ["price list"]) == []
    assert asked_for(tmp_path / "kept", ["price list"], "third letters") == ["price list"]


def test_an_encoder_of_other_dimensions_begins_anew(tmp_path):
    filled(tmp_path / "kept")

    class Shorter(CountingEncoder):
        dimensions = 2

        def encode(self, text: str) -> np.ndarray:
            return super().encode(text)[:2]

    shorter = Shorter("two letters")
    kept = KeptVectors(shorter, tmp_path / "kept")
    assert kept.of(TEXTS).shape == (5, 2)
    kept.keep()
    assert len(shorter.asked) == 4
    assert KeptVectors(Shorter("two letters"), tmp_path / "kept").of(TEXTS).shape == (5, 2)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"no vectors" * 10])
def test_a_broken_file_is_none_and_is_replaced(tmp_path, content):
    (tmp_path / "kept").write_bytes(content)
    assert asked_for(tmp_path / "kept", ["price list"]) == ["price list"]
    filled(tmp_path / "kept")
    assert asked_for(tmp_path / "kept", TEXTS) == []


@given(st.data())
def test_a_file_with_a_wrong_byte_or_without_its_end_is_none(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("kept") / "kept"
    filled(file)
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[place:]
    file.write_bytes(content)
    assert asked_for(file, ["price list"]) == ["price list"]


def test_the_file_holds_no_text(tmp_path):
    filled(tmp_path / "kept", ["Ada Lovelace, ada@example.org"])
    assert b"Ada" not in (tmp_path / "kept").read_bytes()
    assert b"ada@" not in (tmp_path / "kept").read_bytes()


def test_the_file_is_left_alone_when_nothing_is_new(tmp_path):
    filled(tmp_path / "kept")
    before = (tmp_path / "kept").stat().st_mtime_ns
    filled(tmp_path / "kept", TEXTS[:2])
    assert (tmp_path / "kept").stat().st_mtime_ns == before


def test_what_was_not_used_for_longest_makes_room(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_vectors, "MOST_KEPT", 4)
    for texts in (["a", "b"], ["c", "d"], ["a", "e"]):
        filled(tmp_path / "kept", texts)
    assert asked_for(tmp_path / "kept", ["a", "b", "c", "d", "e"]) == ["b"]


def keep_some(file: Path, number: int) -> None:
    for turn in range(5):
        filled(file, [f"{number} of {turn}", "all of them"])


def test_several_programs_that_keep_vectors_at_once_lose_none(tmp_path):
    context = multiprocessing.get_context("fork")
    programs = [context.Process(target=keep_some, args=(tmp_path / "kept", number)) for number in range(6)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)
    assert [program.exitcode for program in programs] == [0] * 6
    texts = [f"{number} of {turn}" for number in range(6) for turn in range(5)]
    assert asked_for(tmp_path / "kept", [*texts, "all of them"]) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "kept.lock"]


def test_progress_is_told_of_what_is_new(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_vectors, "SAY_EVERY", 2)
    filled(tmp_path / "kept", ["a"])
    told: list[str] = []
    KeptVectors(CountingEncoder(), tmp_path / "kept").of(["a", "b", "c", "d", "e", "f"], told.append)
    assert told == ["2 of 5 texts encoded", "4 of 5 texts encoded"]


def test_the_file_is_the_one_that_the_environment_names(monkeypatch):
    monkeypatch.setenv(VECTORS_VARIABLE, "/somewhere/vectors.bin")
    assert vectors_file() == Path("/somewhere/vectors.bin")
    monkeypatch.delenv(VECTORS_VARIABLE)
    assert vectors_file() is None


# The encoder and the training program


def encoder_of_the_bot(folder: Path) -> Encoder:
    setup = read_setup()
    return Encoder(folder, setup["precision"], int(setup["max_tokens"]))


def fixture_examples() -> tuple[list[str], list[str]]:
    examples = read_examples([HERE / "fixture_nlu.yml"])
    return with_names([example.text for example in examples], [example.intent for example in examples])


def test_a_vector_hangs_on_precision_and_length_of_the_text_that_is_read(encoder_dir):
    origins = [
        Encoder(encoder_dir, "int8", 64).origin,
        Encoder(encoder_dir, "fp32", 64).origin,
        Encoder(encoder_dir, "int8", 64).reading(256).origin,
        Encoder(encoder_dir, "int8", 32).origin,
    ]
    assert len(set(origins)) == 4
    assert Encoder(encoder_dir, "int8", 256).origin == origins[2]


def test_a_model_is_the_same_with_kept_vectors_and_without(tmp_path, encoder_dir):
    texts, intents = fixture_examples()
    encoder = encoder_of_the_bot(encoder_dir)
    first = KeptVectors(encoder, tmp_path / "kept")
    plain, made = encoder.encode_all(texts), first.of(texts)
    first.keep()
    read = KeptVectors(encoder, tmp_path / "kept").of(texts)
    assert plain.tobytes() == made.tobytes() == read.tobytes()
    for name, vectors in (("plain", plain), ("read", read)):
        (tmp_path / name).mkdir()
        train(texts, intents, vectors, encoder.fingerprint).save(tmp_path / name)
    for name in ("intents.json", "intents.npz"):
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "read" / name).read_bytes()


def parts_of(model: Path) -> dict[str, bytes]:
    """What the intent classifier has written into a model's file."""
    with tarfile.open(model) as archive:
        return {
            Path(member.name).name: archive.extractfile(member).read()
            for member in archive
            if member.isfile() and "SemanticIntents" in member.name
        }


def test_the_training_program_uses_kept_vectors_and_its_model_is_the_same(tmp_path, encoder_dir, trained_model):
    texts, _ = fixture_examples()
    kept = KeptVectors(encoder_of_the_bot(encoder_dir), tmp_path / "kept")
    kept.of(texts)
    kept.keep()
    before = (tmp_path / "kept").stat().st_mtime_ns
    done = run_module(
        "parley_rasa.train", "--nlu", HERE / "fixture_nlu.yml", "--encoder", encoder_dir, "--out", tmp_path / "out",
        "--vectors", tmp_path / "kept",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "kept").stat().st_mtime_ns == before  # none was lacking
    model = parts_of(Path(done.stdout.strip().splitlines()[-1]))
    assert set(model) == {"intents.json", "intents.npz"}
    assert model == parts_of(trained_model)

"""Training once per fingerprint, by the real program of Rasa's side."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.encryption import read_key_file
from bot.signed_models import model_id_of, sign_model
from server.nlu_programs import run_report
from server.rasa_programs import ProgramFailed, vectors_file
from server.settings import ROOT, Settings
from server.training import (
    MOST_KEPT,
    ModelTrainer,
    TrainingFailed,
    current_model,
    ensure_model,
    fingerprint,
    read_intents,
)

ENCODER = ROOT / "var" / "encoder"
INTENTS = {
    "talk.yml": """version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi there
    - good morning
- intent: ask_pricing
  examples: |
    - what does it cost
    - how much is it
    - the price please
- intent: out_of_scope
  examples: |
    - what is the weather
    - tell me a joke
"""
}

needs_rasa = pytest.mark.skipif(
    not (ENCODER / "meta.json").exists() or not (ROOT / ".venv-rasa").exists(),
    reason="Rasa's environment and the encoder are not set up",
)


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """A data folder of the test's own, with the real encoder."""
    if ENCODER.exists():
        (tmp_path / "encoder").symlink_to(ENCODER)
    return Settings(data_dir=tmp_path)


def ignore(_line: str) -> None:
    """For those who need not know."""


@needs_rasa
async def test_a_model_is_trained_once_and_told_of(here: Settings) -> None:
    told: list[str] = []
    first, second = await asyncio.gather(*(ensure_model(here, INTENTS, told.append) for _ in range(2)))
    assert first == second
    assert first.id == hashlib.sha256(first.path.read_bytes()).hexdigest()
    assert told.count("8 examples of 3 intents; training") == 1
    before = first.path.stat().st_mtime_ns
    trained = await ModelTrainer(here).ensure(INTENTS, told.append)
    assert (trained.id, trained.fingerprint) == (first.id, first.fingerprint)
    assert model_id_of(trained.data) == trained.id
    assert trained.data == sign_model(read_key_file(here.key_file), first.path.read_bytes())
    assert first.path.stat().st_mtime_ns == before
    assert ModelTrainer(here).fingerprint(INTENTS) == first.fingerprint
    assert [path.name for path in here.model_dir.iterdir() if path.is_dir()] == []


@needs_rasa
async def test_what_a_training_encoded_no_report_and_no_other_training_encodes_again(here: Settings) -> None:
    await ensure_model(here, INTENTS, ignore)
    kept = vectors_file(here)
    before = kept.stat().st_mtime_ns
    assert kept.parent == here.data_dir
    await run_report(here, {"talk.en.yml": INTENTS["talk.yml"]}, {}, ignore)
    assert kept.stat().st_mtime_ns == before
    fewer = INTENTS["talk.yml"].replace("    - the price please\n", "")
    await ensure_model(here, {"talk.yml": fewer}, ignore)
    assert kept.stat().st_mtime_ns == before


@needs_rasa
async def test_a_broken_file_of_vectors_hinders_no_training_and_is_replaced(here: Settings) -> None:
    vectors_file(here).write_bytes(b"no vectors")
    model = await ensure_model(here, INTENTS, ignore)
    assert model.path.exists()
    assert vectors_file(here).read_bytes() != b"no vectors"


@needs_rasa
async def test_a_training_that_is_broken_off_ends_and_leaves_no_model(here: Settings) -> None:
    begun = asyncio.Event()
    training = asyncio.create_task(ensure_model(here, INTENTS, lambda _line: begun.set()))
    await asyncio.wait_for(begun.wait(), 60)
    assert trainings()
    training.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await training
    assert training.cancelled()
    assert trainings() == []
    assert list(here.model_dir.glob("*.tar.gz")) == []
    assert list(here.model_dir.glob(".training-*")) == []


def trainings() -> list[int]:
    """Training programs that this process has started."""
    return [
        child.pid
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "parley_rasa.train" in child.cmdline()
    ]


@needs_rasa
async def test_examples_that_are_none_fail_with_what_rasa_said_and_leave_no_model(here: Settings) -> None:
    with pytest.raises(TrainingFailed, match="no examples"):
        await ensure_model(here, {"empty.yml": 'version: "3.1"\nnlu: []\n'}, ignore)
    assert list(here.model_dir.glob("*.tar.gz")) == []


@pytest.mark.parametrize("name", ["../evil.yml", "a/b.yml", "", "x.py", ".hidden.yml", "a\n.yml"])
async def test_only_files_of_examples_are_written(here: Settings, name: str) -> None:
    with pytest.raises(TrainingFailed, match="Not a file of examples"):
        await ensure_model(here, {name: "x"}, ignore)


async def test_nothing_to_train_on_is_said(here: Settings) -> None:
    with pytest.raises(TrainingFailed, match="no examples"):
        await ensure_model(here, {}, ignore)


def test_without_an_encoder_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="make setup"):
        fingerprint(INTENTS, tmp_path)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    (folder / "meta.json").write_text('{"weights_sha256": "5a", "format": 3}')
    return folder


texts = st.dictionaries(st.text(max_size=5), st.text(max_size=10), max_size=3)


@settings(max_examples=50, deadline=None)
@given(texts, texts)
def test_different_examples_have_different_fingerprints_and_equal_ones_the_same(
    encoder: Path, first: dict[str, str], second: dict[str, str]
) -> None:
    assert (fingerprint(first, encoder) == fingerprint(second, encoder)) == (first == second)
    assert fingerprint(dict(reversed(first.items())), encoder) == fingerprint(first, encoder)


def test_another_encoder_makes_another_fingerprint(encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text('{"weights_sha256": "6b", "format": 3}')
    assert fingerprint(INTENTS, tmp_path) != fingerprint(INTENTS, encoder)


def test_the_content_folder_has_a_model_of_its_own(here: Settings, encoder: Path) -> None:
    intents = read_intents(here)
    assert "out_of_scope.en.yml" in intents
    settings = here.model_copy(update={"data_dir": encoder.parent})
    if encoder.name != "encoder":
        (encoder.parent / "encoder").symlink_to(encoder)
    assert current_model(settings).name == f"{fingerprint(intents, encoder)}.tar.gz"


@needs_rasa
async def test_old_models_make_room_for_new_ones(here: Settings) -> None:
    here.model_dir.mkdir()
    for number in range(MOST_KEPT + 2):
        (here.model_dir / f"old{number}.tar.gz").write_bytes(b"old")
    model = await ensure_model(here, INTENTS, ignore)
    kept = list(here.model_dir.glob("*.tar.gz"))
    assert len(kept) == MOST_KEPT
    assert model.path in kept


def test_another_precision_makes_another_fingerprint(encoder: Path) -> None:
    assert fingerprint(INTENTS, encoder, "fp32") != fingerprint(INTENTS, encoder)

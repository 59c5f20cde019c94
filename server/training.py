"""Has Rasa's side train a model of intents' examples, once per fingerprint. Knows no flows: no model holds any."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from base.encryption import create_key_file, read_key_file
from bot.publishing.ports import TrainedModel
from bot.signed_models import sign_model
from flows.content_tree import read_tree
from flows.intent_examples import training_files
from server.rasa_programs import (
    ProgramFailed,
    Say,
    alone,
    code_of,
    encoder_id,
    find_wrong_name,
    hash_parts,
    run_program,
    vectors_file,
    write_examples,
)
from server.settings import Settings

MOST_KEPT = 5
"""Model files kept in the data folder; published ones are in the database besides."""

_PROGRAMS = (
    "config.yml",
    "stories.yml",
    "requirements.lock",
    *(
        f"parley_rasa/{name}"
        for name in ("understanding/*.py", "semantic_intents.py", "value_extractor.py", "train.py")
    ),
)
_WITHIN = timedelta(hours=1)


class TrainingFailed(ProgramFailed):
    """The dialogue model could not be trained."""

    code = "training_failed"
    status = 500


@dataclass(frozen=True)
class ModelFile:
    """A trained model in the data folder: `id` is the SHA-256 of the file at `path`."""

    id: str
    fingerprint: str
    path: Path


class ModelTrainer:
    """What publishing needs: `bot.publishing.ports.Trainer`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def fingerprint(self, intents: Mapping[str, str]) -> str:
        return fingerprint(intents, self._settings.encoder_dir, self._settings.encoder_precision)

    async def ensure(self, intents: Mapping[str, str], say: Say) -> TrainedModel:
        model = await ensure_model(self._settings, intents, say)
        return TrainedModel(model.id, model.fingerprint, await asyncio.to_thread(signed, self._settings, model))


def signed(settings: Settings, model: ModelFile) -> bytes:
    """The model as dialogue processes take it.

    Raises:
        KeyProblem: the key file cannot be read.
    """
    create_key_file(settings.key_file)
    return sign_model(read_key_file(settings.key_file), model.path.read_bytes())


def fingerprint(intents: Mapping[str, str], encoder: Path, precision: str = "int8") -> str:
    """Hash everything that a model is made from: examples, encoder, configuration and the programs that train it.

    Args:
        intents: text of each file of examples, by file name.
        encoder: folder of the exported encoder.
        precision: what it is run in, `int8` or `fp32`.

    Raises:
        ProgramFailed: there is no encoder.
    """
    return hash_parts([*sorted(intents.items()), ("encoder", encoder_id(encoder, precision)), *code_of(_PROGRAMS)])


async def ensure_model(settings: Settings, intents: Mapping[str, str], say: Say) -> ModelFile:
    """The model of these examples; trained only when the data folder has none. Cancelled, it stops the training.

    Args:
        intents: text of each file of examples in Rasa's NLU format, by file name.
        say: told what is being done, a line at a time.

    Raises:
        TrainingFailed: a name is none of a file of examples, or Rasa's side refused; with the end of its output.
    """
    if not intents:
        raise TrainingFailed("There are no examples to train on.")
    if (wrong := find_wrong_name(intents)) is not None:
        raise TrainingFailed(f"Not a file of examples: {wrong}.")
    mark = fingerprint(intents, settings.encoder_dir, settings.encoder_precision)
    path = _path_of(settings, mark)
    if not path.exists():
        settings.model_dir.mkdir(parents=True, exist_ok=True)
        async with alone(settings.model_dir / f".{mark}.lock", say):
            if not path.exists():  # another process may have trained it while this one waited
                await _train(settings, intents, path, say)
                _forget_old(settings.model_dir, path)
    return ModelFile(hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest(), mark, path)


def read_intents(settings: Settings) -> dict[str, str]:
    """The examples that the content folders hold, flows' own too, by file.

    Raises:
        NotContent: part of the folders cannot be content.
    """
    return training_files(read_tree(settings.content_dir, settings.nlu_dir))


def current_model(settings: Settings) -> Path:
    """Where the model of the content folder's examples is, or will be once it is trained."""
    mark = fingerprint(read_intents(settings), settings.encoder_dir, settings.encoder_precision)
    return _path_of(settings, mark)


def train(settings: Settings, say: Say = print) -> Path:
    """`ensure_model` of the content folder's examples, for commands that run no loop."""
    return asyncio.run(ensure_model(settings, read_intents(settings), say)).path


def _path_of(settings: Settings, mark: str) -> Path:
    return settings.model_dir / f"{mark}.tar.gz"


async def _train(settings: Settings, intents: Mapping[str, str], path: Path, say: Say) -> None:
    with tempfile.TemporaryDirectory(dir=settings.model_dir, prefix=".training-") as work:
        examples, out = Path(work) / "intents", Path(work) / "out"
        write_examples(examples, intents)
        arguments = [
            "--nlu", str(examples), "--encoder", str(settings.encoder_dir.absolute()), "--out", str(out),
            "--vectors", str(vectors_file(settings)),
        ]  # fmt: skip
        try:
            await run_program(settings, "parley_rasa.train", arguments, say, within=_WITHIN)
        except ProgramFailed as failed:
            lines = ["Training failed:", *failed.output, failed.message]
            raise TrainingFailed("\n".join(lines), output=failed.output) from failed
        models = list(out.glob("*.tar.gz"))
        if len(models) != 1:
            raise TrainingFailed("Training ended well, but left no model.")
        with models[0].open("rb") as file:
            os.fsync(file.fileno())
        models[0].replace(path)


def _forget_old(folder: Path, newest: Path) -> None:
    """Keeps the latest few: each is some megabytes, and one that is needed again can be trained again."""
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in models[MOST_KEPT:]:
        if path != newest:
            path.unlink(missing_ok=True)
            (folder / f".{path.name.removesuffix('.tar.gz')}.lock").unlink(missing_ok=True)

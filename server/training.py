"""Has Rasa's side train a model of intents' examples, once per fingerprint. Knows no flows: no model holds any."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from base.errors import ParleyError
from bot.publishing.ports import TrainedModel
from server.settings import ROOT, Settings

Say = Callable[[str], None]

MOST_KEPT = 5
"""Model files kept in the data folder; published ones are in the database besides."""

_RASA = ROOT / "bot" / "rasa"
_SOURCES = ("config.yml", "stories.yml", "requirements.lock")
_CODE = ("understanding/*.py", "semantic_intents.py", "value_extractor.py", "train.py")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.ya?ml")
_LOCK_EVERY = 0.2
"""Seconds between looks whether another process has finished training."""
_STOP_WITHIN = 10.0
"""Seconds a training that is broken off gets to end by itself."""
_TAIL = 20
"""Lines of output quoted when training fails."""
_LONGEST_LINE = 2**20


class TrainingFailed(ParleyError):
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
        return fingerprint(intents, self._settings.encoder_dir)

    async def ensure(self, intents: Mapping[str, str], say: Say) -> TrainedModel:
        model = await ensure_model(self._settings, intents, say)
        return TrainedModel(model.id, model.fingerprint, await asyncio.to_thread(model.path.read_bytes))


def fingerprint(intents: Mapping[str, str], encoder: Path) -> str:
    """Hash everything that a model is made from: examples, encoder, configuration and the programs that train it.

    Args:
        intents: text of each file of examples, by file name.
        encoder: folder of the exported encoder.

    Raises:
        TrainingFailed: there is no encoder.
    """
    digest = hashlib.sha256()
    parts = [*sorted(intents.items()), ("encoder", _encoder_id(encoder)), *_programs()]
    for name, text in parts:
        for part in (name, text):
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


async def ensure_model(settings: Settings, intents: Mapping[str, str], say: Say) -> ModelFile:
    """The model of these examples; trained only when the data folder has none. Cancelled, it stops the training.

    Args:
        intents: text of each file of examples in Rasa's NLU format, by file name.
        say: told what is being done, a line at a time.

    Raises:
        TrainingFailed: a name is none of a file of examples, or Rasa's side refused; with the end of its output.
    """
    wrong = [name for name in intents if not _FILE_NAME.fullmatch(name)]
    if wrong or not intents:
        raise TrainingFailed(f"Not a file of examples: {wrong[0]}." if wrong else "There are no examples to train on.")
    mark = fingerprint(intents, settings.encoder_dir)
    path = _path_of(settings, mark)
    if not path.exists():
        settings.model_dir.mkdir(parents=True, exist_ok=True)
        async with _alone(settings.model_dir / f".{mark}.lock"):
            if not path.exists():  # another process may have trained it while this one waited
                await _train(settings, intents, path, say)
                _forget_old(settings.model_dir, path)
    return ModelFile(hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest(), mark, path)


def read_intents(nlu_dir: Path) -> dict[str, str]:
    """The files of examples in the content folder, by name."""
    return {path.name: path.read_text("utf-8") for path in sorted((nlu_dir / "intents").glob("*.yml"))}


def current_model(settings: Settings) -> Path:
    """Where the model of the content folder's examples is, or will be once it is trained."""
    return _path_of(settings, fingerprint(read_intents(settings.nlu_dir), settings.encoder_dir))


def train(settings: Settings, say: Say = print) -> Path:
    """`ensure_model` of the content folder's examples, for commands that run no loop."""
    return asyncio.run(ensure_model(settings, read_intents(settings.nlu_dir), say)).path


def _path_of(settings: Settings, mark: str) -> Path:
    return settings.model_dir / f"{mark}.tar.gz"


def _encoder_id(folder: Path) -> str:
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        return f"{meta['weights_sha256']}/{meta['format']}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingFailed(f"No sentence encoder in {folder}: run make setup.") from error


def _programs() -> Iterator[tuple[str, str]]:
    code = [path for pattern in _CODE for path in sorted((_RASA / "parley_rasa").glob(pattern))]
    for path in [*(_RASA / name for name in _SOURCES), *code]:
        yield path.relative_to(_RASA).as_posix(), path.read_text("utf-8")


@contextlib.asynccontextmanager
async def _alone(path: Path) -> AsyncIterator[None]:
    """Keeps other processes from training the same at the same time."""
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOCK_EVERY)
        yield


async def _train(settings: Settings, intents: Mapping[str, str], path: Path, say: Say) -> None:
    with tempfile.TemporaryDirectory(dir=settings.model_dir, prefix=".training-") as work:
        examples, out = Path(work) / "intents", Path(work) / "out"
        examples.mkdir()
        for name, text in intents.items():
            (examples / name).write_text(text, "utf-8")
        command = [
            str(ROOT / ".venv-rasa" / "bin" / "python"), "-m", "parley_rasa.train",
            "--nlu", str(examples), "--encoder", str(settings.encoder_dir.absolute()), "--out", str(out),
        ]  # fmt: skip
        code, tail = await _run(command, _environment(settings), say)
        models = list(out.glob("*.tar.gz"))
        if code != 0 or len(models) != 1:
            raise TrainingFailed("Training failed:\n" + "\n".join(tail))
        with models[0].open("rb") as file:
            os.fsync(file.fileno())
        models[0].replace(path)


async def _run(command: list[str], env: Mapping[str, str], say: Say) -> tuple[int, list[str]]:
    """Runs a program to its end, telling each line; gives its status and the last lines."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=_RASA,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=_LONGEST_LINE,
    )
    assert process.stdout is not None
    tail: deque[str] = deque(maxlen=_TAIL)
    try:
        async for line in process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            tail.append(text)
            if text.startswith("train: "):
                say(text.removeprefix("train: "))
        return await process.wait(), list(tail)
    finally:
        if process.returncode is None:
            await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_WITHIN)
    except TimeoutError:
        process.kill()
        await process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """Rasa's side gets nothing of ours: no database address, no secret."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(settings.data_dir),
        "LANG": "C.UTF-8",
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _forget_old(folder: Path, newest: Path) -> None:
    """Keeps the latest few: each is some megabytes, and one that is needed again can be trained again."""
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in models[MOST_KEPT:]:
        if path != newest:
            path.unlink(missing_ok=True)
            (folder / f".{path.name.removesuffix('.tar.gz')}.lock").unlink(missing_ok=True)

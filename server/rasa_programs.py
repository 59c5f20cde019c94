"""Runs programs of Rasa's side under its interpreter (protocols.md §5). They get files and nothing of ours besides."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from base.errors import ParleyError
from server.settings import ROOT, Settings

Say = Callable[[str], None]

RASA = ROOT / "bot" / "rasa"
_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
_TOLD = ("train: ", "progress: ")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.ya?ml")
_ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LOCK_EVERY = 0.2
"""Seconds between looks whether another process has finished."""
_STOP_WITHIN = 10.0
"""Seconds a program that is broken off gets to end by itself."""
_TAIL = 20
"""Lines of output that are kept."""
_LONGEST_LINE = 2**20


class ProgramFailed(ParleyError):
    """A program of Rasa's side could not do its work."""

    code = "program_failed"
    status = 500

    def __init__(self, message: str | None = None, *, output: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.output = list(output)
        """The last lines that it wrote."""


async def run_program(
    settings: Settings, module: str, arguments: Sequence[str], say: Say, *, within: timedelta, one_core: bool = False
) -> None:
    """Runs a program to its end and tells its progress. Cancelled, it ends the program.

    Args:
        module: such as `parley_rasa.train`.
        say: told what is being done, a line at a time.
        within: how long it may take.
        one_core: leave the other cores to those who are talking.

    Raises:
        ProgramFailed: it refused, took too long or is not set up; with the end of its output.
    """
    if not _PYTHON.exists():
        raise ProgramFailed("Rasa's side is not set up: run make setup.")
    process = await asyncio.create_subprocess_exec(
        str(_PYTHON), "-m", module, *arguments,
        cwd=RASA, env={**_environment(settings), **(_ONE_CORE if one_core else {})},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        limit=_LONGEST_LINE,
    )  # fmt: skip
    tail: deque[str] = deque(maxlen=_TAIL)
    try:
        async with asyncio.timeout(within.total_seconds()):
            async for line in _lines(process):
                tail.append(line)
                told = next((line.removeprefix(mark) for mark in _TOLD if line.startswith(mark)), None)
                if told is not None:
                    say(told)
            code = await process.wait()
    except TimeoutError as error:
        raise ProgramFailed(f"{module} took longer than {within} and was ended.", output=list(tail)) from error
    finally:
        if process.returncode is None:
            await _stop(process)
    if code != 0:
        raise ProgramFailed(f"{module} ended with code {code}.", output=list(tail))


def write_examples(folder: Path, files: Mapping[str, str]) -> None:
    """Makes a folder of examples; the names must be good ones (`find_wrong_name`)."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def find_wrong_name(files: Iterable[str]) -> str | None:
    """The first name that is none of a file of examples."""
    return next((name for name in files if not _FILE_NAME.fullmatch(name)), None)


def vectors_file(settings: Settings) -> Path:
    """Where programs keep vectors of texts for each other. It may be deleted at any time."""
    return settings.data_dir.absolute() / "vectors.bin"


def hash_parts(parts: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of pairs, in which no two lists of pairs run together."""
    digest = hashlib.sha256()
    for pair in parts:
        for part in pair:
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def encoder_id(folder: Path, precision: str = "int8") -> str:
    """Names the sentence encoder in a folder, as it is run.

    Raises:
        ProgramFailed: there is none.
    """
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        return f"{meta['weights_sha256']}/{meta['format']}/{precision}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProgramFailed(f"No sentence encoder in {folder}: run make setup.") from error


def code_of(patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names and texts of files of Rasa's side, for what depends on them."""
    for path in (path for pattern in patterns for path in sorted(RASA.glob(pattern))):
        yield path.relative_to(RASA).as_posix(), path.read_text("utf-8")


@contextlib.asynccontextmanager
async def alone(path: Path, say: Say) -> AsyncIterator[None]:
    """Keeps other processes from doing the same at the same time.

    Args:
        path: of the file by which they know.
        say: told when there is one to wait for.
    """
    waits = False
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waits:
                    say("waiting for another process that is at work")
                waits = True
                await asyncio.sleep(_LOCK_EVERY)
        yield


async def _lines(process: asyncio.subprocess.Process) -> AsyncIterator[str]:
    assert process.stdout is not None
    while True:
        try:
            line = await process.stdout.readline()
        except ValueError:  # longer than the limit; what came of it is dropped
            continue
        if not line:
            return
        yield line.decode("utf-8", "replace").rstrip()


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
        "PARLEY_ENCODER_PRECISION": settings.encoder_precision,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }

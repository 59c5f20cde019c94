"""Shows what set-up is doing and remembers what is done. Standard library only."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / "var" / "setup"
_AT_ONCE = 2
"""Steps that are done at once. Each keeps one processor busy, and the smallest machines have two."""


class SetupStopped(Exception):
    """Set-up cannot go on: says what is missing and the one command that gets it."""


@dataclass(frozen=True)
class Step:
    """One thing to do, done again only when an input or its result changed."""

    name: str
    title: str
    inputs: tuple[Path, ...]
    """Files and folders whose content decides whether the step is up to date."""
    results: tuple[Path, ...]
    """What must exist for the step to count as done."""
    work: Callable[[Log], None]
    extra: str = ""
    """Anything else the step depends on, such as an interpreter's version."""
    after: tuple[str, ...] | None = None
    """Names of the steps that must be done before, where they are in the list; None: all that stand before it."""

    def fingerprint(self) -> str:
        """A hash over the inputs."""
        digest = hashlib.sha256(self.extra.encode())
        for path in _files(self.inputs):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


class Log:
    """Where a step's commands write; its end is shown when one fails."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, command: Sequence[str | Path], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
        """Runs a command, its output into the log.

        Raises:
            SetupStopped: with the end of the output.
        """
        with self.path.open("a") as out:
            out.write(f"$ {' '.join(str(part) for part in command)}\n")
            out.flush()
            done = subprocess.run(
                [str(part) for part in command],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode != 0:
            tail = "\n".join(self.path.read_text(errors="replace").splitlines()[-25:])
            raise SetupStopped(f"{tail}\n\n{Path(str(command[0])).name} failed; the whole output is in {self.path}.")


def run_steps(steps: Sequence[Step]) -> None:
    """Does every step that is not done yet, one line each; some at once where they need nothing of each other.

    Raises:
        SetupStopped: a step failed. No further one was begun; what was under way beside it has ended.
    """
    STATE.mkdir(parents=True, exist_ok=True)
    waiting = list(range(len(steps)))
    running: dict[Future[None], int] = {}
    done: set[str] = set()
    with _Shown() as shown, ThreadPoolExecutor(_AT_ONCE) as lanes:
        while waiting or running:
            ready = [place for place in waiting if _needs(steps, place) <= done]
            for place in ready[: _AT_ONCE - len(running)]:
                waiting.remove(place)
                label = f"[{place + 1}/{len(steps)}] {steps[place].title}"
                running[lanes.submit(_run_step, steps[place], label, shown)] = place
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                place = running.pop(future)
                future.result()
                done.add(steps[place].name)


def _needs(steps: Sequence[Step], place: int) -> set[str]:
    """The names of the steps that must be done before one."""
    after = steps[place].after
    return {step.name for step in steps[:place] if after is None or step.name in after}


def _run_step(step: Step, label: str, shown: _Shown) -> None:
    stamp = STATE / f"{step.name}.done"
    wanted = step.fingerprint()
    if stamp.exists() and stamp.read_text() == wanted and all(path.exists() for path in step.results):
        shown.say(f"{label}: already done")
        return
    stamp.unlink(missing_ok=True)
    log = Log(STATE / f"{step.name}.log")
    log.path.write_text("")
    started = time.monotonic()
    with shown.running(label):
        step.work(log)
    stamp.write_text(step.fingerprint())
    shown.say(f"{label}: done in {time.monotonic() - started:.0f} s")


class _Shown:
    """Shows the seconds going by on a terminal; a line when a step begins and one when it is done otherwise."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._running: dict[str, float] = {}
        self._writing = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if self._is_terminal:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._is_terminal:
            self._thread.join()
            self._write("")

    @contextmanager
    def running(self, label: str) -> Iterator[None]:
        """Shows a step as being done."""
        with self._writing:
            self._running[label] = time.monotonic()
        if not self._is_terminal:
            self.say(f"{label} …")
        try:
            yield
        finally:
            with self._writing:
                del self._running[label]

    def say(self, line: str) -> None:
        """Prints a line that stays."""
        with self._writing:
            self._write(f"{line}\n")

    def _tick(self) -> None:
        while not self._over.wait(0.5):
            with self._writing:
                now = time.monotonic()
                told = ", ".join(f"{label} … {now - since:.0f} s" for label, since in self._running.items())
                # A line that is broken at the edge could not be written over.
                self._write(told[: shutil.get_terminal_size().columns - 1])

    def _write(self, text: str) -> None:
        start = "\r\x1b[K" if self._is_terminal else ""
        sys.stdout.write(f"{start}{text}")
        sys.stdout.flush()


def _files(paths: Iterable[Path]) -> list[Path]:
    """Every file under the paths, in a fixed order, without what builds leave behind."""
    skipped = {"node_modules", "dist", "__pycache__"}
    found: list[Path] = []
    for path in paths:
        if path.is_file():
            found.append(path)
        else:
            found += [
                file
                for file in path.rglob("*")
                if file.is_file() and not skipped & set(file.relative_to(path).parts) and file.suffix != ".tsbuildinfo"
            ]
    return sorted(found)

"""Shows what set-up is doing and remembers what is done. Standard library only."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / "var" / "setup"


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
    """Does every step that is not done yet, one line each."""
    STATE.mkdir(parents=True, exist_ok=True)
    for number, step in enumerate(steps, 1):
        label = f"[{number}/{len(steps)}] {step.title}"
        stamp = STATE / f"{step.name}.done"
        wanted = step.fingerprint()
        if stamp.exists() and stamp.read_text() == wanted and all(path.exists() for path in step.results):
            print(f"{label}: already done", flush=True)
            continue
        stamp.unlink(missing_ok=True)
        log = Log(STATE / f"{step.name}.log")
        log.path.write_text("")
        started = time.monotonic()
        with _Ticking(label):
            step.work(log)
        stamp.write_text(step.fingerprint())
        print(f"{label}: done in {time.monotonic() - started:.0f} s", flush=True)


class _Ticking:
    """Shows the seconds going by on a terminal; one line otherwise."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> None:
        if sys.stdout.isatty():
            self._thread.start()
        else:
            print(f"{self._label} …", flush=True)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
            sys.stdout.write("\r\x1b[K")

    def _tick(self) -> None:
        started = time.monotonic()
        while not self._over.wait(0.5):
            sys.stdout.write(f"\r\x1b[K{self._label} … {time.monotonic() - started:.0f} s")
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

"""Finds what set-up needs on this machine: a Python for Rasa, Node, a browser. Standard library only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from server.setup.progress import SetupStopped

NODE_AT_LEAST = 20
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
"""The same engine; the first is without the browser's own windows, which take more than most pages do."""


def find_rasa_python() -> Path:
    """A Python 3.10 that really runs: Rasa 3.6.21 and the encoder's runtime meet only there.

    Raises:
        SetupStopped: there is none; says how to get one.
    """
    for candidate in _rasa_candidates():
        if _version(candidate, "--version").startswith("3.10."):
            return candidate
    raise SetupStopped(
        "Rasa 3.6 needs Python 3.10 and there is none here. Get one with `uv python install 3.10` or "
        "`pyenv install 3.10`, or name one: PARLEY_RASA_PYTHON=/path/to/python3.10 make run"
    )


def _rasa_candidates() -> Iterator[Path]:
    named = os.environ.get("PARLEY_RASA_PYTHON")
    if named:
        if not _version(Path(named), "--version").startswith("3.10."):
            raise SetupStopped(f"PARLEY_RASA_PYTHON is {named}, which is not a Python 3.10 that runs.")
        yield Path(named)
    on_path = shutil.which("python3.10")
    if on_path:
        yield Path(on_path)
    if shutil.which("uv"):
        found = _output(["uv", "python", "find", "3.10"])
        if found:
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(pyenv.glob("3.10.*/bin/python3.10"), reverse=True)


def find_node() -> Path | None:
    """A Node of version 20 or newer on PATH, with its npm beside it."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    major = _version(Path(node), "--version").split(".")[0]
    return Path(node) if major.isdigit() and int(major) >= NODE_AT_LEAST else None


def find_browser() -> Path | None:
    """A Chromium (or Chrome) for the browser tests."""
    named = os.environ.get("PARLEY_TEST_BROWSER")
    names = (named,) if named else BROWSERS
    return next((Path(found) for name in names if (found := shutil.which(name))), None)


def has_package(name: str) -> bool:
    """Whether APT knows a package."""
    return bool(_output(["apt-cache", "show", name]))


def find_broker() -> Path | None:
    """A Mosquitto for the tests of MQTT. Debian puts it where only root's programs are looked for."""
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    return Path(found) if found else None


def _version(program: Path, flag: str) -> str:
    """The digits in what a program says of its version; empty when it does not run (a pyenv shim, say)."""
    found = re.search(r"(\d+\.\d+\.\d+)", _output([str(program), flag]))
    return found.group(1) if found else ""


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

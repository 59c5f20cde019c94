"""Tells commands where a running `parley up` is: its database, its dialogue processes, their secret.

The note lies in the data folder, for its owner only, and goes away with `parley up`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from pydantic import SecretStr

from server.settings import Settings

_NAME = "running.json"
_SHARED = ("database_url", "rasa_urls", "rasa_secret")


@contextmanager
def announced(settings: Settings) -> Iterator[None]:
    """Keeps the note for as long as the block runs."""
    path = settings.data_dir / _NAME
    found = {name: _plain(getattr(settings, name)) for name in _SHARED}
    note = {"pid": os.getpid(), "started": psutil.Process().create_time(), **found}
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(note, file)
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def with_running(settings: Settings) -> Settings:
    """The settings, completed by what a running `parley up` on the same data folder found out.

    What is set stands. Without one that runs they come back as they were.
    """
    note = _read(settings.data_dir / _NAME)
    if note is None:
        return settings
    missing = {name: note[name] for name in _SHARED if note.get(name) and not getattr(settings, name)}
    secrets = {name: SecretStr(value) for name, value in missing.items() if name != "rasa_urls"}
    return settings.model_copy(update=missing | secrets)


def _read(path: Path) -> dict[str, str] | None:
    try:
        note = json.loads(path.read_text())
        process = psutil.Process(int(note["pid"]))
        # Another process may have the number by now.
        return note if abs(process.create_time() - float(note["started"])) < 1 else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None


def _plain(value: SecretStr | str | None) -> str | None:
    return value.get_secret_value() if isinstance(value, SecretStr) else value

"""What the platform says around a talk with a person, in the talk's language or else in English. Pure."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("words.yml")


def words_of(language: str) -> dict[str, Any]:
    """The words in this language."""
    every = _read()
    return every.get(language.partition("-")[0].lower()) or every["en"]


@lru_cache(maxsize=1)
def _read() -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return read

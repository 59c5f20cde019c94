"""Sentences in several languages from a YAML file: language, name, sentence. Holds none itself and chooses nobody's
language.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FALLBACK = "en"


@cache
def read_sentences(file: Path) -> Mapping[str, Mapping[str, Any]]:
    """All sentences of a file, by language and name."""
    return dict(yaml.safe_load(file.read_text("utf-8")))


def list_languages(file: Path) -> list[str]:
    """The languages a file has sentences in."""
    return sorted(read_sentences(file))


class Sentences:
    """The sentences of one language; English where there are none."""

    def __init__(self, file: Path, language: str) -> None:
        known = read_sentences(file)
        self._sentences = known.get(language.partition("-")[0].lower(), known[FALLBACK])

    def say(self, name: str, **values: object) -> str:
        """The sentence of this name, filled in."""
        sentence: str = self._sentences[name]
        return sentence.format_map(values)

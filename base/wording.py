"""Sentences in several languages from a YAML file: language, name, sentence. Holds none itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FALLBACK = "en"
SPOKEN = ("en", "es", "fr", "de")
"""Languages that colleagues are spoken to in."""


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

    def say(self, sentence_name: str, /, **values: object) -> str:
        """The sentence of this name, filled in."""
        sentence: str = self._sentences[sentence_name]
        return sentence.format_map(values)


def accepted_languages(accepted: str) -> list[str]:
    """The languages of a header Accept-Language without their regions, the one that is liked best first."""
    weighed: Mapping[str, float] = {}
    for part in accepted[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().partition("-")[0].lower()
        weighed = {primary: _weight(parameters), **weighed}
    return [language for language, weight in sorted(weighed.items(), key=_heaviest_first) if weight > 0]


def _heaviest_first(entry: tuple[str, Any]) -> float:
    return -float(entry[1])


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0

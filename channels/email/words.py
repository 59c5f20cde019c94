"""What the channel itself writes into a mail, in the language of the talk. Wording only."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

_WORDS = Path(__file__).with_name("words.yml")
_FALLBACK = "en"


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return dict(yaml.safe_load(_WORDS.read_text("utf-8")))


def list_languages() -> list[str]:
    """The languages there are words for."""
    return sorted(_sentences())


class Words:
    """The sentences of one language; English where there are none."""

    def __init__(self, language: str) -> None:
        known = _sentences()
        self._sentences = known.get(language.partition("-")[0].lower(), known[_FALLBACK])

    def say(self, name: str, **values: object) -> str:
        """The sentence of this name, filled in."""
        return self._sentences[name].format_map(values)

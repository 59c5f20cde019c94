"""What the channel itself says on the phone, and the spoken words that it reads by itself. Wording only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_WORDS = Path(__file__).with_name("words.yml")
_FALLBACK = "en"
_PLACES = {
    "en": {"GB": "en-GB", "IE": "en-GB", "AU": "en-AU", "NZ": "en-AU", "IN": "en-IN"},
    "es": {"ES": "es-ES", "MX": "es-MX", "US": "es-US"},
    "fr": {"CA": "fr-CA"},
    "pt": {"BR": "pt-BR"},
}
_USUAL = {"en": "en-US", "es": "es-ES", "fr": "fr-FR", "de": "de-DE", "it": "it-IT", "pt": "pt-PT", "nl": "nl-NL",
          "pl": "pl-PL"}  # fmt: skip


@cache
def _sentences() -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(_WORDS.read_text("utf-8")))


def list_languages() -> list[str]:
    """The languages there are words for."""
    return sorted(_sentences())


def spoken_language(language: str, region: str) -> str:
    """A language as a telephone speaks and hears it where our number is: `en` in Great Britain is `en-GB`."""
    plain = language.partition("-")[0].lower()
    return _PLACES.get(plain, {}).get(region) or _USUAL.get(plain, _USUAL[_FALLBACK])


class Words:
    """The sentences of one language; English where there are none."""

    def __init__(self, language: str) -> None:
        known = _sentences()
        self._sentences = known.get(language.partition("-")[0].lower(), known[_FALLBACK])

    def say(self, name: str, **values: object) -> str:
        """The sentence of this name, filled in."""
        sentence: str = self._sentences[name]
        return sentence.format_map(values)

    def listed(self, name: str) -> tuple[str, ...]:
        """The words of this name."""
        return tuple(self._sentences[name])


def read_out(number: str) -> str:
    """A telephone number, digit by digit: a voice would read it as millions."""
    return " ".join(number.removeprefix("+"))

"""What the channel itself says on the phone, and the spoken words that it reads by itself. Wording only."""

from __future__ import annotations

from pathlib import Path

from base import wording

_FILE = Path(__file__).with_name("words.yml")
_PLACES = {
    "en": {"GB": "en-GB", "IE": "en-GB", "AU": "en-AU", "NZ": "en-AU", "IN": "en-IN"},
    "es": {"ES": "es-ES", "MX": "es-MX", "US": "es-US"},
    "fr": {"CA": "fr-CA"},
    "pt": {"BR": "pt-BR"},
}
_USUAL = {"en": "en-US", "es": "es-ES", "fr": "fr-FR", "de": "de-DE", "it": "it-IT", "pt": "pt-PT", "nl": "nl-NL",
          "pl": "pl-PL"}  # fmt: skip


def spoken_language(language: str, region: str) -> str:
    """A language as a telephone speaks and hears it where our number is: `en` in Great Britain is `en-GB`."""
    plain = language.partition("-")[0].lower()
    return _PLACES.get(plain, {}).get(region) or _USUAL.get(plain, _USUAL[wording.FALLBACK])


class Words(wording.Sentences):
    """The sentences of one language; English where there are none."""

    def __init__(self, language: str) -> None:
        super().__init__(_FILE, language)

    def listed(self, name: str) -> tuple[str, ...]:
        """The words of this name."""
        return tuple(self._sentences[name])


def read_out(number: str) -> str:
    """A telephone number, digit by digit: a voice would read it as millions."""
    return " ".join(number.removeprefix("+"))

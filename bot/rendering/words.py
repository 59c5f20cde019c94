"""The few sentences the platform adds to a message where a channel cannot show a part of it. Wording only."""

from __future__ import annotations

from pathlib import Path

from base import wording

_FILE = Path(__file__).with_name("words.yml")


def list_languages() -> list[str]:
    """The languages there are words for."""
    return wording.list_languages(_FILE)


class Words(wording.Sentences):
    """The sentences of one language; English where there are none."""

    def __init__(self, language: str) -> None:
        super().__init__(_FILE, language)

    def either(self, options: list[str]) -> str:
        """Lists options: `1, 2 or 3`."""
        *others, last = options
        return f"{', '.join(others)} {self._sentences['or']} {last}" if others else last

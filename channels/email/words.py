"""What the channel itself writes into a mail, in the language of the talk. Wording only."""

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

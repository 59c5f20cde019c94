"""The pages' sentences in the languages there are, and which of them somebody reads. Wording only."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from base.wording import accepted_languages

_FOLDER = Path(__file__).resolve().parent
FALLBACK = "en"


@cache
def read_words() -> dict[str, dict[str, str]]:
    """All sentences, by language and name."""
    return dict(yaml.safe_load((_FOLDER / "words.yml").read_text("utf-8")))


@cache
def read_letters() -> dict[str, dict[str, dict[str, str]]]:
    """Subject and text of mails, by language and kind of request."""
    return dict(yaml.safe_load((_FOLDER / "letters.yml").read_text("utf-8")))


class Words:
    """The sentences of one language, filled in with the company's name."""

    def __init__(self, language: str, sender: str) -> None:
        self.language = language if language in read_words() else FALLBACK
        self.sender = sender

    def say(self, name: str) -> str:
        """The sentence of this name."""
        return read_words()[self.language][name].replace("{sender}", self.sender)

    def knows(self, name: str) -> bool:
        return name in read_words()[self.language]


def choose_language(asked: str | None, accepted: str, known: str | None = None) -> str:
    """The language of a page: the one a link asks for, else the first the browser accepts, else the contact's.

    Args:
        asked: `lang` of the address.
        accepted: the header Accept-Language.
    """
    languages = read_words().keys()
    if asked in languages:
        return asked or FALLBACK
    for language in (*accepted_languages(accepted), (known or "").partition("-")[0].lower()):
        if language in languages:
            return language
    return FALLBACK

"""The words of each language, and which of them a text may be in."""

from __future__ import annotations

from functools import lru_cache

from parley_rasa.talk_words import de, en, es, fr
from parley_rasa.talk_words.shape import TalkWords

TALK: dict[str, TalkWords] = {"de": de.WORDS, "en": en.WORDS, "es": es.WORDS, "fr": fr.WORDS}
"""One entry a language, each in a module of its own."""


@lru_cache(maxsize=64)
def talk_in(language: str) -> tuple[TalkWords, ...]:
    """Return the words of a language and of English, which people mix with every other."""
    base = language.split("-", maxsplit=1)[0].lower()
    return (TALK[base], TALK["en"]) if base in TALK and base != "en" else (TALK["en"],)

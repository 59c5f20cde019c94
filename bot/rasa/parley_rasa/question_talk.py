"""Tell whether a text refuses to answer a question or asks about the question itself. Pure; knows no question."""

from __future__ import annotations

import re

from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.typed_answers import normalise

_LONGEST = 14  # words; in a longer text there is more than that

_WRITTEN_OUT = {"u": "you", "ur": "your", "r": "are"}
_SHORTHAND = re.compile(rf"\b(?:{'|'.join(_WRITTEN_OUT)})\b")


def refuses(text: str, language: str = "en") -> bool:
    """Tell whether a text declines to answer ("none of your business", "skip", "no idea")."""
    said = _short(text)
    return said is not None and any(
        said in words.no_answer or words.refuses.fullmatch(said) for words in talk_in(language)
    )


def has_none(text: str, language: str = "en") -> bool:
    """Tell whether someone says that they have no such thing ("I don't use e-mail")."""
    said = _short(text)
    return said is not None and any(words.has_none.fullmatch(said) for words in talk_in(language))


def asks_about_question(text: str, language: str = "en") -> bool:
    """Tell whether a text asks why something was asked, or what it means ("why?", "what do you mean")."""
    if text.strip() and not text.strip(" ?\uff1f\u061f"):
        return True
    said = _short(text)
    return said is not None and any(words.asks_back.fullmatch(said) for words in talk_in(language))


def asks_about_messages(text: str, language: str = "en") -> bool:
    """Tell whether a text asks about the messages a consent text speaks of ("how often?")."""
    said = _short(text)
    return said is not None and any(words.about_messages.fullmatch(said) for words in talk_in(language))


def _short(text: str) -> str | None:
    said = _SHORTHAND.sub(lambda match: _WRITTEN_OUT[match.group()], normalise(text[:400]))
    return said if said and len(text) <= 400 and len(said.split()) <= _LONGEST else None

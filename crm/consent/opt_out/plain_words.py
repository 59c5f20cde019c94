"""Texts reduced to what is compared: no case, accents, width, emoji or invisible characters. Pure; judges nothing.

Letters that are drawn out ("STOOOP") count once.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

REMEMBERED = 64
"""Texts of which it is remembered what was found: on its way a message is read three or four times, each time soon."""

# Surrogates are kept: they are no part of any word and must not vanish into one.
_DROPPED = frozenset({"Cc", "Cf", "Co", "Cn"})
_SENTENCE_END = re.compile(r"[.!?;:\n\r…。！？]+(?:\s|$)|[\n\r]+|\s[-–—]+\s|[()\"“”«»]")
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # JSON can carry them, UTF-8 cannot
_INSIDE_WORDS = frozenset("'’`´_*")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
"""Hardly a word has a letter three times running; those that do ("Schifffahrt", "créée") lose two everywhere."""
_LETTER_BY_LETTER = re.compile(r"\b\w(?:[ ._*-]{1,2}\w){2,}\b")


@lru_cache(maxsize=REMEMBERED)
def reduce_to_words(text: str) -> str:
    """Letters and digits only, words parted by one space; what stood between letters joins them ("opt-out")."""
    return _reduce(text, joins_all=True)


def keep_as_said(text: str) -> str:
    """With accents, marks and lines; without case, width, emoji, what is invisible, and drawn-out letters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = [_kept_as_said(char) for char in unicodedata.normalize("NFC", plain)]
    lines = (" ".join(line.split()) for line in _DRAWN_OUT.sub(r"\1", "".join(kept)).splitlines())
    return "\n".join(line for line in lines if line)


@lru_cache(maxsize=REMEMBERED)
def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, each reduced to words; commas part words and no sentences."""
    # Taken apart before marks are dropped; NFKC makes full-width marks plain.
    parts = _SENTENCE_END.split(unicodedata.normalize("NFKC", HALF_CHARACTER.sub("\ufffd", text)))
    reduced = (_reduce(_join_spelled(part), joins_all=False) for part in parts)
    return tuple(sentence for sentence in reduced if sentence)


def _join_spelled(text: str) -> str:
    """A word spelled letter by letter ("S T O P", "s.t.o.p") as the word."""
    return _LETTER_BY_LETTER.sub(lambda match: re.sub(r"[ ._*-]", "", match[0]), text)


def _reduce(text: str, *, joins_all: bool) -> str:
    spelled = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept: list[str] = []
    for char in spelled:
        if char.isspace():
            kept.append(" ")
        elif not _is_noise(char):
            kept.append(char)
        elif not joins_all and char not in _INSIDE_WORDS and unicodedata.category(char)[0] in "PS":
            kept.append(" ")
    return " ".join(_DRAWN_OUT.sub(r"\1", "".join(kept)).split())


def _kept_as_said(char: str) -> str:
    if char.isspace():
        return "\n" if char in "\n\r\u2028\u2029" else " "
    category = unicodedata.category(char)
    if category in {"So", "Cs"}:
        return " "  # an emoji parts words
    return "" if category in _DROPPED or category in {"Sk", "Mn", "Me"} else char


def _is_noise(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "PSM" or category in _DROPPED

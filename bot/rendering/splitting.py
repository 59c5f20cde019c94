"""Cuts a text into messages of bounded length, at the best place there is. Loses no word and keeps their order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Measure = Callable[[str], int]

# Where a text may be cut, the best place first; each keeps what it cuts after.
_CUTS = (
    re.compile(r"(?<=\n\n)"),
    re.compile(r"(?<=\n)"),
    # Not after a number: "1." begins a line of a list.
    re.compile(r"(?<=[^\d\s][.!?…])(?=\s)|(?<=[.!?…][\"'”’)])(?=\s)|(?<=[。！？])"),
    re.compile(r"(?<=[,;:])(?=\s)"),
    re.compile(r"(?=\s)"),
)


def split_text(text: str, measure: Measure, limit: int) -> list[str]:
    """Cuts at paragraphs, lines, sentences, clauses or words, whichever is needed; a longer word last of all."""
    return [piece for piece in (piece.strip() for piece in _split(text.strip(), measure, limit, 0)) if piece]


def _split(text: str, measure: Measure, limit: int, level: int) -> Iterator[str]:
    if measure(text.strip()) <= limit:
        yield text
    elif level == len(_CUTS):
        yield from _cut_word(text, measure, limit)
    else:
        small = (part for piece in _CUTS[level].split(text) for part in _split(piece, measure, limit, level + 1))
        yield from _pack(small, measure, limit)


def _pack(pieces: Iterator[str], measure: Measure, limit: int) -> Iterator[str]:
    """Joins neighbours as long as they fit."""
    held = ""
    for piece in pieces:
        if held and measure((held + piece).strip()) > limit:
            yield held
            held = ""
        held += piece
    if held:
        yield held


def _cut_word(word: str, measure: Measure, limit: int) -> Iterator[str]:
    held = ""
    for char in word:
        if held and measure(held + char) > limit:
            yield held
            held = ""
        held += char
    yield held

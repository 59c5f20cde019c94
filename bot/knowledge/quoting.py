"""Shortens a passage to what is said in a chat: whole sentences, never more than fit. Changes no word."""

from __future__ import annotations

import re

LONGEST_QUOTE = 600
"""Characters."""

_END = re.compile(r"[.!?…。][\"'”’»)]*(?=\s|$)|\n")


def quote(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Give as many whole sentences or lines from the beginning as fit; of a first one that is too long, its words."""
    text = text.strip()
    if len(text) <= longest:
        return text
    ends = [end.end() for end in _END.finditer(text, 0, longest + 1) if end.end() <= longest]
    if ends and ends[-1] > longest // 4:
        return text[: ends[-1]].rstrip()
    cut = text[: longest - 2]
    whole_words = cut.rpartition(" ")[0] or cut
    return f"{whole_words.rstrip()} …"

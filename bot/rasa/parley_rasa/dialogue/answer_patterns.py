"""Match an answer against the pattern of its question, in time linear in its length. Pure."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

import re2

logger = logging.getLogger(__name__)

_LONGEST = 16  # words of a text that is searched
_MOST_WORDS = 4  # of an answer among others
_AROUND = " .,;:!?\"'()"


def fits(pattern: str, answer: str) -> bool:
    """Tell whether the whole answer matches; case does not matter. A pattern that cannot be read refuses nothing."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(answer) is not None


def find_fitting(pattern: str, text: str) -> str | None:
    """Return what fits in a text: all of it, else the one run of words in it that does ("it's NW-20417, I think")."""
    if fits(pattern, text):
        return text
    words = text.split()
    if len(words) > _LONGEST:
        return None
    for length in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        runs = [" ".join(words[at : at + length]).strip(_AROUND) for at in range(len(words) - length + 1)]
        fitting = {run for run in runs if run and fits(pattern, run)}
        if fitting:
            return fitting.pop() if len(fitting) == 1 else None
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    """Compile a pattern of a flow once; what visitors type is never kept here."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        # The platform's check should have refused it; a visitor must not be stuck at a question for it.
        logger.error("pattern_cannot_be_read pattern=%s", pattern)
        return None

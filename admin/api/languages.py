"""In which language a caller is answered, and problems in it: by the English sentence, as it stands where it is raised.

What has no words in a language is said in English: texts that nobody has translated are still true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from aiohttp import web

from base.wording import FALLBACK, SPOKEN, accepted_languages, read_sentences

_FILE = Path(__file__).with_name("problems.yml")
_SHAPES = Path(__file__).with_name("shapes.yml")
_HOLE = re.compile(r"\\\{(\w+)\\\}")
"""Of a sentence that was escaped for a pattern: what is filled in."""


def read_language(request: web.Request) -> str:
    """The language the answer's own words are in: the first that the caller accepts of those we speak, or English."""
    accepted = accepted_languages(request.headers.get("Accept-Language", ""))
    return next((one for one in accepted if one in SPOKEN), FALLBACK)


def title_in_words(status: int, english: str, language: str) -> str:
    """The title of a status."""
    known: Mapping[int, str] = read_sentences(_FILE).get(language, {}).get("titles", {})
    return known.get(status, english)


def field_in_words(english: str, language: str) -> str:
    """What is wrong with a field: as we say it, or pydantic."""
    return sentence_in_words(sentence_in_words(english, language), language, _SHAPES)


def sentence_in_words(english: str, language: str, file: Path = _FILE) -> str:
    """The sentence as a file has it, with what was filled into it."""
    sentences: Mapping[str, str] = read_sentences(file).get(language, {}).get("sentences", {})
    if english in sentences:
        return sentences[english]
    for pattern, told in _patterns(language, file):
        found = pattern.fullmatch(english)
        if found is not None:
            return told.format_map(found.groupdict())
    return english


@cache
def _patterns(language: str, file: Path) -> tuple[tuple[re.Pattern[str], str], ...]:
    sentences: Mapping[str, str] = read_sentences(file).get(language, {}).get("sentences", {})
    return tuple(
        (re.compile(_HOLE.sub(r"(?P<\1>.+)", re.escape(english))), told)
        for english, told in sentences.items()
        if "{" in english
    )

"""Find an e-mail address that is spelled out in words ("bob at acme dot com", "ana arroba acme punto es"). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from parley_rasa.spoken_words import AT, DOT, NO_LOCAL_PART, SIGNS

_REACH = 160  # characters around an "at"; keeps hostile texts cheap
_MOST = 5  # places where an address may be

Spoken = tuple[str, int, int]


@dataclass(frozen=True)
class _Patterns:
    sign: re.Pattern[str]
    address: re.Pattern[str]
    at: re.Pattern[str]
    dot: re.Pattern[str]


def find_spoken_email(text: str, language: str, normal: Callable[[str], str | None]) -> Spoken | None:
    """Return the first address said in words, with where it begins and ends.

    Args:
        normal: gives the normal form of an address, or None when it is not one.
    """
    base = language.split("-", maxsplit=1)[0].lower()
    for tongue in dict.fromkeys((base if base in AT else "en", "en")):
        found = _find(text, tongue, normal)
        if found is not None:
            return found
    return None


def _find(text: str, tongue: str, normal: Callable[[str], str | None]) -> Spoken | None:
    patterns = _patterns(tongue)
    signs = patterns.sign.sub(lambda match: SIGNS[tongue][match.group(1).lower()], text)
    if signs != text:
        found = _find(signs, tongue, normal)
        # Where it stands in the text as it was said is not known to the letter.
        return found and (found[0], found[1], len(text))
    for at in islice(patterns.at.finditer(text), _MOST):
        offset = max(0, at.start() - _REACH)
        match = patterns.address.search(text[offset : at.end() + _REACH])
        if match is None:
            continue
        address = normal(patterns.dot.sub(".", patterns.at.sub("@", match.group(), count=1)))
        # "I am at work.com" is no address.
        if address is not None and address.partition("@")[0].lower() not in NO_LOCAL_PART:
            return address, offset + match.start(), offset + match.end()
    return None


@lru_cache(maxsize=8)
def _patterns(tongue: str) -> _Patterns:
    at = rf"(?: (?:{AT[tongue]}) |\s?[(\[{{](?:{AT[tongue]})[)\]}}]\s?|\s?@\s?)"
    dot = rf"(?: (?:{DOT[tongue]}) |\s?[(\[{{](?:{DOT[tongue]})[)\]}}]\s?)"
    return _Patterns(
        re.compile(rf"(?<=\w) ({'|'.join(SIGNS[tongue])}) (?=\w)", re.IGNORECASE),
        re.compile(
            rf"(?<![\w@.+-])[a-z0-9][a-z0-9_+-]{{0,63}}(?:(?:\.|{dot})[a-z0-9_+-]{{1,63}}){{0,4}}"
            rf"{at}[a-z0-9-]{{1,63}}(?:(?:\.|{dot})[a-z0-9-]{{1,63}}){{1,4}}",
            re.IGNORECASE,
        ),
        re.compile(at, re.IGNORECASE),
        re.compile(dot, re.IGNORECASE),
    )

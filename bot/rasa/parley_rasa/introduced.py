"""Find the name and the company of someone who introduces themselves in Spanish, French or German. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from parley_rasa.capitals import COMPANY, TITLE, UPPER
from parley_rasa.introductions import INTRODUCTIONS, PARTICLES
from parley_rasa.places import is_place
from parley_rasa.roles import names_role
from parley_rasa.typed_answers import normalise

_ANY_WORD = r"[^\W\d_][\w'’-]*"


@dataclass(frozen=True)
class _Patterns:
    called: re.Pattern[str]
    i_am: re.Pattern[str]
    works_at: re.Pattern[str]
    of: re.Pattern[str]
    name_lead_in: re.Pattern[str]
    company_lead_in: re.Pattern[str]


def find_name(text: str, language: str) -> tuple[int, int] | None:
    """Return where the name stands that they say they have; the last one counts.

    Args:
        text: with straight apostrophes.
    """
    base = _base(language)
    if base is None:
        return None
    patterns, no_name = _patterns(base), INTRODUCTIONS[base].no_name
    for pattern in (patterns.called, patterns.i_am):
        sure = [
            match.span("name")
            for match in pattern.finditer(text)
            if normalise(match["name"]).split()[0] not in no_name and not names_role(match["name"], base)
        ]
        if sure:
            return sure[-1]
    return None


def find_company(text: str, language: str, ends: Iterable[int]) -> tuple[int, int] | None:
    """Return where the company stands that they say they work for, or that follows where a name or a job ends."""
    base = _base(language)
    if base is None:
        return None
    patterns = _patterns(base)
    following = [patterns.of.match(text, end) for end in ends]
    for match in (*patterns.works_at.finditer(text), *following):
        company = match["company"].strip(" .!,;:") if match else ""
        if match and company and not is_place(company) and any(letter.isalpha() for letter in company):
            return match.start("company"), match.start("company") + len(company)
    return None


def without_own_lead_in(text: str, contact_field: str, language: str) -> str | None:
    """Take the name out of "me llamo Ana" or "chez Acme"; None when no words lead in to it."""
    base = _base(language)
    if base is None:
        return None
    patterns = _patterns(base)
    pattern = patterns.name_lead_in if contact_field == "first_name" else patterns.company_lead_in
    text = text.strip()
    match = pattern.match(text.replace("’", "'"))
    return text[slice(*match.span("rest"))].strip(" .!,") if match else None


def is_no_name(value: str, language: str) -> bool:
    """Tell whether a text begins with what one can be and is not called ("cliente", "Kunde")."""
    base = _base(language)
    return base is not None and bool(INTRODUCTIONS[base].no_name.intersection(normalise(value).split()[:1]))


def _base(language: str) -> str | None:
    base = language.split("-", maxsplit=1)[0].lower()
    return base if base in INTRODUCTIONS else None


@lru_cache(maxsize=4)
def _patterns(base: str) -> _Patterns:
    words = INTRODUCTIONS[base]
    capital = rf"[{UPPER}][\w'’-]*"
    more = rf"(?:\s+(?:(?:{PARTICLES})\s+)?{capital}){{0,3}}"
    # "Me llamo Ana de León" tells a name; "soy Ana de Acme" may as well tell a company.
    noble = rf"(?:\s+(?:(?:{PARTICLES}|von|de|du)\s+)?{capital}){{0,3}}"
    after = rf"(?=\s*(?:$|[,.;:!?(–-]|\b(?:{words.after})\b|d'))"
    company = COMPANY.replace("(", "(?P<company>", 1)
    return _Patterns(
        re.compile(rf"(?:^|(?<=[\s,.;:!(¡]))(?i:{words.called})\s*(?P<name>{TITLE}{_ANY_WORD}{noble}){after}"),
        re.compile(
            rf"(?:^|[.,!;¡]\s*|\b(?i:{words.greeting})[,!.]?\s+)(?i:{words.i_am})\s+(?P<name>{TITLE}{capital}{more}){after}"
        ),
        re.compile(rf"(?:^|(?<=[\s,.;:!('’]))(?i:{words.works_at})\s*(?i:\s|:\s?){company}"),
        re.compile(rf"\s*,?\s*(?i:{words.of})(?:\s+|(?<=')){company}"),
        re.compile(
            rf"{words.lead_in}\s+(?P<rest>.{{1,60}}?)(?: à l'appareil| am apparat| al habla)?[.!]?$", re.IGNORECASE
        ),
        re.compile(rf"{words.company_lead_in}\s+(?P<rest>.{{1,100}})$", re.IGNORECASE),
    )

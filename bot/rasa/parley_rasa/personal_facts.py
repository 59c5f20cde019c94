"""Find a name, company, job, team size and budget in what someone says of themselves. Pure; in doubt, nothing.

English here, which is read besides every other language; what the others say stands in ``introductions``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from parley_rasa.english_introductions import (
    CALLED,
    FROM,
    I_AM,
    ITS_ME,
    LEGAL_FORM,
    LEGAL_FORM_AT_END,
    NAME_HERE,
    NO_NAME,
    NO_WORD_OF_A_NAME,
    NOBODY,
    REST_OF_SENTENCE,
    WE_ARE,
    WORKS_AT,
)
from parley_rasa.introduced import find_company, find_name, is_no_name, without_own_lead_in
from parley_rasa.money import find_budget
from parley_rasa.places import is_place
from parley_rasa.read_once import read_once
from parley_rasa.roles import Role, find_role, names_role
from parley_rasa.team_sizes import find_people
from parley_rasa.typed_answers import clean_text, normalise, read_yes_no, without_lead_in

_LONGEST_TEXT = 1000  # characters looked at
_LONGEST_NAME, _LONGEST_COMPANY = 4, 8  # words
_LONGEST_INITIALS = 3
_WORDS_OF_A_SENTENCE = 2
_NO_PART_OF_A_NAME = re.compile(r"[<>{}\[\]@|=\\/?]")
_AN_HOUR = re.compile(r"[\d:.]+(?:\s?(?:[ap]m|h|uhr))?", re.IGNORECASE)
_NO_FIRST_NAME = re.compile(r"(?:the|an?|from|in|we|i|you|they|there|this|that|our|my)\b|.*\b\d+\b", re.IGNORECASE)


@dataclass(frozen=True)
class PersonalFacts:
    """What a text says of its author. Each is None when the text does not clearly say it."""

    first_name: str | None = None
    company: str | None = None
    people: int | None = None
    role: str | None = None
    budget: int | float | None = None


@read_once
def find_personal_facts(text: str, language: str = "en") -> PersonalFacts:
    """Find what someone tells of themselves unasked ("I'm Ann from Acme, 40 people")."""
    text = clean_text(text[:_LONGEST_TEXT])
    plain = _plain(text)
    name = _find_name(plain, language)
    role = find_role(plain, language, name[1] if name else None)
    company = _find_company(plain, language, name[1] if name else 0, role)
    return PersonalFacts(
        _cased(_cut(text, name)) if name else None, _cut(text, company) if company else None,
        find_people(text, language), _cut(text, (role.start, role.end)) if role else None, find_budget(text, language),
    )  # fmt: skip


def read_name(text: str, language: str = "en") -> str | None:
    """Read the answer to "what is your name?"; None when it cannot be one."""
    name = find_personal_facts(text, language).first_name
    if name:
        return name
    text = ITS_ME.sub("", text[:_LONGEST_TEXT])
    own = without_own_lead_in(text, "first_name", language)
    value = _tidy(REST_OF_SENTENCE.sub("", own or without_lead_in(text, "first_name", language)))
    led_in_to = not text.lstrip().startswith(value)
    alone = led_in_to or len(value.split()) == 1  # "Le Goff" begins with an article and is a name
    if (alone and is_no_name(value, language)) or (led_in_to and NO_NAME.intersection(normalise(value).split()[:1])):
        return None
    if _NO_FIRST_NAME.match(value) or names_role(value, language) or not _can_be_name(value, _LONGEST_NAME, language):
        return None
    return _cased(value)


def read_company(text: str, language: str = "en") -> str | None:
    """Read the answer to "which company?"; None when it cannot be one."""
    found = find_personal_facts(text, language).company
    if found:
        return found
    text = text[:_LONGEST_TEXT]
    value = without_own_lead_in(text, "company", language) or without_lead_in(text, "company", language)
    if not LEGAL_FORM.search(value):
        value = REST_OF_SENTENCE.sub("", value)
    value = _tidy(value)
    return value if _can_be_name(value, _LONGEST_COMPANY, language) else None


def has_legal_form(company: str) -> bool:
    """Tell whether a name ends in what only a company's name ends in ("Analytical Engines Ltd")."""
    return LEGAL_FORM_AT_END.search(company) is not None


def _find_name(plain: str, language: str) -> tuple[int, int] | None:
    """Return where the name stands."""
    own = find_name(plain, language)
    if own is not None:
        return own
    for patterns in ((CALLED,), (I_AM, NAME_HERE)):
        found = [match for pattern in patterns for match in pattern.finditer(plain)]
        sure = [match.span(1) for match in found if _is_name(match.group(1), language, patterns)]
        if sure:  # the last one counts: "my name is Margaret but everyone calls me Maggie"
            return sure[-1]
    return None


def _is_name(said: str, language: str, patterns: tuple[re.Pattern[str], ...]) -> bool:
    is_job = CALLED not in patterns and names_role(said, language)
    return not is_job and not NO_NAME & set(normalise(said).split())


def _find_company(plain: str, language: str, after_name: int, role: Role | None) -> tuple[int, int] | None:
    """Return where it stands where someone works: as they say so, else what follows their name or their job."""
    ends = [end for end in (after_name, role.end if role else 0) if end]
    own = find_company(plain, language, ends)
    if own is not None:
        return own
    found = WORKS_AT.search(plain) or WE_ARE.search(plain)
    for end in ends:
        found = found or FROM.match(plain, end)
    if found is None or is_place(_tidy(found.group(1))) or _AN_HOUR.fullmatch(found.group(1)):
        return None
    return found.span(1)


def _plain(text: str) -> str:
    """Write every apostrophe in one way, without moving anything."""
    return text.replace("’", "'")


def _cut(text: str, span: tuple[int, int]) -> str:
    return _tidy(text[span[0] : span[1]])


def _cased(name: str) -> str:
    shouted = name.isupper() and len(name) > _LONGEST_INITIALS
    return name.title() if name.islower() or shouted else name


def _can_be_name(value: str, longest: int, language: str) -> bool:
    if not any(letter.isalpha() for letter in value):
        return False
    return (
        len(value.split()) <= longest
        and _NO_PART_OF_A_NAME.search(value) is None
        and find_people(value, language) is None
        and read_yes_no(value, language) is None
        and normalise(value).removeprefix("just ").removeprefix("only ") not in NOBODY
        and (value.istitle() or len(NO_WORD_OF_A_NAME.intersection(value.lower().split())) < _WORDS_OF_A_SENTENCE)
    )


def _tidy(value: str) -> str:
    return value.strip(" .!,;:")

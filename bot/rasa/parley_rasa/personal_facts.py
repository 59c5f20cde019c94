"""Find a name, a company and a number of people in what someone says of themselves. Pure; in doubt, nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from parley_rasa.amounts import people_in
from parley_rasa.typed_answers import clean_text, normalise, read_yes_no, without_lead_in

_LONGEST_TEXT = 1000  # characters looked at
_LONGEST_NAME, _LONGEST_COMPANY = 4, 8  # words
_LONGEST_INITIALS = 3
_NAME_WORD = r"[^\W\d_][\w'’-]*"
_AFTER_NAME = r"(?=\s*(?:$|[,.;:!?(–-]|\b(?:from|at|of|with|here|by|and|but|who|spelled|spelt|in|i)\b))"
_CALLED = re.compile(
    r"\b(?i:m[ey] (?:first )?name(?:'?s| is)(?: actually| really)?|the name'?s|(?:you can |please )?call me"
    rf"|(?:every(?:one|body)|people|friends) calls? me)\s+({_NAME_WORD}(?: [A-Z][\w'’-]*){{0,2}}){_AFTER_NAME}"
)
_I_AM = re.compile(
    r"(?:^|[.,!;]\s*|\b(?i:hi|hello|hey|here)\s+)(?i:i'?m|i am|this is|it'?s)\s+"
    rf"([A-Z][\w'’-]*(?: [A-Z][\w'’-]*){{0,2}}){_AFTER_NAME}"
)
_COMPANY_WORDS = r"([A-Z0-9][\w&.'’-]*(?:\s+(?:(?:&|and|of|de|the|und)\s+)?[A-Z0-9&][\w&.'’-]*){0,5})"
_WORKS_AT = re.compile(
    r"\b(?i:i (?:work|am working) (?:for|at|with)|we(?:'re| are) called|we(?:'re| are) from"
    r"|(?:my |our |the |^)(?:company|firm|business|employer)(?: name)?(?:'s| is)?(?: called)?|it(?:'s| is) for"
    r"|on behalf of|company:|(?:cfo|ceo|coo|owner|founder|director|head|manager|bookkeeper|accountant"
    r"|controller) (?:of|at)"
    rf"|i (?:own|run|manage))\s+{_COMPANY_WORDS}"
)
_WE_ARE = re.compile(
    r"\b(?i:we(?:'re| are))\s+((?:[A-Z0-9&][\w&.'’-]*\s+){1,5}(?:GmbH|Ltd|Inc|LLC|AB|Oy|BV|SA|AG|plc|PLC|SARL"
    r"|Srl|SpA|AS|ApS)\b)"
)
_FROM = re.compile(rf"^\s*,?\s*(?i:from|at|of|with)\s+{_COMPANY_WORDS}")
_NO_NAME = frozenset(
    "sorry sure here interested ok okay fine not just busy done back in at the a an from looking afraid happy good well"
    " very so still also only calling writing ceo cfo coo cto german french english dutch british american spanish"
    " italian polish european".split()
)
_REST_OF_SENTENCE = re.compile(
    r"\s*[,;(–].*$|\s+(?:and|but)\s+(?:we|i|my|our|please|you)\b.*$|\.\s+.*$|[\s,]+\d+\s+(?:people|employees|staff)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_LEGAL_FORM = re.compile(r",\s*(?:inc|ltd|llc|gmbh|co|corp|s\.?a|b\.?v|plc|ag|limited|incorporated)\b", re.IGNORECASE)
_NOBODY = frozenset("for with about around maybe perhaps hmm hm asap soon later today now test thanks hello hi".split())
_NO_PART_OF_A_NAME = re.compile(r"[<>{}\[\]@|=\\/?]")
_NO_FIRST_NAME = re.compile(r"(?:the|an?|from|in|we|i|you|they|there|this|that|our|my)\b|.*\b\d+\b", re.IGNORECASE)


@dataclass(frozen=True)
class PersonalFacts:
    """What a text says of its author. Each is None when the text does not clearly say it."""

    first_name: str | None = None
    company: str | None = None
    people: int | None = None


def find_personal_facts(text: str) -> PersonalFacts:
    """Find what someone tells of themselves unasked ("I'm Ann from Acme, 40 people")."""
    text = clean_text(text[:_LONGEST_TEXT])
    name = _find_name(text)
    works_at = _WORKS_AT.search(text) or _WE_ARE.search(text)
    if works_at is None and name is not None:
        works_at = _FROM.match(text[name.end(1) :])
    return PersonalFacts(
        _cased(name.group(1)) if name else None, _tidy(works_at.group(1)) if works_at else None, people_in(text)
    )


def read_name(text: str) -> str | None:
    """Read the answer to "what is your name?"; None when it cannot be one."""
    facts = find_personal_facts(text)
    value = facts.first_name or _tidy(_REST_OF_SENTENCE.sub("", without_lead_in(text, "first_name")))
    if not facts.first_name and (_NO_FIRST_NAME.match(value) or not _can_be_name(value, _LONGEST_NAME)):
        return None
    return _cased(value)


def read_company(text: str) -> str | None:
    """Read the answer to "which company?"; None when it cannot be one."""
    found = find_personal_facts(text).company
    if found:
        return found
    value = without_lead_in(text, "company")
    if not _LEGAL_FORM.search(value):
        value = _REST_OF_SENTENCE.sub("", value)
    value = _tidy(value)
    return value if _can_be_name(value, _LONGEST_COMPANY) else None


def _find_name(text: str) -> re.Match[str] | None:
    # The last one counts: "my name is Margaret but everyone calls me Maggie".
    called = list(_CALLED.finditer(text)) or list(_I_AM.finditer(text))
    sure = [match for match in called if not _NO_NAME & set(normalise(match.group(1)).split())]
    return sure[-1] if sure else None


def _cased(name: str) -> str:
    shouted = name.isupper() and len(name) > _LONGEST_INITIALS
    return name.title() if name.islower() or shouted else name


def _can_be_name(value: str, longest: int) -> bool:
    if not any(letter.isalpha() for letter in value):
        return False
    return (
        len(value.split()) <= longest
        and _NO_PART_OF_A_NAME.search(value) is None
        and people_in(value) is None
        and read_yes_no(value) is None
        and normalise(value) not in _NOBODY
    )


def _tidy(value: str) -> str:
    return value.strip(" .!,;:")

"""Find the job that someone says is theirs, in English, Spanish, French or German. Pure; in doubt, none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from parley_rasa.introductions import INTRODUCTIONS
from parley_rasa.role_words import ROLES, RoleWords
from parley_rasa.typed_answers import normalise

_LONGEST = 400  # characters
_MOST_WORDS = 8  # of an answer
_FREE = r"[a-zà-ÿ][\wà-ÿ-]{2,}"  # a word in lower case that a job may be about
_NO_PART = re.compile(r"[<>{}\[\]@=\\?]|\d{3}")
_NOT_ABOUT = (
    r"(?!(?:at|in|for|from|with|and|but|the|en|de|y|pero|chez|dans|et|mais|bei|und|aber|von|my|our|mi|que|who|here|a|an)"
    r"\b)"
)
_STOP = (
    r"(?=\s*(?:$|[,.;:!?()–—-]|\b(?:at|in|for|from|of|with|and|here|by|but|who|looking|chez|dans|et|mais|à|de|du|d'|en"
    r"|y|pero|con|para|bei|und|aber|von|der|des|im|aus)\b))"
)


@dataclass(frozen=True)
class Role:
    """A job as it was written, and where it stands."""

    title: str
    start: int
    end: int


def find_role(text: str, language: str = "en", after_name: int | None = None) -> Role | None:
    """Return the job someone says of themselves ("I'm head of finance", "soy directora de compras").

    Args:
        after_name: where their name ends, which a job may follow after a comma.
    """
    said = text[:_LONGEST].replace("’", "'")
    for tongue in _tongues(language):
        match = _said(tongue).search(said) or _first(tongue).match(said)
        if match is None and after_name is not None:
            match = _next(tongue).match(said, after_name)
        if match is not None:
            return Role(_tidy(match["role"]), match.start("role"), match.end("role"))
    return None


def names_role(text: str, language: str = "en") -> bool:
    """Tell whether a text is or begins with the name of a job, and so is nobody's name."""
    return any(_alone(tongue).match(text.strip()) for tongue in _tongues(language))


def read_role(text: str, language: str = "en") -> str | None:
    """Read the answer to "what do you do?"; what is long, no job or has no letters is none."""
    found = find_role(text, language)
    if found is not None:
        return found.title
    said = text.strip().replace("’", "'")
    for tongue in _tongues(language):
        match = _alone(tongue).match(said)
        if match is not None:
            return _tidy(match["role"])
    return _any_job(said, language)


def _any_job(said: str, language: str) -> str | None:
    """Take a few words for a job that no list has ("I'm a florist"), with the words that lead in to it cut off."""
    for tongue in _tongues(language):
        words = ROLES[tongue]
        lead = re.match(rf"(?:{words.said})\s+(?P<article>(?:(?:{words.article})\s+)*)", said, re.IGNORECASE)
        if lead is None:
            continue
        said = said[lead.end() :]
        if not lead["article"] and (tongue == "en" or said[:1].isupper() and tongue != "de"):
            return None  # "I'm interested", "soy Ana"
        break
    said = _tidy(re.split(r"[,;(.!?]|\s(?:at|bei|chez)\s", said, maxsplit=1)[0])
    own = INTRODUCTIONS.get(language.split("-", maxsplit=1)[0].lower())
    is_one = any(letter.isalpha() for letter in said) and len(said.split()) <= _MOST_WORDS
    if not is_one or _NO_PART.search(said) or (own and normalise(said) in own.no_name):
        return None
    return said


def _tongues(language: str) -> tuple[str, ...]:
    base = language.split("-", maxsplit=1)[0].lower()
    return (base, "en") if base in ROLES and base != "en" else ("en",)


def _tidy(title: str) -> str:
    return " ".join(title.split()).strip(" .,;:!-'")


@lru_cache(maxsize=8)
def _said(tongue: str) -> re.Pattern[str]:
    words = ROLES[tongue]
    return re.compile(
        rf"(?i:(?:^|(?<=[\s,.;:!(]))(?<!\bno )(?<!\bnot )"
        rf"(?:{words.said})\s+(?:(?:{words.article})(?:\s+|(?<=')))*){_role(words)}"
    )


@lru_cache(maxsize=8)
def _first(tongue: str) -> re.Pattern[str]:
    """A job after a name that nothing leads in to ("Ann Lee, CFO at Acme")."""
    return re.compile(rf"[^,.;!?]{{1,60}}{_next(tongue).pattern}")


@lru_cache(maxsize=8)
def _next(tongue: str) -> re.Pattern[str]:
    words = ROLES[tongue]
    return re.compile(rf",\s+(?i:(?:(?:{words.article})\s+)?){_role(words)}")


@lru_cache(maxsize=8)
def _alone(tongue: str) -> re.Pattern[str]:
    words = ROLES[tongue]
    return re.compile(rf"(?i:(?:(?:{words.article})\s+)?){_role(words)}")


def _role(words: RoleWords) -> str:
    about = rf"(?:(?i:{words.about})\b|{_NOT_ABOUT}{_FREE}\b(?:\s+{_NOT_ABOUT}{_FREE}\b)?)"
    joined = rf"(?:\s+(?:and|&|y|et|und)\s+(?i:{words.about})\b)?"
    general = rf"(?:\s+(?i:{words.after})\b)*(?:\s+(?i:{words.of})\s*{about}{joined})?"
    department = rf"(?:\s+(?i:{words.of})\s*(?i:{words.about})\b{joined})?"
    return (
        rf"(?P<role>(?i:(?:(?:{words.before})[\s-]+){{0,3}})"
        rf"(?:(?i:(?:{words.own}))\b(?:\s+(?i:{words.after})\b)*(?:\s+(?:and|&|y|et|und)\s+(?i:{words.noun})\b)?{department}|(?i:(?:{words.noun}))\b{general}{joined})){_STOP}"
    )

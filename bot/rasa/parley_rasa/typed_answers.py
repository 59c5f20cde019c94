"""Read typed words: yes or no, a short text, something taken back. Pure; never guesses from an intent."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from parley_rasa.read_once import read_once
from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.talk_words.shape import TalkWords

_APOSTROPHES = str.maketrans("", "", "'’`")
_THOUSANDS = re.compile(r"(?<=\d)[,.](?=\d{3}\b)")
_ISH = re.compile(r"(?<=\d)-?ish\b")
_NO_LETTERS = re.compile(r"[^\w]+|_")
_E_MAIL = re.compile(r"\be mail")
# "J'ai" is two words and "d'accord" is one.
_ELISION = re.compile(r"\b(c|d(?!.accord\b)|j|l|m|n|s|t|qu|jusqu|lorsqu|puisqu)['’`](?=[aeiouyhœ])")
QUESTION_MARKS = ("?", "\uff1f", "\u061f")
_LONGEST_REFUSAL = 12  # words
_LEAD_INS = {
    "first_name": re.compile(
        r"^(?:(?:hi|hello|hey)[,!. ]+)?(?:it'?s|it is|i'?m|i am|im|my (?:first )?name(?: is|'?s)|this is|call me"
        r"|(?:you can|please) call me|the name'?s)\s+(.{1,60})$",
        re.IGNORECASE,
    ),
    "company": re.compile(
        r"^(?:it'?s|it is|we'?re|we are|we'?re called|we are called|i work (?:for|at)|i'?m (?:from|with|at)"
        r"|i am (?:from|with|at)|my company is(?: called)?|our company is(?: called)?|the company is(?: called)?"
        r"|(?:my|our) company'?s)\s+(.{1,100})$",
        re.IGNORECASE,
    ),
}


@dataclass(frozen=True)
class TakenBack:
    """What follows "no, …" or "sorry, …"; ``restated`` when it goes on "I meant …" or "it's …", then ``value``."""

    rest: str
    value: str
    restated: bool


def taken_back(text: str, language: str = "en") -> TakenBack | None:
    """Read a text that takes something back; None when it does not, or says nothing in its place."""
    for words in talk_in(language):
        mark = words.takes_back.match(text) or words.restates_by_itself.match(text)
        rest = text[mark.end() :].strip() if mark else ""
        if rest:
            restated = words.restates.match(rest)
            return TakenBack(rest, (restated.group(1) if restated else rest).strip(" .!"), restated is not None)
    return None


@read_once
def normalise(text: str) -> str:
    """Reduce a text to lower-case words and numbers, so that case, punctuation and accents do not matter."""
    if text.isascii():
        letters = text.lower()
    else:
        folded = unicodedata.normalize("NFKD", text).casefold()
        letters = "".join(letter for letter in folded if not unicodedata.combining(letter))
    letters = _ELISION.sub(r"\1 ", letters).translate(_APOSTROPHES).replace("+", " plus ")
    letters = _THOUSANDS.sub("", letters)
    letters = _ISH.sub(" ish", letters)
    words = " ".join(_NO_LETTERS.sub(" ", letters).split())
    return _E_MAIL.sub("email", words)


@read_once
def read_yes_no(text: str, language: str = "en") -> bool | None:
    """Read an unmistakable yes or no; anything with a hedge or a condition is neither."""
    said = normalise(text)
    for words in talk_in(language):
        if said in words.yes:
            return True
        if said in words.no or _refuses(said.split(), words) or words.exclaimed.sub("", said) in words.no:
            return False
    return None


def read_agreement(text: str, language: str = "en") -> bool | None:
    """Read a yes or no to something that binds; "ok" and "yes?" are neither, they may only mean "I see"."""
    said, plain = read_yes_no(text, language), normalise(text)
    is_doubtful = any(plain in words.lukewarm for words in talk_in(language)) or any(
        mark in text for mark in QUESTION_MARKS
    )
    return None if said and is_doubtful else said


def _refuses(words: list[str], own: TalkWords) -> bool:
    """A longer refusal ("no, I don't want any e-mails"). There is no such rule for yes: a yes must be plain."""
    if not words or words[0] not in own.refusing or len(words) > _LONGEST_REFUSAL:
        return False
    return bool(own.negations.intersection(words)) and not own.hedges.intersection(words)


def without_turning_off(text: str, language: str = "en") -> str | None:
    """Return what a text wants turned off ("turn off e-mail", "no more texts please"); None when it wants no such."""
    said = normalise(text)
    found = [match for words in talk_in(language) if (match := words.turns_off.fullmatch(said))]
    return next((name for match in found for name in match.groupdict().values() if name), None)


def clean_text(text: str) -> str:
    """Drop control characters and surrounding blanks; keep every letter, sign and emoji as typed."""
    kept = "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) != "Cc")
    return kept.strip()


def without_lead_in(text: str, contact_field: str, language: str = "en") -> str:
    """Take the name out of "my name is Ada" or "um, we are Acme", for the contact fields that need it."""
    for words in talk_in(language):
        text = words.hesitation.sub("", text)
    pattern = _LEAD_INS.get(contact_field)
    match = pattern.match(text) if pattern else None
    return match.group(1).strip(" .!,") if match else text

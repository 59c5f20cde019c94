"""Read typed words as an answer: yes or no, one of the choices, a short text. Pure; never guesses from an intent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_YES = frozenset(
    "yes|y|yep|yeah|yea|yup|yes please|yes i do|yes i agree|i agree|agreed|i consent|i accept|sure|sure thing|of course"
    "|ok|okay|absolutely|definitely|certainly|yes of course|yes sure|yes that is fine|yes thats fine|yes ok|yes okay"
    "|yes thank you|yes thanks|please do|go ahead|yes go ahead|yes you may|yes you can|fine|fine by me|sounds good"
    "|yes definitely|yes absolutely|ok yes|okay yes|yes yes|oh yes|sure yes|sure go ahead".split("|")
)
_NO = frozenset(
    "no|n|nope|nah|no thanks|no thank you|no way|not now|no i do not|no i dont|i do not agree|i dont agree|i do not"
    "|i dont|no please|please no|please dont|please do not|never|i refuse|i decline|declined|no no|rather not"
    "|id rather not|i would rather not|no not really|not really|definitely not|absolutely not|certainly not"
    "|no definitely not|no absolutely not|no do not|no dont|dont|do not|no sorry|sorry no|no im good|no i am good"
    "|no emails|no emails please|not interested|no im not|no i am not|nope thanks|nah thanks".split("|")
)
_NEGATIONS = frozenset("dont not never wont wouldnt rather thanks".split())
_HEDGES = frozenset(
    "but unless maybe perhaps yes yeah if yet sure only problem problems worries though depends later until except ok"
    " okay why what how which when before first doubt idea issue objection objections".split()
)
_NEGATING = re.compile(r" (?:not|no|dont|isnt|arent|never|neither|except|without) ")
# Words that do not tell one choice from another. "no" is not among them.
_EMPTY_WORDS = frozenset(
    "a an the to of in on at by for with within and or i id im ill we wed us me my our you it its is are am be was"
    " like want would think guess maybe please thanks some about just really so well hm hmm uh um probably that this"
    " can could do us".split()
)
_LONGEST_REFUSAL = 12  # words
_ORDINALS = {
    word: number
    for number, words in enumerate(
        ("first|1st|one", "second|2nd|two", "third|3rd|three", "fourth|4th|four", "fifth|5th|five", "sixth|6th|six",
         "seventh|7th|seven", "eighth|8th|eight", "ninth|9th|nine"), start=1
    )
    for word in words.split("|")
}  # fmt: skip
_POSITION = re.compile(
    r"(?:(?:i (?:would )?(?:choose|pick|take|want)|id (?:choose|pick|take|say)|its|it is|lets say) )?"
    r"(?:the )?(?:number |option |no |nr |answer )?(\w+)(?: one| option| choice| please)*"
)
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


_TAKES_BACK = re.compile(
    r"^\s*(?:(?:no|nope|sorry|actually|wait|oops|hang on|hold on|correction|my mistake|my bad|i made a mistake|oh|ah"
    r"|well|rather|scratch that|let me correct that|that(?:'s| is| was)? wrong)\b[\s,.:;!-]*)+",
    re.IGNORECASE,
)
_RESTATES = re.compile(
    r"^(?:(?:it(?:'?s| is)|i mean|i meant(?: to say)?|i'?m|i am|that(?:'?s| is)|make that|make it|should be"
    r"|it should be|we(?:'?re| are))\s+)+(.{1,200})$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ChoiceMatch:
    """A choice found in a text; ``whole`` when the text names it and nothing else."""

    value: str
    whole: bool


@dataclass(frozen=True)
class TakenBack:
    """What follows "no, …" or "sorry, …"; ``restated`` when it goes on "I meant …" or "it's …", then ``value``."""

    rest: str
    value: str
    restated: bool


def taken_back(text: str) -> TakenBack | None:
    """Read a text that takes something back; None when it does not, or says nothing in its place."""
    mark = _TAKES_BACK.match(text)
    rest = text[mark.end() :].strip() if mark else ""
    if not rest:
        return None
    restated = _RESTATES.match(rest)
    return TakenBack(rest, (restated.group(1) if restated else rest).strip(" .!"), restated is not None)


def normalise(text: str) -> str:
    """Reduce a text to lower-case words and numbers, so that case, punctuation and accents do not matter."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(letter for letter in folded if not unicodedata.combining(letter))
    letters = re.sub(r"['’`]", "", letters).replace("+", " plus ")
    letters = re.sub(r"(?<=\d)[,.](?=\d{3}\b)", "", letters)
    words = " ".join(re.sub(r"[^\w]+|_", " ", letters).split())
    return re.sub(r"\be mail", "email", words)


def read_yes_no(text: str) -> bool | None:
    """Read an unmistakable yes or no; anything with a hedge or a condition is neither."""
    said = normalise(text)
    if said in _YES:
        return True
    if said in _NO or _refuses(said.split()):
        return False
    return None


def _refuses(words: list[str]) -> bool:
    """A longer refusal ("no, I don't want any e-mails"). There is no such rule for yes: a yes must be plain."""
    if not words or words[0] not in ("no", "nope", "nah") or len(words) > _LONGEST_REFUSAL:
        return False
    return bool(_NEGATIONS.intersection(words)) and not _HEDGES.intersection(words)


def match_choice(text: str, choices: Sequence[Mapping[str, Any]], numbered: bool = False) -> ChoiceMatch | None:
    """Find the one choice that a text means; None when none or several fit.

    Args:
        text: what was typed: a label, a value, a position, an ordinal, or an amount where choices are ranges.
        choices: what was offered, each with ``value`` and ``label``.
        numbered: the choices were shown with numbers, so that "2" is the second one even among ranges of amounts.
    """
    said = normalise(text)
    if not said:
        return None
    names = [{normalise(str(choice["label"])), normalise(str(choice["value"]))} - {""} for choice in choices]
    whole = [str(choice["value"]) for choice, own in zip(choices, names) if said in own]
    if len(whole) == 1:
        return ChoiceMatch(whole[0], whole=True)
    if len(choices) == 2 and [str(choice["value"]) for choice in choices] == ["yes", "no"]:
        decided = read_yes_no(text)
        return None if decided is None else ChoiceMatch("yes" if decided else "no", whole=True)
    position, amount = _by_position(said, choices), _in_range(said, choices)
    by_number = (position or amount) if numbered else (amount or position)
    return by_number or _contained(said, choices, names)


def _by_position(said: str, choices: Sequence[Mapping[str, Any]]) -> ChoiceMatch | None:
    match = _POSITION.fullmatch(said)
    if match is None:
        return ChoiceMatch(str(choices[-1]["value"]), True) if said in ("last", "the last", "the last one") else None
    word = match.group(1)
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 4 else _ORDINALS.get(word, 0)
    if word == "last":
        number = len(choices)
    return ChoiceMatch(str(choices[number - 1]["value"]), True) if 1 <= number <= len(choices) else None


_RANGE = re.compile(
    r"(\d+) (?:(?:to|until|and|bis) )?(\d+)|(\d+) (?:plus|or more|and more|and up|and over)|(?:over|more than) (\d+)"
)
_AMOUNT = re.compile(
    r"(?:(?:we|there) (?:are|re|have)|were|about|around|roughly|approx|approximately|some|just|only|maybe|its|it is|i think"
    r"|nearly|almost|currently|at the moment| )*\b(\d{1,9})\b(?: (?:people|persons|employees|staff|of us|users|heads|folks"
    r"|colleagues|guys|in (?:the )?(?:team|company|total|all)|now|right now|or so|ish|total|at the moment))*"
)


def _in_range(said: str, choices: Sequence[Mapping[str, Any]]) -> ChoiceMatch | None:
    """Match an amount ("about 30 people") or a range when the choices are ranges of numbers ("10 to 49", "250+")."""
    ranges = []
    for choice in choices:
        bounds = _bounds(normalise(str(choice["label"]))) or _bounds(normalise(str(choice["value"])))
        if bounds is not None:
            ranges.append((str(choice["value"]), *bounds))
    if len(ranges) < max(2, len(choices) - 1):
        return None
    amount, typed_range = _AMOUNT.fullmatch(said), _bounds(said)
    if amount is not None:
        number = int(amount.group(1))
        fitting = [value for value, low, high in ranges if low <= number and (high is None or number <= high)]
    else:
        fitting = [value for value, low, high in ranges if (low, high) == typed_range]
    return ChoiceMatch(fitting[0], True) if len(fitting) == 1 else None


def _bounds(text: str) -> tuple[int, int | None] | None:
    match = _RANGE.search(text)
    if match is None:
        return None
    low, high, from_on, over = match.groups()
    return int(low or from_on or int(over) + 1), int(high) if high else None


def _contained(said: str, choices: Sequence[Mapping[str, Any]], names: list[Any]) -> ChoiceMatch | None:
    """Match a choice named inside a longer text, or by some of its words; a text that negates matches none."""
    if said not in ("no", "not now") and _NEGATING.search(f" {said} "):
        return None
    padded = f" {said} "
    named = [
        str(choice["value"])
        for choice, own in zip(choices, names)
        if any(len(name) > 2 and f" {name} " in padded for name in own)
    ]
    if named:
        return ChoiceMatch(named[0], whole=False) if len(named) == 1 else None
    typed = _content_words(said)
    part_of = [
        str(choice["value"])
        for choice, own in zip(choices, names)
        if typed and any(typed <= _content_words(name) for name in own)
    ]
    return ChoiceMatch(part_of[0], whole=True) if len(part_of) == 1 else None


def _content_words(text: str) -> frozenset[str]:
    return frozenset(text.split()) - _EMPTY_WORDS


def clean_text(text: str) -> str:
    """Drop control characters and surrounding blanks; keep every letter, sign and emoji as typed."""
    kept = "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) != "Cc")
    return kept.strip()


def without_lead_in(text: str, contact_field: str) -> str:
    """Take the name out of "my name is Ada" or "we are Acme", for the contact fields that need it."""
    pattern = _LEAD_INS.get(contact_field)
    match = pattern.match(text) if pattern else None
    return match.group(1).strip(" .!,") if match else text

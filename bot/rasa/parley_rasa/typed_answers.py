"""Read typed words: yes or no, a short text, something taken back. Pure; never guesses from an intent."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_YES = frozenset(
    "yes|y|yep|yeah|yea|yup|yes please|yes i do|yes i agree|i agree|agreed|i consent|i accept|sure|sure thing|of course"
    "|ok|okay|absolutely|definitely|certainly|yes of course|yes sure|yes that is fine|yes thats fine|yes ok|yes okay"
    "|yes thank you|yes thanks|please do|go ahead|yes go ahead|yes you may|yes you can|fine|fine by me|sounds good"
    "|ok go ahead|okay go ahead|go on|go on then|yes go on|why not then|yes definitely|yes absolutely|ok yes|okay yes"
    "|yes yes|oh yes|sure yes|sure go ahead".split("|")
)
_NO = frozenset(
    "no|n|nope|nah|no thanks|no thank you|no way|not now|no i do not|no i dont|i do not agree|i dont agree|i do not"
    "|i dont|no please|please no|please dont|please do not|never|i refuse|i decline|declined|no no|rather not"
    "|id rather not|i would rather not|no not really|not really|definitely not|absolutely not|certainly not"
    "|no definitely not|no absolutely not|no do not|no dont|dont|do not|no sorry|sorry no|no im good|no i am good"
    "|no emails|no emails please|not interested|no im not|no i am not|nope thanks|nah thanks"
    "|not today|not today thanks|no not today|no but thanks|no but thank you".split("|")
)
_NEGATIONS = frozenset("dont not never wont wouldnt rather thanks".split())
_HEDGES = frozenset(
    "but unless maybe perhaps yes yeah if yet sure only problem problems worries though depends later until except ok"
    " okay why what how which when before first doubt idea issue objection objections".split()
)
_APOSTROPHES = str.maketrans("", "", "'’`")
_THOUSANDS = re.compile(r"(?<=\d)[,.](?=\d{3}\b)")
_ISH = re.compile(r"(?<=\d)-?ish\b")
_NO_LETTERS = re.compile(r"[^\w]+|_")
_E_MAIL = re.compile(r"\be mail")
QUESTION_MARKS = ("?", "\uff1f", "\u061f")
_LUKEWARM = frozenset(("ok", "okay", "fine", "go on", "go on then", "why not then"))
_LONGEST_REFUSAL = 12  # words
_EXCLAIMED = re.compile(r"^(?:(?:haha|ha|lol|hell|god|oh|well|um|er|hm|hmm|ehm|erm|thanks but) )+")
_HESITATION = re.compile(r"^(?:(?:u+h+|u+m+|e+r+m?|h+m+|oh|ah|well|yeah|ok|okay)[\s,.…]+)+(?=\S)", re.IGNORECASE)
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
    r"^\s*(?:(?:no|nope|hm+|mm+|um|uh|er|sorry|actually|wait|oops|hang on|hold on|correction|my mistake|my bad"
    r"|i changed my mind|on second thoughts?|i made a mistake|oh|ah|well|rather|scratch that"
    r"|let me correct that|that(?:'s| is| was)? wrong)\b[\s,.:;!-]*)+",
    re.IGNORECASE,
)
_RESTATES = re.compile(
    r"^(?:(?:more like|closer to|it(?:'?s| is)|i mean|i meant(?: to say)?|i'?m|i am|that(?:'?s| is)|make that"
    r"|make it|change (?:it|that) to|should be|it should be|we(?:'?re| are))\s+)+(.{1,200})$",
    re.IGNORECASE,
)
_RESTATES_BY_ITSELF = re.compile(
    r"^\s*(?=(?:i meant|make (?:it|that)|change (?:it|that) to|(?:it|that) should be)\s)", re.IGNORECASE
)

_TURNS_OFF = re.compile(
    r"(?:please |can you |could you )?(?:turn|switch) (\w+(?: \w+)?) off(?: please)?"
    r"|(?:please |can you |could you |i want to |id like to )?(?:(?:turn|switch) off|disable|stop|no more|no|remove"
    r"|unsubscribe (?:me )?from|i dont want(?: any)?(?: more)?) (?:the |my |your )?"
    r"(\w+(?: \w+)?)(?: please| any ?more)?"
)


@dataclass(frozen=True)
class TakenBack:
    """What follows "no, …" or "sorry, …"; ``restated`` when it goes on "I meant …" or "it's …", then ``value``."""

    rest: str
    value: str
    restated: bool


def taken_back(text: str) -> TakenBack | None:
    """Read a text that takes something back; None when it does not, or says nothing in its place."""
    mark = _TAKES_BACK.match(text) or _RESTATES_BY_ITSELF.match(text)
    rest = text[mark.end() :].strip() if mark else ""
    if not rest:
        return None
    restated = _RESTATES.match(rest)
    return TakenBack(rest, (restated.group(1) if restated else rest).strip(" .!"), restated is not None)


def normalise(text: str) -> str:
    """Reduce a text to lower-case words and numbers, so that case, punctuation and accents do not matter."""
    if text.isascii():
        letters = text.lower()
    else:
        folded = unicodedata.normalize("NFKD", text).casefold()
        letters = "".join(letter for letter in folded if not unicodedata.combining(letter))
    letters = letters.translate(_APOSTROPHES).replace("+", " plus ")
    letters = _THOUSANDS.sub("", letters)
    letters = _ISH.sub(" ish", letters)
    words = " ".join(_NO_LETTERS.sub(" ", letters).split())
    return _E_MAIL.sub("email", words)


def read_yes_no(text: str) -> bool | None:
    """Read an unmistakable yes or no; anything with a hedge or a condition is neither."""
    said = normalise(text)
    if said in _YES:
        return True
    if said in _NO or _refuses(said.split()) or _EXCLAIMED.sub("", said) in _NO:
        return False
    return None


def read_agreement(text: str) -> bool | None:
    """Read a yes or no to something that binds; "ok" and "yes?" are neither, they may only mean "I see"."""
    said = read_yes_no(text)
    is_doubtful = normalise(text) in _LUKEWARM or any(mark in text for mark in QUESTION_MARKS)
    return None if said and is_doubtful else said


def _refuses(words: list[str]) -> bool:
    """A longer refusal ("no, I don't want any e-mails"). There is no such rule for yes: a yes must be plain."""
    if not words or words[0] not in ("no", "nope", "nah") or len(words) > _LONGEST_REFUSAL:
        return False
    return bool(_NEGATIONS.intersection(words)) and not _HEDGES.intersection(words)


def without_turning_off(text: str) -> str | None:
    """Return what a text wants turned off ("turn off e-mail", "no more texts please"); None when it wants no such."""
    match = _TURNS_OFF.fullmatch(normalise(text))
    return match and (match.group(1) or match.group(2))


def clean_text(text: str) -> str:
    """Drop control characters and surrounding blanks; keep every letter, sign and emoji as typed."""
    kept = "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) != "Cc")
    return kept.strip()


def without_lead_in(text: str, contact_field: str) -> str:
    """Take the name out of "my name is Ada" or "um, we are Acme", for the contact fields that need it."""
    text = _HESITATION.sub("", text)
    pattern = _LEAD_INS.get(contact_field)
    match = pattern.match(text) if pattern else None
    return match.group(1).strip(" .!,") if match else text

"""Whether a text says that somebody wants no more messages, and what it stops. Recall goes before precision.

The whole message as one of the carriers' words is final. Otherwise phrases, sentence by sentence in four languages, and
the classifier are weighed together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import re2

from crm.consent.opt_out.channel_wishes import says_where_to_go_on
from crm.consent.opt_out.classifier import Classifier, shipped_classifier
from crm.consent.opt_out.features import place_of
from crm.consent.opt_out.keywords import is_other_keyword, is_refusal, is_stop_word
from crm.consent.opt_out.meaning import HIGHEST, shipped_meaning
from crm.consent.opt_out.message import Message, read_message
from crm.consent.opt_out.phrases import LANGUAGES, Hit, phrases_of
from crm.consent.opt_out.plain_words import REMEMBERED
from crm.consent.opt_out.signs import says_it_by_signs
from crm.consent.opt_out.word_families import families_of

ALL = "all"
_CERTAIN, _LIKELY = 1.0, 0.6
FEW_WORDS, MEANT = 2, 2.0
"""Of stopping, refusing, sending … (word_families.yml), below which the classifier must be surer; and the score of the
meaning that it must have then, for pieces of names and codes look like anything."""
_ERASURE = re2.compile(
    r"\b(?:delet|eras|wip|borr|elimin|suprim|supprim|effac|losch|loesch)\w*\b.*"
    r"\b(?:data|infos?|informa[tc]i\w+|account|profile|records?|datos|cuenta|donnees|compte|daten|konto|profil|everything|todo|tout|alles)\b"
)
_LIST = re2.compile(r"\b(?:bases? d\w* (?:datos|donnees)|(?:from|de|out of|off|aus) (?:everything|todo|tout|allem))\b")
"""What somebody asks to be taken out of, in words that erasure has, too: "Bórrenme de su base de datos"."""
_NO_LANGUAGE = re.compile(r"[{}\\`]|<[a-z/!?]|\S=\S|==|\|\||;\s*--", re.IGNORECASE)
"""Signs of programs, which hearts and other faces are not; what has one is read by the phrases only. Not by re2: a
message may have half characters."""
_ADDRESS = re.compile(r"[^\s@<>()\",;:]{1,64}@[^\s@<>()\",;:]{1,250}\.\w{2,}|\b(?:https?://|www\.)\S+", re.IGNORECASE)
_ANY_ADDRESS = "name@example.com"
"""What each is read as: whoever is asked for an address and has "no.more.mails@…" or "ada@sms.…" says nothing by it."""
_SILENT = Hit("silent", doubtful=False, channels=(), is_marketing=False)


@dataclass(frozen=True, slots=True)
class OptOut:
    """What a message stops.

    Attributes:
        purpose: `marketing`, or `all`.
        channels: those that were named; None: all of them, which is also what silence means.
        rule: what read it so: `word:stop`, `phrase:en/stop_sending`, `signs`, `classifier:2026-11-28`.
        confidence: 0 to 1.
        doubtful: it holds, and a person should look at it.
    """

    purpose: str
    channels: tuple[str, ...] | None
    rule: str
    confidence: float
    doubtful: bool


def read_opt_out(  # noqa: PLR0911 - one way out for each thing a message may be
    text: str, *, channel: str, language: str | None = None, answers_promotion: bool = False
) -> OptOut | None:
    """What of our messages the person wants no more of; None when they say no such thing.

    Args:
        channel: where it was said: "stop messaging me here" is about it.
        language: the talk's, whose phrases are looked at first. People mix languages, so all are looked at.
        answers_promotion: whether it is the reply to a promotional message of ours: then a plain no is an opt-out.
    """
    message = read_message(_ADDRESS.sub(_ANY_ADDRESS, text), channel)
    word = is_stop_word(message.text, channel)
    if word is not None:
        return OptOut(ALL, None, f"word:{word}", _CERTAIN, doubtful=False)
    if is_refusal(message.text):
        is_ours = answers_promotion or message.answers_ours
        return OptOut(ALL, None, "reply:refusal", _LIKELY, doubtful=True) if is_ours else None
    found = find_phrases(message, language)
    if not found.hits and says_it_by_signs(message.text, message.sentences, channel):
        return OptOut(ALL, None, "signs", _LIKELY, doubtful=True)
    if not message.sentences or is_other_keyword(message.text, channel):
        return None
    if found.hits and any(hit.whole for hit in found.hits):
        return _by_phrase(found, channel)
    if not found.hits and not is_weighed(message):
        return None
    classifier, is_alone = shipped_classifier(), not found.hits and count_words_of_it(message) < FEW_WORDS
    settings = classifier.settings
    rate = _rate(message, found, settings.possible_alone if is_alone else settings.possible_on(channel))
    if rate is None or (is_alone and _meaning(message.text) < MEANT):
        return None
    if found.hits:
        return _by_phrase(found, channel)
    rule = f"classifier:{settings.version}"
    doubtful = is_alone or rate < settings.certain
    return _to_opt_out(_scopes(message, classifier, language), channel, rule, round(rate, 3), doubtful=doubtful)


def _rate(message: Message, found: Found, possible: float) -> float | None:
    """How likely it is an opt-out; None where that is less than possible.

    What it means takes a millisecond to work out: most texts cannot be one whatever they mean, by their words alone.
    """
    score = _score(message.sentences, place_of(message.sentences, message.channel), message.asks)
    rate = partial(
        shipped_classifier().rate, score, phrase=bool(found.hits), something_else=found.is_something_else
    )  # fmt: skip
    if rate(HIGHEST) < possible:
        return None
    likely = rate(_meaning(message.text))
    return likely if likely >= possible else None


@lru_cache(maxsize=REMEMBERED)
def _score(sentences: tuple[str, ...], place: str, asks: bool) -> float:  # noqa: FBT001 - lru_cache takes it so
    return shipped_classifier().score_text(sentences, place=place, asks=asks)


@lru_cache(maxsize=REMEMBERED)
def _meaning(text: str) -> float:
    return shipped_meaning().score(text)


@dataclass(frozen=True, slots=True)
class Found:
    """What the phrases say of a message.

    Attributes:
        language: of the phrases that hit.
        is_something_else: every sentence speaks of stopping something else.
    """

    hits: tuple[Hit, ...]
    language: str
    is_something_else: bool


def is_weighed(message: Message) -> bool:
    """Whether the classifier is asked: commands and code are nobody's words, and erasure is a request of its own.

    That (GDPR 17) the dialogue files; nothing is sent meanwhile either. Who says where to go on wants to go on.
    """
    if says_where_to_go_on(message.sentences):
        return False
    if message.text.lstrip().startswith("/") or _NO_LANGUAGE.search(message.text):
        return False
    return not any(_ERASURE.search(_LIST.sub("", sentence)) for sentence in message.sentences)


def count_words_of_it(message: Message) -> int:
    """How many words of stopping, refusing, sending … are in it.

    With none or one it may be a name, a code or a "no", which is what somebody answers; the classifier has never seen
    most names, and a piece of one may look like a stop ("Julia Stopford").
    """
    return sum(bool(families_of(word)) for sentence in message.sentences for word in sentence.split())


def find_phrases(message: Message, language: str | None = None) -> Found:
    """The sentences that have the words of a phrase, in the first language that knows any."""
    sentences = [sentence for sentence in message.sentences if not _is_something_else(sentence)]
    for tongue in _tongues(language):
        phrases = phrases_of(tongue)
        hits = tuple(hit for sentence in sentences if (hit := phrases.find(sentence, message.channel)) is not None)
        if hits:
            return Found(hits, tongue, is_something_else=False)
    return Found((), "", is_something_else=bool(message.sentences) and not sentences)


def _by_phrase(found: Found, channel: str) -> OptOut:
    best = min(found.hits, key=lambda hit: hit.doubtful)
    confidence = _LIKELY if best.doubtful else _CERTAIN
    return _to_opt_out(found.hits, channel, f"phrase:{found.language}/{best.rule}", confidence, doubtful=best.doubtful)


def _scopes(message: Message, classifier: Classifier, language: str | None) -> list[Hit]:
    """What each sentence that is an opt-out by itself says about scope. None says anything: then it is everything."""
    found = []
    for sentence in message.sentences:
        score = _score((sentence,), place_of((sentence,), message.channel), asks=False)
        if classifier.rate(score, _meaning(sentence)) >= classifier.settings.possible_on(message.channel):
            scopes = (phrases_of(tongue).find_scope(sentence) for tongue in _tongues(language))
            found.append(next((scope for scope in scopes if scope is not None), _SILENT))
    return found or [_SILENT]


def _tongues(language: str | None) -> list[str]:
    """The languages, the talk's first."""
    first = (language or "").partition("-")[0]
    return sorted(LANGUAGES, key=lambda one: one != first)


def _is_something_else(sentence: str) -> bool:
    """In any language: "unsubscribe" is known in all of them, and so are its questions."""
    return any(phrases_of(language).is_something_else(sentence) for language in LANGUAGES)


def _to_opt_out(hits: Sequence[Hit], channel: str, rule: str, confidence: float, *, doubtful: bool) -> OptOut:
    """The widest of what the sentences stop: when one says everything, everything is stopped."""
    channels: tuple[str, ...] | None = None
    if all(hit.channels for hit in hits):
        named = (name for hit in hits for name in hit.channels)
        channels = tuple(sorted({channel if name == "here" else name for name in named}))
    purpose = "marketing" if all(hit.is_marketing for hit in hits) else ALL
    return OptOut(purpose, channels, rule, confidence, doubtful)

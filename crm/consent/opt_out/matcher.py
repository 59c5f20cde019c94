"""Whether a text says that somebody wants no more messages, and what it stops. Recall goes before precision.

The whole message as one of the carriers' words, then phrases sentence by sentence in four languages, then the
classifier, which also leaves to the dialogue what has the words of a phrase but is plainly something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm.consent.opt_out.classifier import Classifier, shipped_classifier
from crm.consent.opt_out.keywords import is_refusal, is_stop_word
from crm.consent.opt_out.message import Message, read_message
from crm.consent.opt_out.phrases import LANGUAGES, Hit, phrases_of

ALL = "all"
_CERTAIN, _LIKELY = 1.0, 0.6
_SILENT = Hit("silent", doubtful=False, channels=(), is_marketing=False)


@dataclass(frozen=True, slots=True)
class OptOut:
    """What a message stops.

    Attributes:
        purpose: `marketing`, or `all`.
        channels: those that were named; None: all of them, which is also what silence means.
        rule: what read it so: `word:stop`, `phrase:en/stop_sending`, `classifier:2026-11-28`.
        confidence: 0 to 1.
        doubtful: it holds, and a person should look at it.
    """

    purpose: str
    channels: tuple[str, ...] | None
    rule: str
    confidence: float
    doubtful: bool


def read_opt_out(text: str, *, channel: str, language: str | None = None) -> OptOut | None:
    """What of our messages the person wants no more of; None when they say no such thing.

    Args:
        channel: where it was said: "stop messaging me here" is about it.
        language: the talk's, whose phrases are looked at first. People mix languages, so all are looked at.
    """
    message = read_message(text, channel)
    by_words = find_by_words(message)
    if by_words is not None or not message.sentences:
        return by_words
    classifier = shipped_classifier()
    settings = classifier.settings
    rate = classifier.rate(message.sentences, channel=channel, asks=message.asks)
    by_phrases = find_by_phrases(message, language, only_whole=rate < settings.impossible)
    if by_phrases is not None or rate < settings.possible:
        return by_phrases
    hits = _scopes(message, classifier, language)
    rule = f"classifier:{settings.version}"
    return _to_opt_out(hits, channel, rule, round(rate, 3), doubtful=rate < settings.certain)


def find_by_words(message: Message) -> OptOut | None:
    """An opt-out that the whole message is, word by word."""
    word = is_stop_word(message.text, message.channel)
    if word is not None:
        return OptOut(ALL, None, f"word:{word}", _CERTAIN, doubtful=False)
    if message.answers_ours and is_refusal(message.text):
        return OptOut(ALL, None, "reply:refusal", _LIKELY, doubtful=True)
    return None


def find_by_phrases(message: Message, language: str | None = None, *, only_whole: bool = False) -> OptOut | None:
    """An opt-out in the words of a phrase, in any of the languages; or only where a sentence is nothing but that."""
    sentences = [sentence for sentence in message.sentences if not _is_something_else(sentence)]
    for tongue in _tongues(language):
        phrases = phrases_of(tongue)
        hits = [hit for sentence in sentences if (hit := phrases.find(sentence, message.channel)) is not None]
        if hits and (not only_whole or any(hit.whole for hit in hits)):
            best = min(hits, key=lambda hit: hit.doubtful)
            confidence = _LIKELY if best.doubtful else _CERTAIN
            return _to_opt_out(
                hits, message.channel, f"phrase:{tongue}/{best.rule}", confidence, doubtful=best.doubtful
            )
    return None


def _scopes(message: Message, classifier: Classifier, language: str | None) -> list[Hit]:
    """What each sentence that is an opt-out by itself says about scope. None of them: nothing was said, so everything."""
    found = []
    for sentence in message.sentences:
        if classifier.rate((sentence,), channel=message.channel, asks=False) >= classifier.settings.possible:
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
        named = {name for hit in hits for name in hit.channels}
        channels = tuple(sorted(channel if name == "here" else name for name in named))
    purpose = "marketing" if all(hit.is_marketing for hit in hits) else ALL
    return OptOut(purpose, channels, rule, confidence, doubtful)

"""Whether a text says that somebody wants no more messages, and what it stops. Recall goes before precision.

The whole message as one of the carriers' words, then phrases sentence by sentence in four languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm.consent.opt_out.keywords import is_stop_word
from crm.consent.opt_out.phrases import LANGUAGES, Hit, phrases_of
from crm.consent.opt_out.plain_words import split_sentences

ALL = "all"
_LOOKED_AT = 4000
"""Characters; channels refuse longer messages."""
_CERTAIN, _LIKELY = 1.0, 0.6


@dataclass(frozen=True, slots=True)
class OptOut:
    """What a message stops.

    Attributes:
        purpose: `marketing`, or `all`.
        channels: those that were named; None: all of them, which is also what silence means.
        rule: what read it so: `word:stop`, `phrase:en/stop_sending`.
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
    word = is_stop_word(text, channel)
    if word is not None:
        return OptOut(ALL, None, f"word:{word}", _CERTAIN, doubtful=False)
    sentences = [sentence for sentence in split_sentences(text[:_LOOKED_AT]) if not _is_something_else(sentence)]
    first = (language or "").partition("-")[0]
    for tongue in sorted(LANGUAGES, key=lambda one: one != first):
        phrases = phrases_of(tongue)
        hits = [hit for sentence in sentences if (hit := phrases.find(sentence, channel)) is not None]
        if hits:
            return _to_opt_out(tongue, hits, channel)
    return None


def _is_something_else(sentence: str) -> bool:
    """In any language: "unsubscribe" is known in all of them, and so are its questions."""
    return any(phrases_of(language).is_something_else(sentence) for language in LANGUAGES)


def _to_opt_out(language: str, hits: Sequence[Hit], channel: str) -> OptOut:
    """The widest of what the sentences stop: when one says everything, everything is stopped."""
    best = min(hits, key=lambda hit: hit.doubtful)
    channels: tuple[str, ...] | None = None
    if all(hit.channels for hit in hits):
        named = {name for hit in hits for name in hit.channels}
        channels = tuple(sorted(channel if name == "here" else name for name in named))
    purpose = "marketing" if all(hit.is_marketing for hit in hits) else ALL
    confidence = _LIKELY if best.doubtful else _CERTAIN
    return OptOut(purpose, channels, f"phrase:{language}/{best.rule}", confidence, best.doubtful)

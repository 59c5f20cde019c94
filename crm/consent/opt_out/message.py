"""A message as rules and classifier read it: its own sentences, reduced to words. Pure; judges nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from crm.consent.opt_out.plain_words import HALF_CHARACTER, split_sentences
from crm.consent.opt_out.replies import own_words, quotes_something

_LOOKED_AT = 4000
"""Characters; channels refuse longer messages."""
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Taken out first: they would hide where a sentence ends or a quote begins."""


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote.

    Attributes:
        text: without what a reply by e-mail quotes, and without its signature.
        sentences: reduced to words.
        asks: there is a question mark in it.
        answers_ours: by e-mail, with the message that it answers below it.
    """

    text: str
    channel: str
    sentences: tuple[str, ...]
    asks: bool
    answers_ours: bool


def read_message(text: str, channel: str) -> Message:
    """Take a message apart."""
    told = text[:_LOOKED_AT].translate(_INVISIBLE)
    answers_ours = False
    if channel == "email":
        told = HALF_CHARACTER.sub("\ufffd", told)
        answers_ours = quotes_something(told)
        told = own_words(told)
    asks = "?" in unicodedata.normalize("NFKC", told)
    return Message(told, channel, split_sentences(told), asks, answers_ours)

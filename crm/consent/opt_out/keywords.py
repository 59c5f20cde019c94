"""The carriers' own words, alone in a message: STOP and its kin, HELP, START. Dated data in words.yml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from crm.consent.opt_out.plain_words import reduce_to_words

_WORDS = Path(__file__).with_name("words.yml")
_LONGEST = 200  # characters; no keyword is longer, and a long message need not be taken apart
_STOP_COMMAND = re.compile(r"\s*/stop(?:@\w+)?\s", re.IGNORECASE)
"""With words behind it: what stands behind a messenger's command is its parameter."""


def is_stop_word(text: str, channel: str) -> str | None:
    """The carriers' word that the whole message is, if it is one, or its command (`/stop it, please`).

    On SMS, e-mail, voice and messengers every word counts, whatever the dialogue had asked: carriers and 47 CFR
    64.1200(a)(10) read them so. In the web chat the person sits before a form that can be cancelled, ended or quit,
    so those stay with the dialogue there (and `alto`, which is also "tall" or "high" in answers).
    """
    if _STOP_COMMAND.match(text):
        return "stop"
    words, said = _words(), _read_short(text)
    return said if said in words.everywhere or (channel != "web" and said in words.not_on_web) else None


def read_keyword(text: str, *, channel: str) -> Literal["help", "start"] | None:
    """HELP or START, when the whole message is that word and the channel is one of the carriers' or messengers'."""
    if channel == "web":
        return None
    words, said = _words(), _read_short(text)
    return "help" if said in words.help else "start" if said in words.start else None


def is_other_keyword(text: str, channel: str) -> bool:
    """Whether the whole message is a word with a meaning of its own: UNSTOP is no way to say stop.

    In the web chat "quit" and its like answer what was asked, whatever they would be elsewhere.
    """
    if channel == "web":
        return _read_short(text) in _words().not_on_web
    return read_keyword(text, channel=channel) is not None


def is_refusal(text: str) -> bool:
    """Whether the whole message is a plain no, which means something only as the answer to a message of ours."""
    return _read_short(text) in _words().refusals


def _read_short(text: str) -> str | None:
    """The words of a message that may be a keyword."""
    return reduce_to_words(text) if len(text) <= _LONGEST else None


@dataclass(frozen=True, slots=True)
class _Words:
    everywhere: frozenset[str]
    not_on_web: frozenset[str]
    help: frozenset[str]
    start: frozenset[str]
    refusals: frozenset[str]


@cache
def _words() -> _Words:
    content = yaml.safe_load(_WORDS.read_text("utf-8"))
    parts = ("everywhere", "not_on_web", "help", "start", "refusals")
    return _Words(*(frozenset(reduce_to_words(word) for word in content[part]) for part in parts))

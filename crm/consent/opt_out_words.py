"""Opt-outs in the carriers' own words, found before any dialogue runs. Exact words only: phrases are not judged here.

Pure; the words are dated data in opt_out_words.yml.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

_WORDS = Path(__file__).with_name("opt_out_words.yml")

# Surrogates are kept: they are no part of any word and must not vanish into one.
_DROPPED = frozenset({"Cc", "Cf", "Co", "Cn"})


def match_opt_out(text: str, channel: str) -> Literal["everything"] | None:
    """Whether the whole message is an opt-out word, and what it stops.

    On SMS, e-mail, voice and messengers every word counts, whatever the dialogue had asked: carriers and 47 CFR
    64.1200(a)(10) read them so. In the web chat the person sits before a form that can be cancelled, ended or quit,
    so `cancel`, `end` and `quit` stay with the dialogue there (and `alto`, which is also "tall" or "high" in answers);
    `stop`, `stop all`, `unsubscribe`, `opt out`, `revoke`, `arret` and `parar` opt out on every channel, because to
    stop too much is the lesser error.
    """
    # No opt-out word is longer, and a 4,000 character message need not be taken apart.
    if len(text) > 200:
        return None
    everywhere, not_on_web = _words()
    said = reduce_to_words(text)
    if said in everywhere or (channel != "web" and said in not_on_web):
        return "everything"
    return None


def reduce_to_words(text: str) -> str:
    """Letters and digits only, without case, accents, width, punctuation, emoji or invisible characters."""
    spelled = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (" " if char.isspace() else char for char in spelled if char.isspace() or not _is_noise(char))
    return " ".join("".join(kept).split())


def _is_noise(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "PSM" or category in _DROPPED


@cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    content = yaml.safe_load(_WORDS.read_text())
    everywhere, not_on_web = (
        frozenset(reduce_to_words(word) for word in content[part]) for part in ("everywhere", "not_on_web")
    )
    return everywhere, not_on_web

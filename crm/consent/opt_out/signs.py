"""Texts of emoji that say "no messages" ("🚫💬 danke", "🛑"), which are lost where texts are reduced to words. Pure.

The signs and the words that may stand beside them are in signs.yml.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("signs.yml")
_LONGEST = 40  # characters; whoever writes more says it in words


def says_it_by_signs(text: str, sentences: Sequence[str], channel: str) -> bool:
    """Whether a text has a sign of stopping, and no word but of messages, of thanks and the like.

    A sign that only says no, and every sign in the web chat, needs one of messages or a word for them beside it.

    Args:
        text: as it was written.
        sentences: the same, reduced to words.
    """
    if len(text) > _LONGEST:
        return False
    signs, known = set(text), _known()
    if signs.isdisjoint(known.refuse):
        return False
    words = {word for sentence in sentences for word in sentence.split()}
    if not words <= known.words:
        return False
    is_alone = bool(signs & known.stop) and channel != "web"
    return is_alone or bool(signs & known.messages) or bool(words & known.words_of_messages)


@dataclass(frozen=True, slots=True)
class _Known:
    """Signs, those of stopping among those of refusing, and words, those of messages among all."""

    stop: frozenset[str]
    refuse: frozenset[str]
    messages: frozenset[str]
    words_of_messages: frozenset[str]
    words: frozenset[str]


@cache
def _known() -> _Known:
    content = yaml.safe_load(_FILE.read_text("utf-8"))
    stop, refuse, messages, of_messages = (
        frozenset(content[part].split()) for part in ("stop", "refuse", "messages", "words_of_messages")
    )
    words = of_messages.union(*map(str.split, content["around"].values()))
    return _Known(stop, stop | refuse, messages, of_messages, words)

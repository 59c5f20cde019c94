"""Texts that say nothing but where a talk shall go on ("in Telegram, please", "lieber per Mail"). Pure; stops nothing.

They are as short as opt-outs and speak of the same things; who names a channel to be written to wants to be written to.
The words are in channel_wishes.yml.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("channel_wishes.yml")


def says_where_to_go_on(sentences: tuple[str, ...]) -> bool:
    """Whether all words, reduced, are a channel's name and what stands around it: none that refuses is among them."""
    channels, known = _words()
    words = {word for sentence in sentences for word in sentence.split()}
    return words <= known and bool(words & channels)


@cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    """Names of channels, and these with what stands around them in any language."""
    content = yaml.safe_load(_FILE.read_text("utf-8"))
    channels = frozenset(content["channels"].split())
    return channels, channels.union(*(words.split() for words in content["around"].values()))

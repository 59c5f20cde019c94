"""Phrases of opting out by language, as dated data (phrases.*.yml): patterns, what they are not, and scope words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import re2
import yaml

LANGUAGES = ("en", "es", "fr", "de")
_FOLDER = Path(__file__).parent
_BEHIND_BARS = re.compile(r"\|\s+")


@dataclass(frozen=True, slots=True)
class Hit:
    """A sentence that opts out.

    Attributes:
        channels: those it names; `here` for the one it was said on.
        is_marketing: it speaks of advertising only.
        whole: the sentence is the opt-out and nothing else, so that no other reading is possible.
    """

    rule: str
    doubtful: bool
    channels: tuple[str, ...]
    is_marketing: bool
    whole: bool = False


@dataclass(frozen=True)
class _Rule:
    name: str
    pattern: Any
    doubtful: bool
    not_on_web: bool
    whole: bool


class Phrases:
    """One language's phrases, compiled with RE2: linear in the text, whatever somebody writes."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        macros: Mapping[str, str] = content["macros"]
        self._rules = [
            _Rule(
                one["name"],
                _compile(one["pattern"], macros),
                bool(one.get("doubtful", False)),
                bool(one.get("not_on_web", False)),
                bool(one.get("whole", False)),
            )
            for one in content["opt_out"]
        ]
        self._guards = [_compile(pattern, macros) for pattern in content["not"]]
        self._channels = {name: _compile(pattern, macros) for name, pattern in content["channels"].items()}
        self._kept = [_compile(pattern, macros) for pattern in content["kept"]]
        self._marketing = _compile(content["marketing"], macros)
        self._everything = _compile(content["everything"], macros)

    def is_something_else(self, sentence: str) -> bool:
        """Whether a sentence (reduced to words) speaks of stopping, but not of our messages to whoever wrote it."""
        return any(guard.search(sentence) for guard in self._guards)

    def find(self, sentence: str, channel: str) -> Hit | None:
        """What a sentence (reduced to words) stops, if it does."""
        stopped = self._without_kept(sentence)
        rule = next((one for one in self._rules if self._says(one, (sentence, stopped), channel)), None)
        if rule is None:
            return None
        channels, is_marketing, _ = self._scope(stopped)
        return Hit(rule.name, rule.doubtful, channels, is_marketing, rule.whole)

    def find_scope(self, sentence: str) -> Hit | None:
        """What a sentence that opts out in words which no phrase knows says about scope; None when it says nothing."""
        channels, is_marketing, is_everything = self._scope(self._without_kept(sentence))
        if not (channels or is_marketing or is_everything):
            return None
        return Hit("scope", doubtful=False, channels=channels, is_marketing=is_marketing)

    def _without_kept(self, sentence: str) -> str:
        """ "No texts, e-mails are fine" is about texts: what is kept is taken out before channels are looked for."""
        stopped = sentence
        for kept in self._kept:
            stopped = " ".join(kept.sub(" ", stopped).split())
        return stopped

    def _scope(self, stopped: str) -> tuple[tuple[str, ...], bool, bool]:
        """The channels that are named, whether it is about advertising, and whether everything was said."""
        if self._everything.search(stopped):
            return (), False, True
        channels = tuple(name for name, pattern in self._channels.items() if pattern.search(stopped))
        return channels, self._marketing.search(stopped) is not None, False

    @staticmethod
    def _says(rule: _Rule, sentences: tuple[str, ...], channel: str) -> bool:
        if rule.not_on_web and channel == "web":
            return False
        return any(rule.pattern.search(sentence) is not None for sentence in sentences)


@cache
def phrases_of(language: str) -> Phrases:
    """The phrases of one of `LANGUAGES`."""
    return Phrases(yaml.safe_load((_FOLDER / f"phrases.{language}.yml").read_text("utf-8")))


def _compile(pattern: str, macros: Mapping[str, str]) -> Any:
    """A pattern with its macros filled in; line breaks behind a bar are only how the file is laid out."""
    filled = pattern
    for name, text in macros.items():
        filled = filled.replace(f"<{name}>", f"(?:{text})")
    return re2.compile(_BEHIND_BARS.sub("|", " ".join(filled.split())))

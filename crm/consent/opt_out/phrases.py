"""Phrases of opting out by language, as dated data (phrases.*.yml): patterns, what they are not, and scope words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import re2
import yaml

from crm.consent.opt_out.plain_words import REMEMBERED

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
    doubtful: bool
    not_on_web: bool
    whole: bool


class _Patterns:
    """Patterns that are looked for all at once: one pass over the text, however many they are."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._set = re2.Set.SearchSet()
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()

    def found_in(self, text: str) -> set[int]:
        """The places of those that are in the text."""
        return set(self._set.Match(text) or ())


class Phrases:
    """One language's phrases, compiled with RE2: linear in the text, whatever somebody writes."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        macros: Mapping[str, str] = content["macros"]
        self._rules = [
            _Rule(
                one["name"],
                bool(one.get("doubtful", False)),
                bool(one.get("not_on_web", False)),
                bool(one.get("whole", False)),
            )
            for one in content["opt_out"]
        ]
        self._patterns = _Patterns(_fill(one["pattern"], macros) for one in content["opt_out"])
        self._guards = _Patterns(_fill(pattern, macros) for pattern in content["not"])
        self._channels = {name: re2.compile(_fill(pattern, macros)) for name, pattern in content["channels"].items()}
        self._kept = [re2.compile(_fill(pattern, macros)) for pattern in content["kept"]]
        self._any_kept = _Patterns(_fill(pattern, macros) for pattern in content["kept"])
        self._marketing = re2.compile(_fill(content["marketing"], macros))
        self._everything = re2.compile(_fill(content["everything"], macros))
        self._find_rules = lru_cache(maxsize=REMEMBERED)(self._look_for_rules)
        self._is_guarded = lru_cache(maxsize=REMEMBERED)(self._look_for_guards)

    def is_something_else(self, sentence: str) -> bool:
        """Whether a sentence (reduced to words) speaks of stopping, but not of our messages to whoever wrote it."""
        return self._is_guarded(sentence)

    def find(self, sentence: str, channel: str) -> Hit | None:
        """What a sentence (reduced to words) stops, if it does."""
        stopped, rules = self._find_rules(sentence)
        rule = next((one for one in rules if not (one.not_on_web and channel == "web")), None)
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

    def _look_for_rules(self, sentence: str) -> tuple[str, tuple[_Rule, ...]]:
        """The sentence without what they keep, and the rules that it or the whole of it fits, in their order."""
        stopped = self._without_kept(sentence)
        places = self._patterns.found_in(sentence)
        if stopped != sentence:
            places |= self._patterns.found_in(stopped)
        return stopped, tuple(self._rules[place] for place in sorted(places))

    def _look_for_guards(self, sentence: str) -> bool:
        return bool(self._guards.found_in(sentence))

    def _without_kept(self, sentence: str) -> str:
        """The sentence without what they keep: "No texts, e-mails are fine" is about texts."""
        stopped = sentence
        for place in sorted(self._any_kept.found_in(sentence)):
            stopped = " ".join(self._kept[place].sub(" ", stopped).split())
        return stopped

    def _scope(self, stopped: str) -> tuple[tuple[str, ...], bool, bool]:
        """The channels that are named, whether it is about advertising, and whether everything was said."""
        if self._everything.search(stopped):
            return (), False, True
        channels = tuple(name for name, pattern in self._channels.items() if pattern.search(stopped))
        return channels, self._marketing.search(stopped) is not None, False


@cache
def phrases_of(language: str) -> Phrases:
    """The phrases of one of `LANGUAGES`."""
    return Phrases(yaml.safe_load((_FOLDER / f"phrases.{language}.yml").read_text("utf-8")))


def _fill(pattern: str, macros: Mapping[str, str]) -> str:
    """A pattern with its macros filled in; line breaks behind a bar are only how the file is laid out."""
    filled = pattern
    for name, text in macros.items():
        filled = filled.replace(f"<{name}>", f"(?:{text})")
    return _BEHIND_BARS.sub("|", " ".join(filled.split()))

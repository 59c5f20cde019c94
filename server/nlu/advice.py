"""What a report on examples advises: which intents are taken for one another, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OPT_OUT, OUT_OF_SCOPE = "opt_out", "out_of_scope"
FEWEST = 2
"""Texts, from which on two intents are said to be confusable: any single text may be odd."""

_ONE_WAY = 3
"""Times as often one way as the other, from which on it is one intent that lacks something."""


@dataclass(frozen=True)
class Taken:
    """Texts of an intent that are taken for another."""

    intent: str
    other: str
    count: int
    examples: Sequence[str]


@dataclass(frozen=True)
class Confusable:
    """Two intents that are taken for one another; `there` is the more frequent way."""

    there: Taken
    back: Taken
    advice: str

    @property
    def count(self) -> int:
        return self.there.count + self.back.count


def list_confusable(report: Mapping[str, Any], language: str | None = None) -> list[Confusable]:
    """Pairs of intents that two texts or more confuse, the worst first.

    Args:
        report: protocols.md §5.
        language: counts texts of this language only.
    """
    taken = [_taken(row, language) for row in report["confusions"]]
    ways = {(one.intent, one.other): one for one in taken if one is not None}
    twice = {frozenset(row["intents"]) for row in report["duplicates"] if len(row["intents"]) == 2}
    found = []
    for one, other in {(min(way), max(way)) for way in ways}:
        there = ways.get((one, other), Taken(one, other, 0, ()))
        back = ways.get((other, one), Taken(other, one, 0, ()))
        if there.count < back.count:
            there, back = back, there
        if there.count + back.count >= FEWEST:
            found.append(Confusable(there, back, _advise(there, back, both=frozenset((one, other)) in twice)))
    return sorted(found, key=lambda one: (-one.count, -one.there.count, one.there.intent, one.there.other))


def list_crossed(report: Mapping[str, Any], language: str | None = None) -> list[Mapping[str, Any]]:
    """Pairs of examples that say the same under two intents."""
    return [row for row in _duplicates(report, language) if len(row["intents"]) == 2]


def list_repeated(report: Mapping[str, Any], language: str | None = None) -> list[Mapping[str, Any]]:
    """Pairs of examples of one intent that say the same."""
    return [row for row in _duplicates(report, language) if len(row["intents"]) == 1]


def in_language(rows: Sequence[Mapping[str, Any]], language: str | None) -> list[Mapping[str, Any]]:
    """The rows of a language; all, when none is asked for."""
    return [row for row in rows if language in (None, row["language"])]


def _duplicates(report: Mapping[str, Any], language: str | None) -> list[Mapping[str, Any]]:
    return [row for row in report["duplicates"] if language is None or language in row["languages"]]


def _taken(row: Mapping[str, Any], language: str | None) -> Taken | None:
    if language is None:
        return Taken(row["intent"], row["taken_for"], row["count"], row["examples"])
    own = row["languages"].get(language)
    return own and Taken(row["intent"], row["taken_for"], own["count"], own["examples"])


def _advise(there: Taken, back: Taken, *, both: bool) -> str:
    first = "Some texts stand under both: `parley nlu duplicates` lists them. " if both else ""
    intent, other = there.intent, there.other
    if OPT_OUT in (intent, other):
        sound = other if intent == OPT_OUT else intent
        return f"{first}Keep them apart, for a missed opt-out breaks the law: give {sound} examples that cannot be one."
    if other == OUT_OF_SCOPE:
        return f"{first}{intent} knows too few ways to say it: add examples like these to it."
    if intent == OUT_OF_SCOPE:
        return (
            f"{first}Add texts like these to {OUT_OF_SCOPE}, and look whether {other} has examples that say too little."
        )
    if there.count < back.count * _ONE_WAY:
        return (
            f"{first}If the bot answers both alike, make them one intent. "
            "If not, give each examples that could not be the other."
        )
    return f"{first}Move the examples that do ask for {other}, and give {intent} more that could be nothing else."

"""Opt-outs, measured: ``python -m benchmarks.nlu_opt_out``. Prints totals only, so that nobody tunes on the test set.

Each test set (nlu_data/opt_out/test*.yml) was written by an author who saw neither rules nor training texts. An opt-out
is found when `read_opt_out` finds one, doubtful or not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from crm.consent.opt_out import matcher, plain_words, read_opt_out
from crm.consent.opt_out.keywords import is_stop_word
from crm.consent.opt_out.matcher import find_phrases
from crm.consent.opt_out.message import read_message
from crm.consent.opt_out.phrases import phrases_of
from crm.consent.opt_out.plain_words import reduce_to_words

TEXTS = Path(__file__).resolve().parents[1] / "nlu_data" / "opt_out"
SETS = {
    "train": "train*.yml",
    "dev": "dev.*.yml",
    "test": "test.*.yml",
    "test_2": "test_2.*.yml",
    "test_3": "test_3.*.yml",
    "test_4": "test_4.*.yml",
}
"""The files of each; of the training set there are some of each author."""
TEST_SETS = ("test", "test_2", "test_3", "test_4")
TOGETHER = "all"
LANGUAGES = ("en", "es", "fr", "de")
TWILIO = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
"""Twilio's default opt-out keywords: the whole message is the word, in any case (its documentation, 2026-11)."""
REPEATS = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with what its author says it is."""

    text: str
    language: str
    channel: str
    is_opt_out: bool
    scope: dict[str, Any] | None


Finder = Callable[[Labelled], bool]


def measure(_data: Path | None = None) -> dict[str, Any]:
    """Read every text of the test sets in each way."""
    ways: dict[str, Finder] = {
        "parley": lambda one: read_opt_out(one.text, channel=one.channel, language=one.language) is not None,
        "parley, certain": _finds_certainly,
        "its rules alone": _finds_by_rules,
        "twilio's words": lambda one: one.text.strip().casefold() in TWILIO,
        "exactly stop": lambda one: one.text.strip().casefold() == "stop",
    }
    texts = {name: read_texts(name) for name in TEST_SETS}
    texts[TOGETHER] = [one for some in texts.values() for one in some]
    return {
        "counts": {name: _counts(read_texts(name)) for name in SETS},
        "overlap": {f"{name}, {other}": len(overlap(name, other)) for name in TEST_SETS for other in ("train", "dev")},
        "sets": {
            name: {
                "ways": {way: figures(texts[name], finds) for way, finds in ways.items()},
                "parts": {part: figures(some, ways["parley"]) for part, some in _parts(texts[name])},
            }
            for name in texts
        },
        "scope": _scope(texts["test"]),
        "microseconds": _microseconds(texts[TOGETHER]),
    }


def show(result: dict[str, Any]) -> str:
    """The tables."""
    counts = ", ".join(f"{kind} {one['opt_outs']}/{one['near_misses']}" for kind, one in result["counts"].items())
    lines = [f"opt-outs/near misses: {counts}", f"texts also in another set: {result['overlap']}"]
    for name, found in result["sets"].items():
        lines.append(f"{name:18}{'opt-outs':>10}{'near':>7}{'recall':>9}{'precision':>11}{'F1':>7}")
        for way, row in {**found["ways"], **found["parts"]}.items():
            lines.append(
                f"{way:18}{row['opt_outs']:>10}{row['near_misses']:>7}{row['recall']:>9.3f}{row['precision']:>11.3f}"
                f"{row['f1']:>7.3f}"
            )
    scope, spent = result["scope"], result["microseconds"]
    lines.append(f"scope as labelled: {scope['right']}/{scope['of']}; too narrow: {scope['too_narrow']}")
    lines.append(f"microseconds a message: median {spent['median']:.0f}, p95 {spent['p95']:.0f}")
    return "\n".join(lines)


def read_texts(kind: str) -> list[Labelled]:
    """All texts of one of the sets."""
    found = []
    for path in sorted(TEXTS.glob(SETS[kind])):
        content = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        for part, is_opt_out in (("opt_out", True), ("near_miss", False)):
            found += [
                Labelled(one["text"], one["language"], one["channel"], is_opt_out, one.get("scope"))
                for one in content[part]
            ]
    return found


def overlap(kind: str, other: str) -> set[str]:
    """Texts, reduced to words, that are in both."""
    return {_reduced(one) for one in read_texts(kind)} & {_reduced(one) for one in read_texts(other)}


def figures(texts: Sequence[Labelled], finds: Finder) -> dict[str, Any]:
    """Recall, precision and F1 of opt-outs."""
    found = [finds(one) for one in texts]
    opt_outs = sum(one.is_opt_out for one in texts)
    right = sum(hit and one.is_opt_out for hit, one in zip(found, texts, strict=True))
    recall, precision = right / max(opt_outs, 1), right / max(sum(found), 1)
    return {
        "opt_outs": opt_outs,
        "near_misses": len(texts) - opt_outs,
        "recall": round(recall, 4),
        "precision": round(precision, 4),
        "f1": round(2 * recall * precision / max(recall + precision, 1e-9), 4),
    }


def _finds_certainly(one: Labelled) -> bool:
    found = read_opt_out(one.text, channel=one.channel, language=one.language)
    return found is not None and not found.doubtful


def _finds_by_rules(one: Labelled) -> bool:
    message = read_message(one.text, one.channel)
    return is_stop_word(message.text, one.channel) is not None or bool(find_phrases(message, one.language).hits)


def _parts(texts: Sequence[Labelled]) -> Iterator[tuple[str, list[Labelled]]]:
    for language in LANGUAGES:
        yield f"parley, {language}", [one for one in texts if one.language == language]
    yield "parley, web chat", [one for one in texts if one.channel == "web"]
    yield "parley, elsewhere", [one for one in texts if one.channel != "web"]


def _scope(texts: Sequence[Labelled]) -> dict[str, int]:
    """How often what is stopped is what the author named, among opt-outs that were found and have a scope."""
    right = of = too_narrow = 0
    for one in texts:
        found = read_opt_out(one.text, channel=one.channel, language=one.language) if one.scope else None
        if found is None or one.scope is None:
            continue
        of += 1
        channels = one.scope.get("channels")
        named = frozenset(() if channels in (None, "all") else channels)
        stopped = frozenset(found.channels or ())
        right += found.purpose == one.scope["purpose"] and stopped == named
        misses_channel = bool(stopped) and not (named and named <= stopped)
        too_narrow += misses_channel or (found.purpose == "marketing" and one.scope["purpose"] == "all")
    return {"right": right, "of": of, "too_narrow": too_narrow}


def _microseconds(texts: Sequence[Labelled]) -> dict[str, float]:
    """By message, the least of some repeats: what else runs on the machine only adds. Nothing is remembered."""
    least = []
    for one in texts:
        spent = []
        for _ in range(REPEATS):
            _forget()
            began = time.perf_counter()
            read_opt_out(one.text, channel=one.channel, language=one.language)
            spent.append(time.perf_counter() - began)
        least.append(min(spent) * 1e6)
    return {"median": round(statistics.median(least), 1), "p95": round(statistics.quantiles(least, n=20)[-1], 1)}


def _forget() -> None:
    """What a process remembers of the last messages, for each is read several times on its way."""
    for remembered in (matcher._score, matcher._meaning, plain_words.reduce_to_words, plain_words.split_sentences):
        remembered.cache_clear()
    for language in LANGUAGES:
        phrases_of(language)._find_rules.cache_clear()
        phrases_of(language)._is_guarded.cache_clear()


def _counts(texts: Sequence[Labelled]) -> dict[str, int]:
    opt_outs = sum(one.is_opt_out for one in texts)
    return {"opt_outs": opt_outs, "near_misses": len(texts) - opt_outs}


def _reduced(one: Labelled) -> str:
    """Emoji alone reduce to nothing and stay what they are."""
    return reduce_to_words(one.text) or one.text


if __name__ == "__main__":
    print(show(measure()))

"""How a report on examples looks in the terminal. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from server.nlu.advice import Confusable, Taken, in_language, list_crossed, list_repeated
from server.nlu.places import Places

WORST = 10
"""Intents that the summary names."""

WEAK = 0.7
"""F1 below which an intent is worth naming."""


def summary(report: Mapping[str, Any], language: str | None = None) -> Iterator[str]:
    """The figures as a table, and the intents that are understood least."""
    languages = [row for row in report["per_language"] if language in (None, row["language"])]
    yield (
        f"{report['examples']:,} examples of {report['intents']} intents. "
        "Each was put to a model that had not seen it (cross-validation)."
    )
    yield ""
    yield f"{'language':10}{'examples':>9}{'accuracy':>10}{'macro F1':>10}   held-out"
    for row in languages:
        yield _figures(row["language"], row, _held_out(report, row["language"]))
    if language is None:
        yield _figures("all", report, report["held_out"])
    yield ""
    scope = report["out_of_scope"]
    if scope["recall"] is not None:
        yield (
            f"Out of scope: {percent(scope['recall'])} of such texts are seen as such, "
            f"{percent(scope['false_alarms'])} of the others are taken for one."
        )
    yield f"Confidence: {points(report['calibration_error'])} off what it should be, on average."
    yield from _overlap(report)
    yield from _worst(in_language(report["per_intent"], language))


def confusions(pairs: Sequence[Confusable]) -> Iterator[str]:
    """The pairs with examples of each way and what to do."""
    for pair in pairs:
        yield f"{pair.there.intent} and {pair.there.other}: {pair.count} times"
        yield from _ways(pair.there)
        yield from _ways(pair.back)
        yield f"  → {pair.advice}"
        yield ""


def duplicates(report: Mapping[str, Any], places: Places, language: str | None = None) -> Iterator[str]:
    """What stands twice, and what the other examples contradict; with file and line."""
    crossed, repeated = list_crossed(report, language), list_repeated(report, language)
    misplaced = in_language(report["misplaced"], language)
    yield from _section(
        "Says the same under two intents: take one of the two away",
        (_pair(row, places) for row in crossed),
    )
    yield from _section(
        "Perhaps under the wrong intent: models trained without it are sure of another",
        (
            [
                f"“{row['text']}” under {row['intent']}, sounds like {row['likelier']} ({percent(row['confidence'])})",
                ", ".join(places.of(row["intent"], row["text"])),
            ]
            for row in misplaced
        ),
    )
    yield from _section(
        "Says the same twice under one intent: the second teaches little",
        (_pair(row, places) for row in repeated),
    )
    if not (crossed or misplaced or repeated):
        yield "Nothing stands twice, and no example looks misplaced."


def coverage(report: Mapping[str, Any], language: str | None = None) -> Iterator[str]:
    """Which intents have too few examples, by language."""
    rows = in_language(report["coverage"], language)
    for name in report["languages"]:
        own = [row for row in rows if row["language"] == name]
        if language in (None, name):
            wanted = f"{own[0]['wanted']} examples" if own else "enough examples"
            yield (
                f"{name}: {_count(len(own), 'intent has', 'intents have')} fewer than {wanted}."
                if own
                else (f"{name}: every intent has {wanted}.")
            )
            yield from (f"  {row['examples']:>3} of {row['wanted']}  {row['intent']}" for row in own)
    unread = in_language(report["unread"], language)
    if unread:
        yield ""
        yield "Never read as an intent, for they hold no letters or begin with a slash:"
        yield from (f"  {row['text']}  ({row['intent']}, {row['language']})" for row in unread)


def percent(share: float | None) -> str:
    """A share as people write it."""
    return "–" if share is None else f"{share * 100:.1f} %"


def points(share: float | None) -> str:
    """A difference of shares."""
    return "–" if share is None else f"{share * 100:.1f} points"


def _figures(name: str, row: Mapping[str, Any], held_out: Mapping[str, Any] | None) -> str:
    told = (
        "–"
        if held_out is None
        else f"{percent(held_out['right'] / held_out['of'])} ({held_out['right']} of {held_out['of']})"
    )
    return f"{name:10}{row['examples']:>9,}{percent(row['accuracy']):>10}{row['macro_f1']:>10.3f}   {told}"


def _held_out(report: Mapping[str, Any], language: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = (report["held_out"] or {"languages": {}})["languages"].get(language)
    return found


def _overlap(report: Mapping[str, Any]) -> Iterator[str]:
    if report["held_out"] is None:
        yield "Held-out: there are no evaluation/held_out*.yml, so nothing here is measured on texts of another author."
    elif report["overlap"]:
        also = _count(report["overlap"], "held-out text is an example, too", "held-out texts are examples, too")
        yield f"Overlap: {also}, so the held-out figure is too good. Take away one of the two:"
        yield from (f"  “{text}”" for text in report["overlapping"])
    else:
        yield "Overlap: none of the held-out texts is also an example."


def _worst(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    weak = sorted((row for row in rows if row["f1"] < WEAK), key=lambda row: (row["f1"], row["intent"]))
    if not weak:
        return
    yield ""
    yield f"Understood least (F1 below {WEAK}; {len(weak)} of {len(rows)}):"
    yield f"  {'intent':28}{'language':>9}{'examples':>10}{'precision':>11}{'recall':>8}{'F1':>7}"
    for row in weak[:WORST]:
        yield (
            f"  {row['intent']:28}{row['language']:>9}{row['examples']:>10}{row['precision']:>11.2f}"
            f"{row['recall']:>8.2f}{row['f1']:>7.2f}"
        )


def _ways(taken: Taken) -> Iterator[str]:
    if taken.count:
        yield f"  {taken.count} of {taken.intent} taken for {taken.other}:"
        yield from (f"      “{text}”" for text in taken.examples)


def _pair(row: Mapping[str, Any], places: Places) -> list[str]:
    one, other = row["intents"][0], row["intents"][-1]
    alike = "" if row["same"] else f" ({percent(row['similarity'])} alike)"
    return [
        f"“{row['text']}” under {one}, “{row['other']}” under {other}{alike}",
        ", ".join(dict.fromkeys([*places.of(one, row["text"]), *places.of(other, row["other"])])),
    ]


def _section(title: str, entries: Iterable[Sequence[str]]) -> Iterator[str]:
    rows = list(entries)
    if rows:
        yield f"{title} ({len(rows)})"
        for row in rows:
            yield from (f"  {line}" if number == 0 else f"      {line}" for number, line in enumerate(row) if line)
        yield ""


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"

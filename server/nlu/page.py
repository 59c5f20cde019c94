"""The report on examples as one page that needs no network and no script. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from server.nlu.advice import Confusable, Taken, list_confusable, list_crossed, list_repeated
from server.nlu.markup import Part, document, scrolling, table, tag
from server.nlu.places import Places
from server.nlu.plots import HEATS, bars, calibration, heat_map
from server.nlu.shown import percent, points

MOST_PAIRS = 25
"""Confusable pairs on the page."""

_TITLE = "What the examples teach"
_STYLE = Path(__file__).with_suffix(".css")


def page(report: Mapping[str, Any], places: Places, made_at: datetime) -> str:
    """The page.

    Args:
        report: protocols.md §5.
        places: where the examples stand.
        made_at: when.
    """
    pairs = list_confusable(report)
    sections = [
        _languages(report),
        _confusions(report, pairs),
        _misplaced(report, places),
        _duplicates(report, places),
        _held_out(report),
        _coverage(report),
        _calibration(report),
        _intents(report),
    ]
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        tag("header", _heading(report, made_at)),
        tag("main", _tiles(report), _contents(report, pairs), sections, id="content"),
        tag("footer", tag("p", f"Made by parley nlu evaluate. Encoder {report['encoder']}.")),
    )
    return document("en", _TITLE, _STYLE.read_text("utf-8"), body)


def language_name(code: str) -> str:
    """A language as people call it."""
    try:
        return Locale.parse(code, sep="-").get_display_name("en") or code
    except (UnknownLocaleError, ValueError):
        return code


def _heading(report: Mapping[str, Any], made_at: datetime) -> list[Part]:
    names = [language_name(code) for code in report["languages"]]
    return [
        tag("p", "Parley", class_="brand"),
        tag("h1", _TITLE),
        tag(
            "p",
            f"{report['examples']:,} examples of {report['intents']} intents in {_listed(names)}, "
            f"measured on {format_date(made_at, 'd MMMM y', locale='en')}. Each example was put to a model that had "
            "not seen it, so the figures say how new wordings fare.",
            class_="lead",
        ),
    ]


def _tiles(report: Mapping[str, Any]) -> Element:
    scope, held_out = report["out_of_scope"], report["held_out"]
    tiles = [
        ("Accuracy", percent(report["accuracy"]), "of the examples are taken for what they are"),
        ("Macro F1", f"{report['macro_f1']:.2f}", "every intent counts alike; 1 is best"),
        (
            "Held-out",
            "–" if held_out is None else percent(held_out["accuracy"]),
            "no texts of another author yet"
            if held_out is None
            else f"{held_out['right']} of {held_out['of']} texts of another author",
        ),
        ("Out of scope", percent(scope["recall"]), f"seen as such; {percent(scope['false_alarms'])} false alarms"),
        ("Confidence", points(report["calibration_error"]), "off what it should be, on average"),
    ]
    return tag(
        "dl",
        [tag("div", tag("dt", name), tag("dd", value), tag("dd", said, class_="said")) for name, value, said in tiles],
        class_="tiles",
    )


def _contents(report: Mapping[str, Any], pairs: Sequence[Confusable]) -> Element:
    """What there is to do, which leads to where it is told."""
    crossed, misplaced, lacking = list_crossed(report), report["misplaced"], report["coverage"]
    found = [
        ("held-out", report["overlap"], "held-out texts are examples, too: take them out of one of the two"),
        ("duplicates", len(crossed), "pairs of examples say the same under two intents: take one away"),
        ("misplaced", len(misplaced), "examples sound like another intent: look at each"),
        ("coverage", len(lacking), "times an intent has too few examples in a language: add some"),
        ("confusions", len(pairs), "pairs of intents are taken for one another: begin with the first"),
    ]
    items = [tag("li", tag("a", f"{count} {text}", href=f"#{name}")) for name, count, text in found if count]
    others = [("languages", "Languages"), ("calibration", "How far confidence can be trusted"),
              ("intents", "Every intent")]  # fmt: skip
    links = [part for name, title in others for part in (tag("a", title, href=f"#{name}"), " ")]
    return tag(
        "nav",
        tag("h2", "To do", id="to-do"),
        tag("ol", items, class_="to-do") if items else _nothing("Nothing stands out."),
        tag("p", "And to know: ", links, class_="links"),
        aria_labelledby="to-do",
    )


def _languages(report: Mapping[str, Any]) -> Element:
    held_out = (report["held_out"] or {"languages": {}})["languages"]
    rows = [
        [
            language_name(row["language"]),
            f"{row['examples']:,}",
            percent(row["accuracy"]),
            f"{row['macro_f1']:.2f}",
            _right(held_out.get(row["language"])),
        ]
        for row in report["per_language"]
    ]
    headings = ("Language", "Examples", "Accuracy", "Macro F1", "Held-out")
    return _section("languages", "Languages", table("Understanding by language", headings, rows, range(1, 5)))


def _confusions(report: Mapping[str, Any], pairs: Sequence[Confusable]) -> Element:
    plot = heat_map(report)
    if plot is None:
        return _section("confusions", "Confusable intents", tag("p", "No example was taken for another intent."))
    rows: list[list[Part]] = [
        [f"{pair.there.intent} and {pair.there.other}", str(pair.count), tag("div", _ways(pair)), pair.advice]
        for pair in pairs[:MOST_PAIRS]
    ]
    headings = ("Intents", "Times", "Such as", "What to do")
    return _section(
        "confusions", "Confusable intents",
        tag(
            "p",
            "Rows are what was meant, columns what it was taken for. Green is right; the stronger the orange, the "
            "larger the share of that intent's examples.",
        ),
        tag("figure", scrolling("Map of confusions", plot), tag("figcaption", _legend())),
        table(f"Confusable pairs{_first(len(rows), len(pairs))}", headings, rows, [1]),
    )  # fmt: skip


def _legend() -> list[Part]:
    steps = ["right", *(f"up to {share * 100:g} %" for share in HEATS), "more"]
    marks = ["right", *(f"heat-{number}" for number in range(len(HEATS) + 1))]
    return [tag("span", tag("i", class_=f"mark {mark}"), step) for mark, step in zip(marks, steps, strict=True)]


def _ways(pair: Confusable) -> Iterator[Element]:
    for taken in (pair.there, pair.back):
        if taken.count:
            yield tag("p", f"{taken.count} of {taken.intent} taken for {taken.other}:", class_="way")
            yield _quoted(taken)


def _quoted(taken: Taken) -> Element:
    return tag("ul", [tag("li", f"“{text}”") for text in taken.examples], class_="quoted")


def _misplaced(report: Mapping[str, Any], places: Places) -> Element:
    rows: list[list[Part]] = [
        [
            f"“{row['text']}”",
            row["intent"],
            row["likelier"],
            percent(row["confidence"]),
            language_name(row["language"]),
            _place(places.of(row["intent"], row["text"])),
        ]
        for row in report["misplaced"]
    ]
    headings = ("Example", "Stands under", "Sounds like", "Confidence", "Language", "Where")
    return _section(
        "misplaced", "Perhaps under the wrong intent",
        tag("p", "Models that had not seen these examples are sure that they mean something else. Some are right."),
        table("Examples that are contradicted", headings, rows, [3]) if rows else _nothing("No example is."),
    )  # fmt: skip


def _duplicates(report: Mapping[str, Any], places: Places) -> Element:
    def rows(found: Sequence[Mapping[str, Any]]) -> list[list[Part]]:
        return [
            [
                f"“{row['text']}”",
                f"“{row['other']}”",
                " and ".join(row["intents"]),
                "the same" if row["same"] else percent(row["similarity"]),
                _place(places.of(row["intents"][0], row["text"])),
                _place(places.of(row["intents"][-1], row["other"])),
            ]
            for row in found
        ]

    crossed, repeated = rows(list_crossed(report)), rows(list_repeated(report))
    headings = ("Example", "Other", "Intents", "Alike", "Where", "Where the other")
    return _section(
        "duplicates", "Standing twice",
        tag("p", "Under two intents one of the two is wrong. Under one intent the second teaches little."),
        table("Under two intents", headings, crossed, [3]) if crossed else _nothing("Nothing stands under two."),
        table("Under one intent", headings, repeated, [3]) if repeated else _nothing("Nothing stands twice under one."),
    )  # fmt: skip


def _held_out(report: Mapping[str, Any]) -> Element:
    found = report["held_out"]
    if found is None:
        return _section("held-out", "Held-out texts", _nothing("There are no evaluation/held_out*.yml yet."))
    rows = [
        [f"“{row['text']}”", row["intent"], row["found"], percent(row["confidence"]), language_name(row["language"])]
        for row in found["wrong"]
    ]
    overlap = [tag("li", f"“{text}”") for text in report["overlapping"]]
    return _section(
        "held-out", "Held-out texts",
        tag(
            "p",
            "Written by somebody who had not seen the examples, and never trained on. Do not add them to the examples: "
            "then they would measure nothing.",
        ),
        tag("p", "These are examples, too, so the figure is too good:", tag("ul", overlap)) if overlap else "",
        table("Held-out texts that are misheard", ("Text", "Meant", "Taken for", "Confidence", "Language"), rows, [3])
        if rows
        else _nothing("All of them are understood."),
    )  # fmt: skip


def _coverage(report: Mapping[str, Any]) -> Element:
    rows = [
        [row["intent"], language_name(row["language"]), str(row["examples"]), str(row["wanted"])]
        for row in report["coverage"]
    ]
    unread = [[row["text"], row["intent"], language_name(row["language"])] for row in report["unread"]]
    return _section(
        "coverage", "Too few examples",
        table("Intents with too few examples", ("Intent", "Language", "Examples", "Wanted"), rows, [2, 3])
        if rows
        else _nothing("Every intent has enough in every language."),
        table("Never read as an intent: no letters, or a command", ("Example", "Intent", "Language"), unread)
        if unread
        else "",
    )  # fmt: skip


def _calibration(report: Mapping[str, Any]) -> Element:
    rows = [
        [
            f"{row['from'] * 100:.0f} to {row['to'] * 100:.0f} %",
            str(row["count"]),
            percent(row["confidence"]),
            percent(row["accuracy"]),
        ]
        for row in report["calibration"]
    ]
    return _section(
        "calibration", "How far confidence can be trusted",
        tag(
            "p",
            f"Below {percent(report['threshold'])} likelihood of being in scope a text counts as out of scope. "
            "Confidence decides when the bot asks back, so it has to mean what it says.",
        ),
        tag(
            "div",
            tag("figure", scrolling("Calibration curve", calibration(report))),
            table("Confidence and accuracy", ("Confidence", "Texts", "On average", "Right"), rows, [1, 2, 3]),
            class_="side-by-side",
        ),
    )  # fmt: skip


def _intents(report: Mapping[str, Any]) -> Element:
    rows = [
        [
            row["intent"],
            language_name(row["language"]),
            str(row["examples"]),
            f"{row['precision']:.2f}",
            f"{row['recall']:.2f}",
            f"{row['f1']:.2f}",
        ]
        for row in sorted(report["per_intent"], key=lambda row: (row["intent"], row["language"]))
    ]
    headings = ("Intent", "Language", "Examples", "Precision", "Recall", "F1")
    return _section(
        "intents", "Every intent",
        tag(
            "p",
            "Precision: of what was taken for it, the share that was. Recall: of its examples, the share that was "
            "recognised. F1 is high only when both are: in the plot red below 0.5, amber below 0.7.",
        ),
        tag("figure", scrolling("F1 by intent and language", bars(report, language_name))),
        tag("details", tag("summary", "All figures"), table("All figures", headings, rows, range(2, 6))),
    )  # fmt: skip


def _section(name: str, title: str, *parts: Part) -> Element:
    return tag("section", tag("h2", title, id=name), *parts, aria_labelledby=name)


def _nothing(text: str) -> Element:
    return tag("p", text, class_="nothing")


def _place(found: Sequence[str]) -> Element:
    return tag("span", ", ".join(place.rpartition("/")[2] for place in found) or "–", class_="place")


def _right(found: Mapping[str, Any] | None) -> str:
    return f"{percent(found['right'] / found['of'])} ({found['right']} of {found['of']})" if found else "–"


def _first(shown: int, there: int) -> str:
    return f", the first {shown} of {there}" if shown < there else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

"""The report's plots as SVG: confusions, calibration, F1 by intent and language. Each says in words what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from server.nlu.markup import tag
from server.nlu.shown import percent

MOST_CONFUSED = 12
"""Intents in the map: more cannot be read."""

_CELL, _LABELS = 40, 178
HEATS = (0.02, 0.05, 0.1, 0.2)
"""Shares of an intent's examples, above which a cell is a shade stronger."""
_SIDE, _MARGIN = 320, 48
_ROW, _COLUMN = 24, 148


def heat_map(report: Mapping[str, Any]) -> Element | None:
    """How often the most confused intents are taken for each other; None when none is."""
    counts = {(row["intent"], row["taken_for"]): row["count"] for row in report["confusions"]}
    names = _most_confused(counts)
    if not names:
        return None
    totals: Counter[str] = Counter()
    for row in report["per_intent"]:
        totals[row["intent"]] += row["examples"]
        counts[row["intent"], row["intent"]] = counts.get((row["intent"],) * 2, 0) + round(
            row["recall"] * row["examples"]
        )
    size, top = _CELL * len(names), _LABELS - 30
    parts = []
    for number, name in enumerate(names):
        middle = number * _CELL + _CELL / 2
        x, y = _LABELS + middle, top - 8
        parts.append(tag("text", name, x=_LABELS - 8, y=top + middle + 4, text_anchor="end"))
        parts.append(tag("text", name, x=x, y=y, transform=f"rotate(-42 {x:g} {y:g})"))
        parts += [
            _heat_cell((name, other), counts.get((name, other), 0), totals[name], (place, top + number * _CELL))
            for other, place in zip(names, range(_LABELS, _LABELS + size, _CELL), strict=True)
        ]
    return _plot(
        "confusions", "Intents that are taken for one another",
        f"A row for each of the {len(names)} most confused intents, a column for what its examples were taken for. "
        "The table of confusable pairs has the same counts.",
        (_LABELS + size + 96, top + size + 4), parts,
    )  # fmt: skip


def calibration(report: Mapping[str, Any]) -> Element:
    """How often the model is right, by how sure it is."""
    rows = [row for row in report["calibration"] if row["count"]]
    most = max((row["count"] for row in rows), default=1)
    bottom = _MARGIN / 2 + _SIDE
    parts = list(_calibration_axes(bottom))
    for row in rows:
        height = 56 * row["count"] / most
        x = _MARGIN + row["from"] * _SIDE
        parts.append(tag("rect", x=x + 1, y=bottom - height, width=_SIDE / 10 - 2, height=height, class_="count"))
    points = [(_MARGIN + row["confidence"] * _SIDE, bottom - row["accuracy"] * _SIDE) for row in rows]
    parts.append(tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_="line"))
    for row, (x, y) in zip(rows, points, strict=True):
        said = f"sure to {percent(row['confidence'])}: right in {percent(row['accuracy'])} of {row['count']}"
        parts.append(tag("circle", tag("title", said), cx=x, cy=y, r=4.5, class_="dot"))
    return _plot(
        "calibration", "Confidence beside how often it is right",
        "Dots on the dashed line are as right as they are sure; below it the model is too sure of itself. "
        "Bars show how many texts there are. The table below has the figures.",
        (_MARGIN + _SIDE + 12, bottom + 44), parts,
    )  # fmt: skip


def bars(report: Mapping[str, Any], called: Callable[[str], str]) -> Element:
    """F1 of every intent in every language, the weakest intent first.

    Args:
        report: protocols.md §5.
        called: gives a language's name.
    """
    scores: dict[str, dict[str, float]] = {}
    for row in report["per_intent"]:
        scores.setdefault(row["intent"], {})[row["language"]] = row["f1"]
    languages = list(report["languages"])
    names = sorted(scores, key=lambda name: (sum(scores[name].values()) / len(scores[name]), name))
    top, height = 44, 44 + _ROW * len(names)
    parts: list[Element] = []
    for place, language in enumerate(languages):
        parts += _column(called(language), _LABELS + place * _COLUMN, top, height)
    for number, name in enumerate(names):
        y = top + number * _ROW
        parts.append(tag("text", name, x=_LABELS - 8, y=y + 16, text_anchor="end"))
        for place, language in enumerate(languages):
            parts += _bar(name, language, scores[name].get(language), _LABELS + place * _COLUMN, y)
    return _plot(
        "bars", "F1 by intent and language",
        "A row for each intent, the weakest first, a column for each language. The table of all figures has the same "
        "numbers.",
        (_LABELS + _COLUMN * len(languages), height + 8), parts,
    )  # fmt: skip


def _plot(name: str, title: str, description: str, size: tuple[float, float], parts: Sequence[Element]) -> Element:
    width, height = size
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", description, id=f"{name}-description"),
        parts,
        viewBox=f"0 0 {width:g} {height:g}", width=width, height=height, role="img", class_=f"plot {name}",
        aria_labelledby=f"{name}-title", aria_describedby=f"{name}-description",
    )  # fmt: skip


def _most_confused(counts: Mapping[tuple[str, str], int]) -> list[str]:
    names: list[str] = []
    for pair, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        names += [name for name in pair if name not in names]
        if len(names) >= MOST_CONFUSED:
            break
    return names[:MOST_CONFUSED]


def _heat_cell(pair: tuple[str, str], count: int, total: int, corner: tuple[float, float]) -> Element:
    (name, other), (x, y) = pair, corner
    share = count / total if total else 0.0
    heat = "right" if name == other else f"heat-{sum(share > least for least in HEATS)}" if count else "none"
    return tag(
        "g",
        tag("title", f"{name} taken for {other}: {count} of {total}"),
        tag("rect", x=x + 1, y=y + 1, width=_CELL - 2, height=_CELL - 2, rx=3),
        tag("text", str(count) if count else "", x=x + _CELL / 2, y=y + _CELL / 2 + 4, text_anchor="middle"),
        class_=f"cell {heat}",
    )


def _calibration_axes(bottom: float) -> Iterator[Element]:
    for tenths in range(0, 11, 2):
        share = tenths / 10
        x, y = _MARGIN + share * _SIDE, bottom - share * _SIDE
        yield tag("line", x1=_MARGIN, x2=_MARGIN + _SIDE, y1=y, y2=y, class_="grid")
        yield tag("line", x1=x, x2=x, y1=bottom, y2=bottom - _SIDE, class_="grid")
        yield tag("text", f"{tenths * 10}", x=_MARGIN - 6, y=y + 4, text_anchor="end", class_="tick")
        yield tag("text", f"{tenths * 10}", x=x, y=bottom + 16, text_anchor="middle", class_="tick")
    yield tag("line", x1=_MARGIN, y1=bottom, x2=_MARGIN + _SIDE, y2=bottom - _SIDE, class_="ideal")
    yield tag("text", "how sure it is, in %", x=_MARGIN + _SIDE / 2, y=bottom + 36, text_anchor="middle")
    middle = bottom - _SIDE / 2
    yield tag("text", "how often it is right, in %", x=14, y=middle, text_anchor="middle",
              transform=f"rotate(-90 14 {middle:g})")  # fmt: skip


def _column(language: str, x: float, top: float, bottom: float) -> list[Element]:
    width = _COLUMN - 52
    parts = [tag("text", language, x=x, y=16, class_="heading")]
    for share in (0.0, 0.5, 1.0):
        place = x + share * width
        parts.append(tag("line", x1=place, x2=place, y1=top - 6, y2=bottom, class_="grid"))
        parts.append(tag("text", f"{share:g}", x=place, y=top - 12, text_anchor="middle", class_="tick"))
    return parts


def _bar(name: str, language: str, score: float | None, x: float, y: float) -> list[Element]:
    if score is None:
        return [tag("text", "no examples", x=x + 4, y=y + 16, class_="tick")]
    width = (_COLUMN - 52) * score
    level = "low" if score < 0.5 else "middling" if score < 0.7 else "good"
    return [
        tag("rect", tag("title", f"{name}, {language}: {score:.2f}"), x=x, y=y + 5, width=max(width, 1.5),
            height=_ROW - 10, class_=level),
        tag("text", f"{score:.2f}", x=x + width + 5, y=y + 16, class_="value"),
    ]  # fmt: skip

"""Builds HTML and SVG as trees: what is put in is text and never markup. Knows no page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, tostring

Part = Element | str


def tag(name: str, *parts: Part | Iterable[Part], **attributes: object) -> Element:
    """An element.

    Args:
        name: of the element.
        parts: text and elements that it holds.
        attributes: a trailing underscore is dropped and others become hyphens; those that are None are left out.
    """
    element = Element(
        name,
        {key.rstrip("_").replace("_", "-"): _written(value) for key, value in attributes.items() if value is not None},
    )
    for part in parts:
        for one in [part] if isinstance(part, (Element, str)) else part:
            _add(element, one)
    return element


def table(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[Part]], numbers: Iterable[int] = ()
) -> Element:
    """A table whose first column names the rows, in a region that scrolls by itself.

    Args:
        caption: what it shows.
        headings: of the columns.
        rows: the cells.
        numbers: the columns that hold figures.
    """
    right = set(numbers)
    head = tag("tr", [tag("th", text, scope="col", class_=_side(place, right)) for place, text in enumerate(headings)])
    body = [
        tag(
            "tr",
            [
                tag("td" if place else "th", cell, scope=None if place else "row", class_=_side(place, right))
                for place, cell in enumerate(row)
            ],
        )
        for row in rows
    ]
    return scrolling(caption, tag("table", tag("caption", caption), tag("thead", head), tag("tbody", body)))


def scrolling(label: str, *parts: Part) -> Element:
    """A region that is scrolled sideways where the page is narrow, by keyboard as well."""
    return tag("div", *parts, class_="scrolling", role="region", aria_label=label, tabindex="0")


def document(language: str, title: str, style: str, body: Element) -> str:
    """A whole page that needs nothing else."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", style),
    )
    root = tag("html", head, body, lang=language)
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def _add(element: Element, part: Part) -> None:
    if isinstance(part, Element):
        element.append(part)
    elif len(element):
        element[-1].tail = (element[-1].tail or "") + part
    else:
        element.text = (element.text or "") + part


def _written(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _side(place: int, right: set[int]) -> str | None:
    return "number" if place in right else None

"""Puts values into wording: `{{ name }}` and `{{ name | fallback }}`, in one pass. Never evaluates and never raises."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{\{[ \t]*([a-z][a-z0-9_]*)[ \t]*(?:\|([^{}\n]*))?\}\}")
# Controls, line breaks and direction overrides: a visitor's value stays one plain line, also in a subject.
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")

_LONGEST_INTEGER = 256  # bits; Python refuses to write out integers beyond some thousand digits


def render(text: str, values: Mapping[str, object]) -> str:
    """Fill the placeholders of a text.

    A value that is absent, None or blank is unknown: its fallback is taken, or nothing.
    Placeholders inside values are left as they are, and so is anything that is not a well-formed placeholder.

    Args:
        text: wording of ours.
        values: what is known; may come from visitors.
    """
    return _PLACEHOLDER.sub(lambda match: _plain(values.get(match[1])) or (match[2] or "").strip(), text)


def names_in(text: str) -> frozenset[str]:
    """Give the names a text asks for."""
    return frozenset(match[1] for match in _PLACEHOLDER.finditer(text))


def fallbacks_in(text: str) -> list[tuple[str, str]]:
    """Give each name a text asks for, with what stands there where it is unknown; the same name may come again."""
    return [(match[1], (match[2] or "").strip()) for match in _PLACEHOLDER.finditer(text)]


def has_broken_placeholder(text: str) -> bool:
    """Tell whether braces are left that look like a placeholder but are none."""
    rest = _PLACEHOLDER.sub("", text)
    return "{{" in rest or "}}" in rest


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER:
        return ""
    if isinstance(value, str | int | float):
        return _UNPRINTABLE.sub(" ", str(value)).strip()
    return ""

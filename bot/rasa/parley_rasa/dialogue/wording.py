"""Choose a text for a channel and fill in slots. Evaluates nothing: a slot's value is inserted as it is, once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\|([^{}]*))?\}\}")


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill ``{{ name }}`` and ``{{ name | fallback }}``; an unknown name without fallback leaves nothing."""

    def fill(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        if value is None or value == "":
            return (match.group(2) or "").strip()
        return str(value)

    return _PLACE.sub(fill, template)


def for_channel(texts: Any, channel: str) -> str:
    """Return the text for a channel, else the default one, else nothing."""
    if isinstance(texts, str):
        return texts
    if not isinstance(texts, Mapping):
        return ""
    return str(texts.get(channel) or texts.get("default") or "")


def names_in(template: str) -> set[str]:
    """Return the names that a text has places for."""
    return {match.group(1) for match in _PLACE.finditer(template)}

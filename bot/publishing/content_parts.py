"""An item's data in the parts that two people may edit at once without meeting, and put together again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from flows.content_data import ContentData

PartKind = Literal["setting", "slot", "step", "wording", "language", "order", "tests"]


class PartName(NamedTuple):
    """Which part: a setting, a slot, a step, its words in a language, a language, the order of steps, the tests."""

    kind: PartKind
    name: str = ""
    language: str | None = None

    def __str__(self) -> str:
        return " ".join(word for word in (self.kind, self.language, self.name) if word)


ORDER = PartName("order")
TESTS = PartName("tests")
_SLOTS = "slots"


def split(data: ContentData) -> dict[PartName, Any]:
    """Give the parts by name."""
    parts: dict[PartName, Any] = {}
    for name, value in data.settings.items():
        if name == _SLOTS and isinstance(value, dict) and value:
            parts |= {PartName("slot", slot): about for slot, about in value.items()}
        else:
            parts[PartName("setting", name)] = value
    parts |= {PartName("step", str(step["id"])): step for step in data.steps if "id" in step}
    parts[ORDER] = [str(step["id"]) for step in data.steps if "id" in step]
    for language, words in data.wording.items():
        parts[PartName("language", language)] = True
        parts |= {PartName("wording", step, language): entry for step, entry in words.items()}
    if data.tests is not None:
        parts[TESTS] = data.tests
    return parts


def join(parts: Mapping[PartName, Any], like: Iterable[ContentData]) -> ContentData:
    """Put parts together.

    Args:
        like: data whose order of settings, slots and words is kept, the first before the others.
    """
    ordered = _in_order(parts, like)
    settings: dict[str, Any] = {}
    words: dict[str, dict[str, Any]] = {}
    for part, value in ordered.items():
        match part.kind:
            case "setting":
                settings.setdefault(part.name, value)
            case "slot":
                if not isinstance(settings.get(_SLOTS), dict):
                    settings[_SLOTS] = {}
                settings[_SLOTS] = {**settings[_SLOTS], part.name: value}
            case "language":
                words.setdefault(str(part.language or part.name), {})
            case "wording":
                words.setdefault(str(part.language), {})[part.name] = value
            case _:
                pass  # steps have an order of their own
    steps = [parts[PartName("step", name)] for name in parts.get(ORDER, ()) if PartName("step", name) in parts]
    return ContentData(settings, steps, words, parts.get(TESTS))


def _in_order(parts: Mapping[PartName, Any], like: Iterable[ContentData]) -> dict[PartName, Any]:
    names = dict.fromkeys(name for data in like for name in split(data))
    known = [name for name in names if name in parts]
    return {name: parts[name] for name in dict.fromkeys((*known, *parts))}

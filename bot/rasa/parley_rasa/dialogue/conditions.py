"""Decide conditions over slots and which step comes next. Pure; an unknown slot never satisfies a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Slots = Mapping[str, Any]


def is_known(value: Any) -> bool:
    return value is not None and value != ""


def holds(condition: Mapping[str, Any], slots: Slots) -> bool:
    """Tell whether a condition holds.

    Raises:
        ValueError: the condition has none of the known forms, which the compiler should have refused.
    """
    if "all" in condition:
        return all(holds(part, slots) for part in condition["all"])
    if "any" in condition:
        return any(holds(part, slots) for part in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], slots)
    try:
        decide = _OPERATORS[condition["op"]]
        return decide(slots.get(condition["slot"]), condition.get("value"))
    except KeyError as error:
        raise ValueError(f"not a condition: {dict(condition)}") from error


def next_step(choices: list[dict[str, Any]], slots: Slots) -> str | None:
    """Return the first target whose condition holds; None ends the flow."""
    for choice in choices:
        if "if" not in choice or holds(choice["if"], slots):
            return str(choice["to"])
    return None


def _compare(left: Any, right: Any, decide: Callable[[float, float], bool]) -> bool:
    try:
        return decide(float(left), float(right))
    except (TypeError, ValueError):
        return False


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "known": lambda value, _: is_known(value),
    "unknown": lambda value, _: not is_known(value),
    "is": lambda value, expected: is_known(value) and value == expected,
    "is_not": lambda value, expected: not is_known(value) or value != expected,
    "in": lambda value, expected: is_known(value) and value in expected,
    "at_least": lambda value, expected: is_known(value) and _compare(value, expected, lambda a, b: a >= b),
    "at_most": lambda value, expected: is_known(value) and _compare(value, expected, lambda a, b: a <= b),
}

"""Decide conditions over slots and facts, and which step comes next. Pure; the unknown satisfies no comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley_rasa.dialogue.turn import Turn

Slots = Mapping[str, Any]
Condition = Mapping[str, Any]
NO_FACTS: Slots = {}
FACTS_OF_REQUEST = frozenset(("channel", "language"))
"""Facts that are known without asking the platform."""


def is_known(value: Any) -> bool:
    return value is not None and value != ""


def holds(condition: Condition, slots: Slots, facts: Slots = NO_FACTS) -> bool:
    """Tell whether a condition holds.

    Raises:
        ValueError: the condition has none of the known forms, which the compiler should have refused.
    """
    if "all" in condition:
        return all(holds(part, slots, facts) for part in condition["all"])
    if "any" in condition:
        return any(holds(part, slots, facts) for part in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], slots, facts)
    try:
        decide = _OPERATORS[condition["op"]]
        known = facts.get(condition["fact"]) if "fact" in condition else slots.get(condition["slot"])
        return decide(known, condition.get("value"))
    except KeyError as error:
        raise ValueError(f"not a condition: {dict(condition)}") from error


def next_step(choices: Sequence[Mapping[str, Any]], slots: Slots, facts: Slots = NO_FACTS) -> str | None:
    """Return the first target whose condition holds; None ends the flow."""
    for choice in choices:
        if "if" not in choice or holds(choice["if"], slots, facts):
            return str(choice["to"])
    return None


def needs_facts(condition: Condition | Sequence[Mapping[str, Any]] | None, turn: Turn) -> bool:
    """Tell whether the platform must be asked for facts before a condition (or a list of ``next``) can be decided."""
    if condition is None or turn.state["facts"]:
        return False
    conditions = [condition] if isinstance(condition, Mapping) else [one["if"] for one in condition if "if" in one]
    return any(fact not in FACTS_OF_REQUEST for one in conditions for fact in _facts_in(one))


def _facts_in(condition: Condition) -> Iterator[str]:
    for part in (*condition.get("all", ()), *condition.get("any", ()), *filter(None, [condition.get("not")])):
        yield from _facts_in(part)
    if "fact" in condition:
        yield str(condition["fact"])


def _same(left: Any, right: Any) -> bool:
    # Python holds True == 1; in JSON, and to an author, they differ.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _compare(left: Any, right: Any, decide: Callable[[float, float], bool]) -> bool:
    try:
        return decide(float(left), float(right))
    except (TypeError, ValueError):
        return False


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "known": lambda value, _: is_known(value),
    "unknown": lambda value, _: not is_known(value),
    "is": lambda value, expected: is_known(value) and _same(value, expected),
    "is_not": lambda value, expected: not is_known(value) or not _same(value, expected),
    "in": lambda value, expected: is_known(value) and any(_same(value, one) for one in expected),
    "at_least": lambda value, expected: is_known(value) and _compare(value, expected, lambda a, b: a >= b),
    "at_most": lambda value, expected: is_known(value) and _compare(value, expected, lambda a, b: a <= b),
}

"""Conditions of branches, over slots in flows and over facts in journeys: the models and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from flows.parts import Identifier, Part, Scalar

Op = Literal["is", "is_not", "in", "known", "unknown", "at_least", "at_most"]


class Comparison(Part):
    """One value compared. Use `SlotIs` or `FactIs`."""

    op: Op
    value: Scalar | tuple[Scalar, ...] | None = None

    @property
    def name(self) -> str:
        raise NotImplementedError

    def holds(self, actual: Scalar | None) -> bool:
        """Decide the comparison for a value; None is unknown."""
        return _compare(self.op, actual, self.value)

    @model_validator(mode="after")
    def check_value(self) -> Self:
        """Refuse a value that the operator cannot use."""
        wanted = {"in": "a list", "known": "no value", "unknown": "no value", "at_least": "a number"}
        wanted |= {"at_most": "a number"}
        kind = wanted.get(self.op, "one value")
        fits = {
            "a list": isinstance(self.value, tuple) and bool(self.value),
            "no value": self.value is None,
            "a number": isinstance(self.value, int | float) and not isinstance(self.value, bool),
            "one value": isinstance(self.value, bool | int | float | str),
        }
        if not fits[kind]:
            raise ValueError(f"the operator {self.op} needs {kind}")
        return self


class SlotIs(Comparison):
    """A comparison of what the visitor said."""

    slot: Identifier

    @property
    def name(self) -> str:
        return self.slot


class FactIs(Comparison):
    """A comparison of what is known about the contact."""

    fact: Identifier

    @property
    def name(self) -> str:
        return self.fact


class AllOf(Part):
    """Holds when each of its conditions holds."""

    all: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(Part):
    """Holds when at least one of its conditions holds."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(Part):
    """Holds when its condition does not."""

    negated: Condition = Field(alias="not")


def _kind(data: Any) -> str | None:
    """Tell the kind of a condition, as read or, when it is written out again, as a model."""
    if isinstance(data, Not):
        return "not"
    keys = data if isinstance(data, Mapping) else getattr(type(data), "model_fields", ())
    return next((key for key in ("slot", "fact", "all", "any", "not") if key in keys), None)


Condition = Annotated[
    Annotated[SlotIs, Tag("slot")]
    | Annotated[FactIs, Tag("fact")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        _kind,
        custom_error_type="condition_kind",
        custom_error_message="A condition needs one of slot, fact, all, any, not",
    ),
]

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


def comparisons_in(condition: Condition) -> Iterator[Comparison]:
    """List the single comparisons a condition is made of."""
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, Not):
        yield from comparisons_in(condition.negated)
    else:
        for part in condition.all if isinstance(condition, AllOf) else condition.any:
            yield from comparisons_in(part)


def condition_holds(condition: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Decide a compiled condition.

    Args:
        condition: the condition as the compiler wrote it.
        known: slots or facts by name; one that is absent or None is unknown.
    """
    if "all" in condition:
        return all(condition_holds(part, known) for part in condition["all"])
    if "any" in condition:
        return any(condition_holds(part, known) for part in condition["any"])
    if "not" in condition:
        return not condition_holds(condition["not"], known)
    name = condition["slot"] if "slot" in condition else condition["fact"]
    return _compare(condition["op"], known.get(name), condition.get("value"))


def _compare(op: str, actual: Any, wanted: Any) -> bool:
    if actual is None:
        return op in ("unknown", "is_not")
    return _COMPARE[op](actual, wanted)


def _same(left: Any, right: Any) -> bool:
    # Python holds True == 1; in JSON, and to an author, they differ.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# How a known value compares; an unknown one is decided before.
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": _same,
    "is_not": lambda actual, wanted: not _same(actual, wanted),
    "in": lambda actual, wanted: any(_same(actual, one) for one in wanted),
    "known": lambda _actual, _wanted: True,
    "unknown": lambda _actual, _wanted: False,
    "at_least": lambda actual, wanted: _is_number(actual) and bool(actual >= wanted),
    "at_most": lambda actual, wanted: _is_number(actual) and bool(actual <= wanted),
}

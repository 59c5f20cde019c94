"""Conditions of branches, over slots in flows and over what is known of a person in journeys: models and meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from flows.parts import Duration, Identifier, Part, Scalar, SegmentName

Op = Literal["is", "is_not", "in", "known", "unknown", "at_least", "at_most"]


class Leaf(Part):
    """A condition that is not made of others."""

    @property
    def name(self) -> str:
        """Give what it asks about."""
        raise NotImplementedError


class Comparison(Leaf):
    """One value compared. Use `SlotIs`, `FactIs`, `ScoreIs` or `PropertyIs`."""

    op: Op
    value: Scalar | tuple[Scalar, ...] | None = None

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


class ScoreIs(Comparison):
    """A comparison of one of the contact's scores; `total` is all of them together. Only in journeys."""

    score: Identifier

    @property
    def name(self) -> str:
        return self.score


class PropertyIs(Comparison):
    """A comparison of a property of an event. Only under `where`."""

    of_event: Identifier = Field(alias="property")

    @property
    def name(self) -> str:
        return self.of_event


class SegmentIs(Leaf):
    """Holds while the contact is in the segment. Only in journeys."""

    segment: SegmentName

    @property
    def name(self) -> str:
        return self.segment


class Happened(Leaf):
    """Holds when the contact did something, at least so many times; put it under `not` for did not. Only in journeys.

    Attributes:
        happened: the kind of event.
        where: what the properties of those events must be; any, unless given.
        within: how far back it counts; for ever, unless given.
        at_least: how many times.
    """

    happened: Identifier
    where: Condition | None = None
    within: Duration | None = Field(default=None, serialization_alias="within_seconds")
    at_least: int = Field(default=1, ge=1, le=1000)

    @property
    def name(self) -> str:
        return self.happened


class AllOf(Part):
    """Holds when each of its conditions holds."""

    all: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(Part):
    """Holds when at least one of its conditions holds."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(Part):
    """Holds when its condition does not."""

    negated: Condition = Field(alias="not")


_TAGS = ("slot", "fact", "score", "property", "segment", "happened", "all", "any", "not")


def _kind(data: Any) -> str | None:
    """Tell the kind of a condition, as read or, when it is written out again, as a model."""
    fields = getattr(type(data), "model_fields", {})
    keys = data if isinstance(data, Mapping) else {field.alias or name for name, field in fields.items()}
    return next((key for key in _TAGS if key in keys), None)


Condition = Annotated[
    Annotated[SlotIs, Tag("slot")]
    | Annotated[FactIs, Tag("fact")]
    | Annotated[ScoreIs, Tag("score")]
    | Annotated[PropertyIs, Tag("property")]
    | Annotated[SegmentIs, Tag("segment")]
    | Annotated[Happened, Tag("happened")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        _kind,
        custom_error_type="condition_kind",
        custom_error_message=f"A condition needs one of {', '.join(_TAGS)}",
    ),
]

for _model in (Happened, AllOf, AnyOf, Not):
    _model.model_rebuild()


def leaves_of(condition: Condition) -> Iterator[Leaf]:
    """List the single conditions a condition is made of; not those under `where`, which are about an event."""
    if isinstance(condition, Leaf):
        yield condition
    elif isinstance(condition, Not):
        yield from leaves_of(condition.negated)
    else:
        for part in condition.all if isinstance(condition, AllOf) else condition.any:
            yield from leaves_of(part)


def condition_holds(condition: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Decide a compiled condition over slots, facts or the properties of an event.

    Args:
        condition: the condition as the compiler wrote it; one on a score, a segment or what happened is asked of the
            database instead.
        known: slots, facts or properties by name; one that is absent or None is unknown.
    """
    if "all" in condition:
        return all(condition_holds(part, known) for part in condition["all"])
    if "any" in condition:
        return any(condition_holds(part, known) for part in condition["any"])
    if "not" in condition:
        return not condition_holds(condition["not"], known)
    name = next(condition[kind] for kind in ("slot", "fact", "property") if kind in condition)
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

"""Conditions of score rules, in the shape that branches and journeys use, with `fact`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Op = Literal["is", "is_not", "in", "known", "unknown", "at_least", "at_most"]
Scalar = bool | int | float | str
Facts = Mapping[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FactIs(_Part):
    """One fact compared. An unknown fact satisfies only `unknown` and `is_not`."""

    fact: str = Field(min_length=1)
    op: Op
    value: Scalar | tuple[Scalar, ...] | None = None

    @model_validator(mode="after")
    def check_value(self) -> Self:
        """Refuse a value that the operator cannot use."""
        fits = {
            "in": isinstance(self.value, tuple) and bool(self.value),
            "known": self.value is None,
            "unknown": self.value is None,
            "at_least": _is_number(self.value),
            "at_most": _is_number(self.value),
        }.get(self.op, isinstance(self.value, Scalar))
        if not fits:
            raise ValueError(f"{self.op} cannot be used with the value {self.value!r}")
        return self

    def names(self) -> frozenset[str]:
        """The facts that it asks."""
        return frozenset({self.fact})

    def holds(self, facts: Facts) -> bool:
        actual = facts.get(self.fact)
        if actual is None:
            return self.op in ("unknown", "is_not")
        return self._compare(actual)

    def _compare(self, actual: Any) -> bool:
        wanted: Any = self.value
        match self.op:
            case "is":
                return _same(actual, wanted)
            case "is_not":
                return not _same(actual, wanted)
            case "in":
                return any(_same(actual, one) for one in wanted)
            case "at_least":
                return _is_number(actual) and bool(actual >= wanted)
            case "at_most":
                return _is_number(actual) and bool(actual <= wanted)
        return self.op == "known"


class AllOf(_Part):
    """Holds when each of its conditions holds."""

    all: tuple[Condition, ...] = Field(min_length=1)

    def names(self) -> frozenset[str]:
        return frozenset[str]().union(*(part.names() for part in self.all))

    def holds(self, facts: Facts) -> bool:
        return all(part.holds(facts) for part in self.all)


class AnyOf(_Part):
    """Holds when at least one of its conditions holds."""

    any: tuple[Condition, ...] = Field(min_length=1)

    def names(self) -> frozenset[str]:
        return frozenset[str]().union(*(part.names() for part in self.any))

    def holds(self, facts: Facts) -> bool:
        return any(part.holds(facts) for part in self.any)


class Not(_Part):
    """Holds when its condition does not."""

    negated: Condition = Field(alias="not")

    def names(self) -> frozenset[str]:
        return self.negated.names()

    def holds(self, facts: Facts) -> bool:
        return not self.negated.holds(facts)


Condition = FactIs | AllOf | AnyOf | Not

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


def _same(left: Any, right: Any) -> bool:
    # Python holds True == 1; in JSON, and to the author of a rule, they differ.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

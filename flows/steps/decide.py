"""Steps that decide where to go or what a lead is worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from flows.conditions import Condition
from flows.parts import Identifier, Line, Part, Scalar
from flows.steps.base import Next, StepBase


class Branch(StepBase):
    """Goes by its conditions, over slots and over the facts known of the conversation and its contact."""

    step: Literal["branch"]
    next: Next


class Variant(Part):
    """One way of a split, with its share of the people."""

    name: Identifier
    weight: int = Field(ge=0, le=1000)
    to: Identifier


class Split(StepBase):
    """Sends people different ways by weight. Sticky: the same person always goes the same way.

    Attributes:
        variants: each `{name, weight, to}`.
        goal: the outcome that counts as success when the variants are compared.
    """

    falls_through: ClassVar[bool] = False

    step: Literal["split"]
    next: None = None
    variants: tuple[Variant, ...] = Field(min_length=2, max_length=8)
    goal: Identifier

    @field_validator("variants")
    @classmethod
    def _check_variants(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        if len({variant.name for variant in variants}) != len(variants):
            raise ValueError("two variants have the same name")
        if not any(variant.weight for variant in variants):
            raise ValueError("no variant has a weight")
        return variants

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from ((("variants", number, "to"), variant.to) for number, variant in enumerate(self.variants))


class SetSlot(StepBase):
    """Gives a slot a value; null forgets it.

    Attributes:
        slot: the slot that is set.
        value: what it holds from then on.
    """

    step: Literal["set"]
    slot: Identifier
    value: Scalar | None = None

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("slot",), self.slot


class Points(Part):
    """Points for a lead and the reason a person reads beside them."""

    condition: Condition = Field(alias="if")
    points: int = Field(ge=-100, le=100)
    reason: Line


class Outcomes(Part):
    """The least points for each outcome; below all of them the lead is cold."""

    hot: int
    warm: int


class Qualify(StepBase):
    """Adds up points, each with its reason, and rates the lead hot, warm or cold.

    Attributes:
        slot: keeps `hot`, `warm` or `cold`.
        points: each `{if, points, reason}`; those that hold are added up.
        outcomes: the least points to be `hot` and `warm`.
    """

    step: Literal["qualify"]
    slot: Identifier
    points: tuple[Points, ...] = Field(min_length=1)
    outcomes: Outcomes

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("slot",), self.slot

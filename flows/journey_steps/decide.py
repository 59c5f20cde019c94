"""Steps that decide where a contact goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from flows.conditions import Condition, ScoreIs
from flows.parts import Channel, Duration, Identifier, Part, Purpose
from flows.steps.base import Next, Option, StepBase
from flows.steps.decide import Variant


class JourneyBranch(StepBase):
    """Goes by its conditions over facts, scores, segments and what the contact did or did not do."""

    step: Literal["branch"]
    next: Next


class Band(Part):
    """From so many points on, go there."""

    at_least: float
    to: Identifier


class ScoreBranch(StepBase):
    """Goes by a score; whoever is below all bands goes on at `next`.

    Attributes:
        score: the score, such as `fit`, `engagement` or `intent`; `total` is all together.
        bands: each `{at_least, to}`, the highest first.
    """

    step: Literal["score_branch"]
    score: Identifier = "total"
    bands: tuple[Band, ...] = Field(min_length=1, max_length=10)

    @field_validator("bands")
    @classmethod
    def _check_bands(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        limits = [band.at_least for band in bands]
        if limits != sorted(set(limits), reverse=True):
            raise ValueError("the highest band comes first, and no two are the same")
        return bands

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from ((("bands", number, "to"), band.to) for number, band in enumerate(self.bands))

    def options(self) -> tuple[Option, ...]:
        """Give the bands as ways with conditions, as a branch has them."""
        return tuple(
            Option.model_validate({"if": ScoreIs(score=self.score, op="at_least", value=band.at_least), "to": band.to})
            for band in self.bands
        )


class Goal(Part):
    """What somebody is to do, and what it is worth.

    Attributes:
        kind: the kind of event.
        where: what its properties must be.
        within: how long after the beginning it counts; for ever, unless given.
        value: the property that says what it is worth; each counts once, unless given.
    """

    kind: Identifier
    where: Condition | None = None
    within: Duration | None = Field(default=None, serialization_alias="within_seconds")
    value: Identifier | None = None


class Holdout(Part):
    """A share of the people who get none of the variants, to see what those bring.

    Attributes:
        percent: how large it is.
        to: where they go on.
    """

    percent: float = Field(gt=0, le=50)
    to: Identifier


class StopRule(Part):
    """When an experiment is decided.

    Attributes:
        error: how often it may find a difference where there is none, however often one looks.
        minimum: people in each variant before anything is decided.
        winner: `automatic` sends everybody the winning way from then on; `manual` only tells.
    """

    error: float = Field(default=0.05, gt=0, le=0.2)
    minimum: int = Field(default=100, ge=10)
    winner: Literal["automatic", "manual"] = "automatic"


class Experiment(StepBase):
    """Sends people different ways by weight and finds out which works best. The same person always goes the same way.

    Attributes:
        variants: each `{name, weight, to}`; the first is what the others are compared with.
        holdout: `{percent, to}`.
        goal: `{kind, where, within, value}`, counted from this step on.
        stop: `{error, minimum, winner}`.
    """

    falls_through: ClassVar[bool] = False

    step: Literal["experiment"]
    next: None = None
    variants: tuple[Variant, ...] = Field(min_length=2, max_length=8)
    holdout: Holdout | None = None
    goal: Goal
    stop: StopRule = StopRule()

    @model_validator(mode="after")
    def check_variants(self) -> Self:
        """Refuse variants that cannot be told apart or compared."""
        names = [variant.name for variant in self.variants]
        if len(set(names)) != len(names) or "holdout" in names:
            raise ValueError("each variant needs a name of its own, and holdout is none")
        if sum(variant.weight > 0 for variant in self.variants) < 2:
            raise ValueError("at least two variants need a weight, else there is nothing to compare")
        return self

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from ((("variants", number, "to"), variant.to) for number, variant in enumerate(self.variants))
        if self.holdout:
            yield ("holdout", "to"), self.holdout.to


class ConsentGate(StepBase):
    """Lets through who may be written to or called for a purpose on one of the channels; by the ledger, at this moment.

    Attributes:
        channels: one that is allowed is enough.
        purpose: the journey's, unless given.
        not_allowed: where to go otherwise.
    """

    step: Literal["consent_gate"]
    channels: tuple[Channel, ...] = Field(min_length=1)
    purpose: Purpose | None = None
    not_allowed: Identifier

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("not_allowed",), self.not_allowed

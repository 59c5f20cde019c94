"""What an experiment compares, and which way somebody goes in it: by a hash, so the same way wherever it is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from outreach.definitions import Goal, Step, StopRule

HOLDOUT = "holdout"
"""The way of those who get none of the variants."""
_ALL = 2**64


class Share(BaseModel):
    """A variant and its part of the people."""

    model_config = ConfigDict(frozen=True)

    name: str
    weight: float


class Design(BaseModel):
    """What must not change while people are compared: the ways by name and weight, the goal, the rule that ends it.

    Where the ways lead may change: the same name is the same way.
    """

    model_config = ConfigDict(frozen=True)

    variants: tuple[Share, ...]
    holdout_percent: float
    goal: Goal
    stop: StopRule

    @classmethod
    def of(cls, step: Step) -> Self:
        """The design of an experiment step.

        Raises:
            ValueError: the step has no goal, or no variants.
        """
        if step.goal is None or not step.variants:
            raise ValueError("an experiment needs variants and a goal")
        return cls(
            variants=tuple(Share(name=one.name, weight=one.weight) for one in step.variants),
            holdout_percent=0 if step.holdout is None else step.holdout.percent,
            goal=step.goal,
            stop=step.stop,
        )

    @property
    def control(self) -> str:
        """The variant that the others are compared with."""
        return self.variants[0].name

    @property
    def fingerprint(self) -> str:
        """The same for the same design."""
        told = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def shares(self) -> Mapping[str, float]:
        """Which part of the people each way should get; ways that get nobody are absent."""
        held = self.holdout_percent / 100
        total = sum(one.weight for one in self.variants)
        ways = {one.name: (1 - held) * one.weight / total for one in self.variants if one.weight > 0}
        return ways | ({HOLDOUT: held} if held else {})

    def way_of(self, journey: str, step: str, contact_id: UUID) -> str:
        """Which way a contact goes. Knows nothing of other experiments, nor of the share a journey holds back."""
        digest = hashlib.sha256(f"experiment:{journey}:{step}:{contact_id}".encode()).digest()
        point = int.from_bytes(digest[:8]) / _ALL
        shares = self.shares()
        # From the end of the line, so that the holdout keeps its people whatever the weights are.
        reached = 0.0
        for way in reversed(list(shares)):
            reached += shares[way]
            if point < reached:
                return way
        return self.control  # what rounding left over


def read_design(stored: Mapping[str, Any]) -> Design:
    """A design as it was stored."""
    return Design.model_validate(stored)

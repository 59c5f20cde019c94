"""Steps that speak to the contact. Whether, where and when they may is the gate's decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from flows.parts import Channel, Duration, Identifier, Purpose
from flows.steps.base import Says, StepBase

WrittenOn = Literal["web", "email", "sms", "telegram"]
ALWAYS_POSSIBLE = ("no_reply", "asked_for_person", "opted_out", "wrong_person")
"""Outcomes any talk may come to, whatever its flow says."""


class Send(StepBase):
    """Sends one message on the first of its channels that the gate does not refuse; when it refuses all, goes on.

    Attributes:
        channels: in the order of wish.
        purpose: what the message is for; the journey's, unless given.
    """

    says: ClassVar[Says] = "must"
    step: Literal["send"]
    channels: tuple[Channel, ...] = Field(min_length=1)
    purpose: Purpose | None = None


class ReachOut(StepBase):
    """Sends one message where and when it has the best chance: the planner weighs what is allowed, the earliest lawful
    time, past answers and cost, and notes why it left out each other channel.

    Attributes:
        channels: that come into question, in the order of wish.
        purpose: what the message is for; the journey's, unless given.
        deadline: the longest it may take until the message leaves.
        most_cost: the most it may cost, in the currency of the operator's price list; no limit, unless given.
        unreached: where to go when no channel was allowed in time.
    """

    says: ClassVar[Says] = "must"
    step: Literal["reach_out"]
    channels: tuple[WrittenOn, ...] = Field(min_length=1)
    purpose: Purpose | None = None
    deadline: Duration = Field(serialization_alias="seconds")
    most_cost: float | None = Field(default=None, gt=0)
    unreached: Identifier

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("unreached",), self.unreached


class Talk(StepBase):
    """A talk that the journey waits for.

    Attributes:
        purpose: what it is for; the journey's, unless given.
        patience: how long the contact has to answer before it counts as `no_reply`.
        ways: where to go by how it ended: `qualified`, `declined`, `no_reply`, `asked_for_person`, `opted_out`,
            `wrong_person` or another outcome of the flow. Every other outcome goes on at `next`.
        unreached: where to go when the gate allowed it on no channel.
    """

    purpose: Purpose | None = None
    patience: Duration = Field(serialization_alias="seconds")
    ways: dict[Identifier, Identifier] = Field(default_factory=dict)
    unreached: Identifier

    @property
    def pauses(self) -> bool:
        return True

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("unreached",), self.unreached
        yield from ((("ways", outcome), to) for outcome, to in self.ways.items())


class Converse(Talk):
    """Runs a flow with the contact and goes on by its outcome, be it days later or on another channel.

    Attributes:
        flow: the flow that is run.
        channels: where it may begin, in the order of wish.
    """

    step: Literal["converse"]
    flow: Identifier
    channels: tuple[WrittenOn, ...] = Field(min_length=1)


class Call(Talk):
    """Calls by telephone and speaks its text, or runs a flow; put a `consent_gate` for `voice` before it.

    Who does not pick up, or whose mailbox answers, counts as `no_reply`.

    Attributes:
        flow: the flow that is run; without one the wording is spoken, and who heard it goes on at `next`.
        attempts: how often it may ring.
        apart: the time between two attempts.
    """

    says: ClassVar[Says] = "may"
    step: Literal["call"]
    flow: Identifier | None = None
    attempts: int = Field(default=1, ge=1, le=3)
    apart: Duration | None = Field(default=None, serialization_alias="apart_seconds")

    @model_validator(mode="after")
    def check_attempts(self) -> Self:
        """Refuse several attempts without a time between them."""
        if (self.attempts > 1) != (self.apart is not None):
            raise ValueError("more than one of attempts needs apart, and one needs none")
        return self

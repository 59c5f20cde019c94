"""A journey as its author writes it in journey.yml. Does not decide whether a send may go out: the gate does."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from flows.parts import Channel, Duration, Identifier, Line, Part, Prose, Purpose
from flows.steps import Closing, Next, StepBase

JourneyEvent = Literal["opted_out", "consent_withdrawn", "handed_off", "replied"]


class WaitFor(StepBase):
    step: Literal["wait_for"]
    duration: Duration = Field(serialization_alias="seconds")

    @property
    def pauses(self) -> bool:
        return True


class JourneyBranch(StepBase):
    step: Literal["branch"]
    next: Next


class Send(StepBase):
    """Sends one message on a channel it names, the best first. Its purpose is the journey's unless given."""

    step: Literal["send"]
    channels: tuple[Channel, ...] = Field(min_length=1)
    purpose: Purpose | None = None


class Exit(Closing):
    ends: ClassVar[bool] = True
    step: Literal["exit"]
    outcome: Identifier = "completed"


JourneyStep = Annotated[WaitFor | JourneyBranch | Send | Exit, Field(discriminator="step")]


class Journey(Part):
    """A follow-up over time.

    Attributes:
        purpose: what its messages are for; marketing needs consent.
        re_entry: whether a contact who left it may go through it again.
        exit_when: what ends it at once, wherever the contact stands.
    """

    journey: Identifier
    name: Line
    description: Prose
    purpose: Purpose
    re_entry: Literal["never", "after_exit"] = "never"
    exit_when: tuple[JourneyEvent, ...]
    steps: tuple[JourneyStep, ...] = Field(min_length=1)

    def purpose_of(self, send: Send) -> Purpose:
        return send.purpose or self.purpose

"""A journey as its author writes it in journey.yml. Does not decide whether a send may go out: the gate does."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from flows.parts import Channel, Identifier, Line, Part, Prose, Purpose
from flows.steps import Closing, Next, StepBase

_DURATION = re.compile(r"^(?P<count>[1-9]\d{0,3}) (?P<unit>second|minute|hour|day|week)s?$")

JourneyEvent = Literal["opted_out", "consent_withdrawn", "handed_off", "replied"]


def parse_duration(text: object) -> timedelta:
    """Read a duration such as `10 minutes` or `2 days`.

    Raises:
        ValueError: if it is not written so.
    """
    match = _DURATION.match(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a duration is written like 10 minutes, 1 hour or 2 days")
    return timedelta(**{f"{match['unit']}s": int(match["count"])})


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(lambda duration: int(duration.total_seconds()), return_type=int),
]


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

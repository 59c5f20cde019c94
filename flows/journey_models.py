"""A journey as its author writes it in journey.yml. Does not decide whether a send may go out: the gate does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from flows.conditions import Condition
from flows.journey_steps import Call, ConsentGate, Converse, Goal, JourneyStep, ReachOut, Send
from flows.parts import Duration, Identifier, Line, Part, Prose, Purpose

JourneyEvent = Literal["opted_out", "consent_withdrawn", "handed_off", "replied"]


class DidThis(Part):
    """Ends the journey when the contact does something.

    Attributes:
        kind: the kind of event.
        where: what its properties must be.
        outcome: how the journey ended then.
    """

    kind: Identifier
    where: Condition | None = None
    outcome: Identifier


class BecameThis(Part):
    """Ends the journey when a condition holds; looked at before each step.

    Attributes:
        condition: the condition.
        outcome: how the journey ended then.
    """

    condition: Condition = Field(alias="if")
    outcome: Identifier


def _exit_kind(data: Any) -> str:
    if isinstance(data, str):
        return "name"
    keys = data if isinstance(data, Mapping) else getattr(type(data), "model_fields", ())
    return "event" if "kind" in keys else "condition"


ExitRule = Annotated[
    Annotated[JourneyEvent, Tag("name")] | Annotated[DidThis, Tag("event")] | Annotated[BecameThis, Tag("condition")],
    Discriminator(_exit_kind),
]


class ReEntryAfter(Part):
    """Again when so long has passed since they left.

    Attributes:
        after: how long.
    """

    after: Duration = Field(serialization_alias="seconds")


def _re_entry_kind(data: Any) -> str:
    return "rule" if isinstance(data, str) else "time"


ReEntry = Annotated[
    Annotated[Literal["never", "after_exit", "always"], Tag("rule")] | Annotated[ReEntryAfter, Tag("time")],
    Discriminator(_re_entry_kind),
]

Speaking = Send | ReachOut | Converse | Call


class Journey(Part):
    """A follow-up over time: a graph of steps that contacts go through, each at their own pace.

    Attributes:
        journey: its name, that of its folder.
        name: what colleagues call it.
        description: what it is for.
        purpose: what its messages are for; marketing needs consent.
        re_entry: whether a contact may go through it again: `never`, `after_exit`, `{after: 30 days}` since they
            left, or `always`, which ends the run they are in and begins a new one.
        exit_when: what ends it at once, wherever the contact stands: `opted_out`, `consent_withdrawn`, `handed_off`,
            `replied`, `{kind, where, outcome}` for what they do, `{if, outcome}` for what they are.
        goal: `{kind, where, within, value}`: what the journey is for. Who does it leaves with the outcome `goal`.
        priority: who may be in one of several journeys only is in the one with the higher number.
        exclusive_group: a contact is in one journey of this group at a time.
        frequency_class: how the caps treat its messages: `essential` (service only) is neither held back by them nor
            counted, `occasional` leaves the last place under a cap to a `normal` one that waits.
        quiet_hours: what becomes of a message that meets quiet hours: it waits (`defer`), or is left out (`skip`).
        owner: the team that answers for it, one of library.yml.
        version_policy: when a new version is published, contacts in the journey stay on theirs (`pin`) or move over
            (`follow`).
        holdout_percent: the share of people who are held back for good, to measure what the journey brings.
        facts: facts that other systems provide, each with what it means, so that conditions and wording may name them.
        steps: what happens, in the order it is written unless `next` says otherwise.
    """

    journey: Identifier
    name: Line
    description: Prose
    purpose: Purpose
    re_entry: ReEntry = "never"
    exit_when: tuple[ExitRule, ...]
    goal: Goal | None = None
    priority: int = Field(default=50, ge=0, le=100)
    exclusive_group: Identifier | None = None
    frequency_class: Literal["essential", "normal", "occasional"] = "normal"
    quiet_hours: Literal["defer", "skip"] = "defer"
    owner: Identifier | None = None
    version_policy: Literal["pin", "follow"] = "pin"
    holdout_percent: float = Field(default=0, ge=0, le=50)
    facts: dict[Identifier, Line] = Field(default_factory=dict)
    steps: tuple[JourneyStep, ...] = Field(min_length=1)

    def purpose_of(self, step: Speaking | ConsentGate) -> Purpose:
        return step.purpose or self.purpose

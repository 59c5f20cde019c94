"""Steps that let time pass. All clocks are the recipient's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from flows.conditions import Condition
from flows.parts import Duration, Identifier, TimeOfDay, Weekday
from flows.steps.base import StepBase


class WaitFor(StepBase):
    """Waits so long.

    Attributes:
        duration: how long.
    """

    step: Literal["wait_for"]
    duration: Duration = Field(serialization_alias="seconds")

    @property
    def pauses(self) -> bool:
        return True


class WaitUntil(StepBase):
    """Waits for a time of day and a weekday, or for a moment counted from a date that is known.

    A field holds a day (`2026-12-24`), to which `at` adds the time of day, or a moment (`2026-12-24T15:00:00+01:00`),
    of which `at`, when it is given, replaces the time of day.

    Attributes:
        at: the time of day; `09:00` when only a day is known.
        weekdays: the days that count; any, unless given. With `field`, the first of them from that day on.
        field: the contact field, or what a step remembers of an event, that holds the day or moment.
        days: how many days after it; before it, with a minus.
        hours: how many hours after it besides; before it, with a minus.
        missing: where to go when no such date is known.
        past: where to go when that moment is over already; on at once, unless given.
    """

    step: Literal["wait_until"]
    at: TimeOfDay | None = None
    weekdays: tuple[Weekday, ...] = ()
    field: Identifier | None = None
    days: int = Field(default=0, ge=-3650, le=3650)
    hours: int = Field(default=0, ge=-240, le=240)
    missing: Identifier | None = None
    past: Identifier | None = None

    @model_validator(mode="after")
    def check_what_for(self) -> Self:
        """Refuse a wait for nothing, and a date that says not what to do without it."""
        if self.field is None and not (self.at or self.weekdays):
            raise ValueError("it needs at, weekdays or field to wait for")
        if self.field is not None and self.missing is None:
            raise ValueError("a wait for a field needs missing, the step to go to when it is not known")
        if self.field is None and (self.days or self.hours or self.missing or self.past):
            raise ValueError("days, hours, missing and past belong to a field")
        return self

    @property
    def pauses(self) -> bool:
        # A day that is over lets through at once, so a loop through it would not wait.
        return self.field is None

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        if self.missing:
            yield ("missing",), self.missing
        if self.past:
            yield ("past",), self.past


class WaitEvent(StepBase):
    """Waits until the contact does something, or the time is over.

    Attributes:
        kind: the kind of event.
        where: what its properties must be.
        since: `entry` also counts what happened before this step, since the contact entered the journey.
        timeout: how long to wait.
        timed_out: where to go then.
        remember: by the name the wording gives them, properties of the event to keep while the journey lasts.
    """

    step: Literal["wait_event"]
    kind: Identifier
    where: Condition | None = None
    since: Literal["arrival", "entry"] = "arrival"
    timeout: Duration = Field(serialization_alias="seconds")
    timed_out: Identifier
    remember: dict[Identifier, Identifier] = Field(default_factory=dict)

    @property
    def pauses(self) -> bool:
        return self.since == "arrival"

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("timed_out",), self.timed_out


class BestTime(StepBase):
    """Waits for the hour at which the contact has answered before; without any such hour, for `default`.

    It never leaves its window: what is learned chooses within it, and law and quiet hours come on top.

    Attributes:
        earliest: not before this time of day.
        latest: not after it.
        default: when nothing is known yet.
        within: the longest it may wait; then it goes on at the next moment in the window.
        weekdays: the days that count; any, unless given.
    """

    step: Literal["best_time"]
    earliest: TimeOfDay = "09:00"
    latest: TimeOfDay = "20:00"
    default: TimeOfDay = "10:00"
    within: Duration = Field(serialization_alias="seconds")
    weekdays: tuple[Weekday, ...] = ()

    @model_validator(mode="after")
    def check_window(self) -> Self:
        """Refuse a window that is empty or does not hold its default."""
        if not self.earliest <= self.default <= self.latest or self.earliest == self.latest:
            raise ValueError("earliest, default and latest must follow each other")
        return self

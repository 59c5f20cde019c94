"""What all steps share: where they lead, whether they speak, whether they wait. Knows no single step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from flows.conditions import Condition
from flows.parts import Duration, Identifier, Part, SlotType

Says = Literal["must", "may", "never"]


class Option(Part):
    """Where to go next, and when."""

    condition: Condition | None = Field(default=None, alias="if")
    to: Identifier


def _as_options(value: object) -> object:
    return [{"to": value}] if isinstance(value, str) else value


Next = Annotated[
    tuple[Option, ...],
    BeforeValidator(_as_options, json_schema_input_type=Identifier | tuple[Option, ...]),
    Field(min_length=1),
]


class StepBase(Part):
    """What all steps share. Without `next` a step goes on to the one written after it.

    Attributes:
        id: its name, unique in the flow; wording and tests name it too.
        next: where to go on; the step written after it, unless given. A step, or a list of `{if, to}` of which the
            first that holds wins and the last has only `to`.
    """

    says: ClassVar[Says] = "never"
    enters: ClassVar[bool] = False
    """Whether a journey may begin with it."""
    ends: ClassVar[bool] = False
    falls_through: ClassVar[bool] = True
    """Whether it goes on to the step written after it when no `next` is given."""

    id: Identifier
    next: Next | None = None

    @property
    def pauses(self) -> bool:
        """Tell whether the step always stops and waits, so that a loop through it cannot run away."""
        return False

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        """List the steps it may lead to besides `next`, each with where in the step that is written."""
        return iter(())

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        """List the slots it may fill, each with where in the step that is written."""
        return iter(())


class Closing(StepBase):
    """A step after which the flow does not go on."""

    ends: ClassVar[bool] = True
    falls_through: ClassVar[bool] = False

    next: None = None


class NoReply(Part):
    """Where to go when the person has not answered for a while."""

    wait: Duration = Field(serialization_alias="seconds")
    to: Identifier


class Waiting(StepBase):
    """A step that waits for the person.

    Attributes:
        retries: misses after which a person is offered.
        no_reply_after: how long to wait for an answer, and where to go without one. Runs on every channel.
    """

    says: ClassVar[Says] = "must"

    retries: int = Field(default=2, ge=0, le=5)
    no_reply_after: NoReply | None = None

    @property
    def pauses(self) -> bool:
        return True

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        if self.no_reply_after:
            yield ("no_reply_after", "to"), self.no_reply_after.to


class Question(Waiting):
    """A step that asks and waits for the answer, which fills a slot.

    Attributes:
        slot: keeps the answer.
        skip_if_known: goes on without asking when the slot is known.
        optional: a visitor who declines, or misses once more, is asked the next question.
    """

    slot_type: ClassVar[SlotType]

    slot: Identifier
    skip_if_known: bool = True
    optional: bool = False

    @property
    def pauses(self) -> bool:
        # One that was left out is not asked again, so a loop through it would not wait.
        return not self.skip_if_known and not self.optional

    @property
    def labelled(self) -> tuple[str, ...]:
        """Give the values that need a label in the wording."""
        return ()

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("slot",), self.slot

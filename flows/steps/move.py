"""Steps that leave the flow, for another flow, a person, another channel or the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from flows.parts import Channel, Identifier
from flows.steps.base import Closing, Says, StepBase, Waiting


class CallFlow(StepBase):
    """Runs another flow and goes on at `next` when that has ended or returned.

    Attributes:
        flow: the flow that is run.
        outcome: a slot that keeps how it ended, for `next` to branch on.
    """

    step: Literal["call_flow"]
    flow: Identifier
    outcome: Identifier | None = None

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        if self.outcome:
            yield ("outcome",), self.outcome


class Return(Closing):
    """Goes back to the flow that called this one; ends the flow if none did. Says nothing.

    Attributes:
        outcome: how the flow ended.
    """

    step: Literal["return"]
    outcome: Identifier = "completed"


class Jump(Closing):
    """Leaves this flow for another, for good.

    Attributes:
        flow: the flow that takes over.
        at: its step to begin at; the first, unless given.
    """

    step: Literal["jump"]
    flow: Identifier
    at: Identifier | None = None


class Handoff(Closing):
    """Lets a person of a team take over; outside the team's hours it goes to `fallback` instead, if there is one.

    Without a fallback the person is told (wording `closed`) that somebody will answer when the team is back.

    Attributes:
        team: one of the teams in library.yml.
        fallback: where to go outside their hours.
    """

    says: ClassVar[Says] = "must"
    step: Literal["handoff"]
    team: Identifier
    fallback: Identifier | None = None

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        if self.fallback:
            yield ("fallback",), self.fallback


class MoveChannel(Waiting):
    """Offers to go on elsewhere: gives a code (and on channels that have one, a link) that opens the talk there.

    Its text may name `{{ code }}` and `{{ link }}`. Who stays goes on at `next` by saying so (choice `stay`).

    Attributes:
        channels: where the talk may go on.
    """

    says: ClassVar[Says] = "must"
    step: Literal["move_channel"]
    channels: tuple[Channel, ...]

    @property
    def labelled(self) -> tuple[str, ...]:
        """Give the values that need a label in the wording."""
        return ("stay",)


class End(Closing):
    """Ends the flow with a typed outcome, one of `flows.parts.OUTCOMES` or of the flow's own `outcomes`.

    Attributes:
        outcome: how the flow ended.
    """

    says: ClassVar[Says] = "may"
    step: Literal["end"]
    outcome: Identifier = "completed"

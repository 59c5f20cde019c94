"""Steps a journey begins with. A journey may have several; each goes on to the first step after it that is none."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flows.conditions import Condition
from flows.parts import Identifier, SegmentName, TimeOfDay
from flows.steps.base import StepBase


class Entry(StepBase):
    """A way into a journey.

    Attributes:
        only_if: who does not meet it when it happens stays outside.
    """

    enters: ClassVar[bool] = True

    only_if: Condition | None = None


class OnEvent(Entry):
    """Takes in who does something, from a cart, an order, a page, a webhook, a device, a calendar or a conversation.

    Attributes:
        kind: the kind of event.
        where: what its properties must be.
        remember: by the name the wording gives them, properties of the event to keep while the journey lasts.
    """

    step: Literal["on_event"]
    kind: Identifier
    where: Condition | None = None
    remember: dict[Identifier, Identifier] = Field(default_factory=dict)


class OnSegment(Entry):
    """Takes in who enters a segment, or leaves one.

    Attributes:
        segment: its name.
        when: which of the two.
    """

    step: Literal["on_segment"]
    segment: SegmentName
    when: Literal["enters", "leaves"] = "enters"


class OnDate(Entry):
    """Takes in on a day counted from a date that is known of the contact, by the contact's own clock.

    Attributes:
        field: the contact field that holds the date (`YYYY-MM-DD`).
        days: how many days after it; before it, with a minus.
        at: the time of day.
        yearly: every year on that day, as for a birthday.
    """

    step: Literal["on_date"]
    field: Identifier
    days: int = Field(default=0, ge=-3650, le=3650)
    at: TimeOfDay = "09:00"
    yearly: bool = False


class OnConversationOutcome(Entry):
    """Takes in who ends a conversation with one of these outcomes.

    Attributes:
        flow: the flow that ended.
        outcomes: the outcomes that count.
    """

    step: Literal["on_conversation_outcome"]
    flow: Identifier
    outcomes: tuple[Identifier, ...] = Field(min_length=1)


class ManualOrAPI(Entry):
    """Takes in who is put in by a colleague, over the API, by `start_journey` of a flow or by `link_journey`."""

    step: Literal["manual_or_api"]

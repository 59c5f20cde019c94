"""A flow as its author writes it in flow.yml, and the settings of the library it stands in. No rules across parts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from flows.conditions import Condition
from flows.intent_examples import intent_of_flow
from flows.parts import Example, Identifier, Language, Line, Part, Prose, Sensitivity, SlotType, Weekday
from flows.steps import Step

HoursOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")]


class Slot(Part):
    """Something a flow remembers.

    Attributes:
        label: what it is called when the visitor is told about it.
        field: the contact field its value is captured to, if any.
        lasts: `flow` forgets it when the flow is started again, as for an amount; else it stays known.
    """

    type: SlotType
    label: Line
    sensitivity: Sensitivity = "personal"
    field: Identifier | None = None
    lasts: Literal["conversation", "flow"] = "conversation"


class Flow(Part):
    """One conversation: what it asks, says and does, in the order it is written unless `next` says otherwise.

    Attributes:
        nlu_triggers: intents that start it.
        start_examples: what people may say to start it, by language; the bot learns to know more like them.
        guard: it is started or called only when this holds.
        outcomes: outcomes of its own, each with what it means.
    """

    flow: Identifier
    name: Line
    description: Prose
    language: Language
    nlu_triggers: tuple[Identifier, ...] = ()
    start_examples: dict[Language, tuple[Example, ...]] = Field(default_factory=dict)
    guard: Condition | None = None
    outcomes: dict[Identifier, Line] = Field(default_factory=dict)
    slots: dict[Identifier, Slot] = Field(default_factory=dict)
    steps: tuple[Step, ...] = Field(min_length=1)

    @property
    def own_intent(self) -> str | None:
        """The intent of its own examples; none where it has no examples."""
        return intent_of_flow(self.flow) if any(self.start_examples.values()) else None

    @property
    def triggers(self) -> tuple[str, ...]:
        """All intents that start it, its own too."""
        return self.nlu_triggers if self.own_intent is None else (*self.nlu_triggers, self.own_intent)


class Team(Part):
    """Colleagues who take over.

    Attributes:
        hours: when they are there, by weekday in `zone`; always, when none is given.
        closed: days on which they are not.
    """

    zone: str = "UTC"
    hours: dict[Weekday, tuple[HoursOfDay, ...]] = Field(default_factory=dict)
    closed: tuple[date, ...] = ()


class Library(Part):
    """What holds for all flows together."""

    entry_flow: Identifier
    default_language: Language
    teams: dict[Identifier, Team] = Field(default_factory=dict)

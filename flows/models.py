"""A flow as its author writes it in flow.yml, and the settings of the library it stands in. No rules across parts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flows.parts import Identifier, Language, Line, Part, Prose
from flows.steps import Step

SlotType = Literal["text", "email", "phone", "number", "choice", "consent", "flag"]


class Slot(Part):
    """Something a flow remembers.

    Attributes:
        label: what it is called when the visitor is told about it.
        field: the contact field its value is captured to, if any.
    """

    type: SlotType
    label: Line
    sensitivity: Literal["plain", "personal", "sensitive"] = "personal"
    field: Identifier | None = None


class Flow(Part):
    """One conversation: what it asks, says and does, in the order it is written unless `next` says otherwise."""

    flow: Identifier
    name: Line
    description: Prose
    language: Language
    nlu_triggers: tuple[Identifier, ...] = ()
    slots: dict[Identifier, Slot] = Field(default_factory=dict)
    steps: tuple[Step, ...] = Field(min_length=1)


class Library(Part):
    """What holds for all flows together."""

    entry_flow: Identifier
    default_language: Language

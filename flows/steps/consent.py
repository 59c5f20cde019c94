"""Steps about consent. What counts as consent is decided by the ledger and the gate, never by a flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from flows.parts import Channel, Identifier, Part, Purpose, SlotType
from flows.steps.base import Question, Says, StepBase, Waiting


class AskConsent(Question):
    """Shows the exact consent text with two equal choices; asked anew unless the flow says otherwise.

    One purpose a question, nothing chosen beforehand: consent is neither bundled nor pre-ticked.

    Attributes:
        purpose: what the person agrees to.
        channels: the ways they may then be written to.
    """

    slot_type: ClassVar[SlotType] = "consent"
    step: Literal["ask_consent"]
    purpose: Purpose
    channels: tuple[Channel, ...] = Field(min_length=1)
    skip_if_known: bool = False

    @property
    def labelled(self) -> tuple[str, ...]:
        return ("yes", "no")


class CheckConsent(StepBase):
    """Looks up in the ledger how consent stands and keeps it in a slot: `given`, `refused` or, if never asked, nothing.

    Branch on that slot in `next`. `given` only when it is given for every channel named.

    Attributes:
        purpose: which consent is looked up.
        channels: the ways it must cover.
        slot: keeps how it stands.
    """

    step: Literal["check_consent"]
    purpose: Purpose
    channels: tuple[Channel, ...] = Field(min_length=1)
    slot: Identifier

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("slot",), self.slot


class Preference(Part):
    """One thing a person can allow or not. Its text in the wording is the consent text that is recorded."""

    name: Identifier
    purpose: Purpose
    channel: Channel


class Preferences(Waiting):
    """Shows how each consent stands and lets the person change one after the other, until they are done.

    Each preference is a question of its own: its text under `choices` is shown in full before a yes counts.

    Attributes:
        items: each `{name, purpose, channel}`; the first entry of `also.<name>` in the wording is its short name.
    """

    says: ClassVar[Says] = "must"
    step: Literal["preferences"]
    items: tuple[Preference, ...] = Field(min_length=1, max_length=8)

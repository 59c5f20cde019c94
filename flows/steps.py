"""The steps a flow is written in, one model each. What a step does at run time stands in the bot, not here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from flows.conditions import Condition
from flows.parts import Channel, ChoiceValue, Identifier, Line, Part, Purpose, Scalar

Says = Literal["must", "may", "never"]


class Option(Part):
    """Where to go next, and when."""

    condition: Condition | None = Field(default=None, alias="if")
    to: Identifier


def _as_options(value: object) -> object:
    return [{"to": value}] if isinstance(value, str) else value


Next = Annotated[tuple[Option, ...], BeforeValidator(_as_options), Field(min_length=1)]


class StepBase(Part):
    """What all steps share. Without `next` a step goes on to the one written after it."""

    says: ClassVar[Says] = "never"
    ends: ClassVar[bool] = False

    id: Identifier
    next: Next | None = None

    @property
    def pauses(self) -> bool:
        """Tell whether the step always stops and waits, so that a loop through it cannot run away."""
        return False


class Closing(StepBase):
    """A step after which the flow does not go on."""

    ends: ClassVar[bool] = True

    next: None = None


class Question(StepBase):
    """A step that asks and waits for the answer.

    Attributes:
        retries: misses after which a person is offered.
        optional: a visitor who declines, or misses once more, is asked the next question.
    """

    says: ClassVar[Says] = "must"
    slot_type: ClassVar[str]

    slot: Identifier
    skip_if_known: bool = True
    retries: int = Field(default=2, ge=0, le=5)
    optional: bool = False

    @property
    def pauses(self) -> bool:
        # One that was left out is not asked again, so a loop through it would not wait.
        return not self.skip_if_known and not self.optional

    @property
    def labelled(self) -> tuple[str, ...]:
        """Give the values that need a label in the wording."""
        return ()


class Message(StepBase):
    says: ClassVar[Says] = "must"
    step: Literal["message"]


class AINotice(StepBase):
    says: ClassVar[Says] = "must"
    step: Literal["ai_notice"]


class AskChoice(Question):
    """Offers choices; `intents` names those that an intent chooses when nothing else in the text does."""

    slot_type: ClassVar[str] = "choice"
    step: Literal["ask_choice"]
    choices: tuple[ChoiceValue, ...] = Field(min_length=2, max_length=10)
    intents: dict[Identifier, ChoiceValue] = Field(default_factory=dict)

    @field_validator("intents")
    @classmethod
    def _check_intents(cls, intents: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        strangers = sorted(set(intents.values()) - set(info.data.get("choices", ())))
        if strangers:
            raise ValueError(f"no such choice: {', '.join(strangers)}")
        return intents

    @property
    def labelled(self) -> tuple[str, ...]:
        return self.choices


class AskText(Question):
    slot_type: ClassVar[str] = "text"
    step: Literal["ask_text"]
    min_length: int = Field(default=1, ge=1)
    max_length: int = Field(default=1000, ge=1, le=4000)


class AskEmail(Question):
    slot_type: ClassVar[str] = "email"
    step: Literal["ask_email"]


class AskPhone(Question):
    slot_type: ClassVar[str] = "phone"
    step: Literal["ask_phone"]


class AskConsent(Question):
    """Shows the exact consent text with two equal choices; asked anew unless the flow says otherwise."""

    slot_type: ClassVar[str] = "consent"
    step: Literal["ask_consent"]
    purpose: Purpose
    channels: tuple[Channel, ...] = Field(min_length=1)
    skip_if_known: bool = False

    @property
    def labelled(self) -> tuple[str, ...]:
        return ("yes", "no")


class Branch(StepBase):
    step: Literal["branch"]
    next: Next


class SetSlot(StepBase):
    step: Literal["set"]
    slot: Identifier
    value: Scalar


class Points(Part):
    """Points for a lead and the reason a person reads beside them."""

    condition: Condition = Field(alias="if")
    points: int = Field(ge=-100, le=100)
    reason: Line


class Outcomes(Part):
    """The least points for each outcome; below all of them the lead is cold."""

    hot: int
    warm: int


class Qualify(StepBase):
    step: Literal["qualify"]
    slot: Identifier
    points: tuple[Points, ...] = Field(min_length=1)
    outcomes: Outcomes


class StartJourney(StepBase):
    step: Literal["start_journey"]
    journey: Identifier


class HandOff(Closing):
    says: ClassVar[Says] = "must"
    step: Literal["hand_off"]
    team: Identifier


class End(Closing):
    says: ClassVar[Says] = "may"
    step: Literal["end"]
    outcome: Identifier = "completed"


Step = Annotated[
    Message
    | AINotice
    | AskChoice
    | AskText
    | AskEmail
    | AskPhone
    | AskConsent
    | Branch
    | SetSlot
    | Qualify
    | StartJourney
    | HandOff
    | End,
    Field(discriminator="step"),
]


def compile_step(step: StepBase, options: tuple[Option, ...]) -> Mapping[str, Any]:
    """Give the step as the bot reads it, with where it goes next spelled out."""
    fields = step.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"id", "next"})
    return fields | {"next": [option.model_dump(mode="json", by_alias=True, exclude_none=True) for option in options]}

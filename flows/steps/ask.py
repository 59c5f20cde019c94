"""Steps that ask for one datum and keep it in a slot."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

import re2
from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from flows.parts import ChoiceValue, Duration, Identifier, SlotType
from flows.steps.base import Question

FileKind = Literal["image", "pdf", "text", "spreadsheet", "document"]
_PATTERN_LIMIT = 200
_QUIET = re2.Options()
_QUIET.log_errors = False  # what is wrong goes into the fault, not to the log


def _said(error: Exception) -> str:
    return ", ".join(part.decode() if isinstance(part, bytes) else str(part) for part in error.args)


class AskChoice(Question):
    """Offers choices; `intents` names those that an intent chooses when nothing else in the text does.

    Attributes:
        choices: the values, in the order shown; labels stand in the wording under `choices`.
        intents: values that an intent chooses.
    """

    slot_type: ClassVar[SlotType] = "choice"
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
    """Takes any text.

    Attributes:
        min_length, max_length: characters an answer must and may have.
        pattern: a regular expression (RE2 syntax) the whole answer must match; case does not matter.
        takes_questions: a question is an answer too ("what should the speaker cover?"), instead of being answered.
        debounce: waits so long for more, since people send a thought in pieces; the pieces are read as one answer.
    """

    slot_type: ClassVar[SlotType] = "text"
    step: Literal["ask_text"]
    min_length: int = Field(default=1, ge=1)
    max_length: int = Field(default=1000, ge=1, le=4000)
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=_PATTERN_LIMIT)] | None = None
    takes_questions: bool = False
    debounce: Duration | None = None

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re2.compile(pattern, _QUIET)
            except re2.error as error:
                raise ValueError(f"the pattern is not RE2: {_said(error)}") from error
        return pattern

    @field_validator("debounce")
    @classmethod
    def _check_debounce(cls, debounce: Duration | None) -> Duration | None:
        if debounce is not None and debounce.total_seconds() > 30:
            raise ValueError("nobody waits longer than 30 seconds for a reply")
        return debounce


class AskEmail(Question):
    """Takes a valid e-mail address, anywhere in the text."""

    slot_type: ClassVar[SlotType] = "email"
    step: Literal["ask_email"]


class AskPhone(Question):
    """Takes a valid phone number, anywhere in the text."""

    slot_type: ClassVar[SlotType] = "phone"
    step: Literal["ask_phone"]


class AskNumber(Question):
    """Takes a number, in digits or words, within its bounds.

    Attributes:
        minimum, maximum: bounds, themselves allowed.
        whole: refuses fractions.
    """

    slot_type: ClassVar[SlotType] = "number"
    step: Literal["ask_number"]
    minimum: int | float | None = None
    maximum: int | float | None = None
    whole: bool = True

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum is above maximum")
        return self


class AskDate(Question):
    """Takes a day ("tomorrow", "3 May", "next Tuesday"), kept as YYYY-MM-DD.

    With `time` it takes a day and a time of day in the visitor's zone ("next Tuesday at 3"), kept as RFC 3339; what
    was understood is said back, and when only one of the two was said it asks for the other in the words of `retry`.

    Attributes:
        earliest, latest: bounds; `today`, a day, or days from today such as `+14`.
        time: asks for the time of day as well.
    """

    slot_type: ClassVar[SlotType] = "date"
    step: Literal["ask_date"]
    earliest: date | Literal["today"] | Annotated[str, StringConstraints(pattern=r"^[+-]\d{1,4}$")] | None = None
    latest: date | Literal["today"] | Annotated[str, StringConstraints(pattern=r"^[+-]\d{1,4}$")] | None = None
    time: bool = False


class AskFile(Question):
    """Takes a file; the slot keeps its id. On a channel without files it is left out when optional.

    Attributes:
        accept: kinds that are taken, told by the content of the file.
        max_megabytes: the largest that is taken.
    """

    slot_type: ClassVar[SlotType] = "file"
    step: Literal["ask_file"]
    accept: tuple[FileKind, ...] = Field(default=("image", "pdf"), min_length=1)
    max_megabytes: int = Field(default=5, ge=1, le=10)


class Rating(Question):
    """Takes a rating from `lowest` to `highest`; the wording may label the two ends under `choices`.

    Attributes:
        lowest, highest: the ends of the scale.
    """

    slot_type: ClassVar[SlotType] = "number"
    step: Literal["rating"]
    lowest: int = Field(default=1, ge=0, le=1)
    highest: int = Field(default=5, ge=3, le=10)

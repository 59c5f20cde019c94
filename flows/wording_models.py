"""What wording.<language>.yml may hold, for flows, patterns and journeys. Does not decide which step needs what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, RootModel

from flows.parts import ChoiceValue, Identifier, Line, Part, Prose

PATTERNS = (
    "cannot_handle",
    "offer_person",
    "corrected",
    "resume",
    "are_you_a_bot",
    "handed_off",
    "stopped",
    "delete_me",
    "what_do_you_know",
    "why_me",
    "start_over",
    "greet_again",
    "thanks",
    "goodbye",
    "too_long",
    "nothing_open",
    "hello",
    "welcome_back",
    "ask_away",
    "left_out",
    "noted",
    "told",
    "on_the_way",
    "said_already",
    "not_known",
    "privacy_unsure",
    "cancelled",
    "clarify",
    "none_of_these",
    "back_after_a_while",
    "no_file_here",
    "closed",
    "stopped_already",
    "language_not_spoken",
    "help_keyword",
    "started_again",
    "stopped_scope",
)


SpokenOn = Literal["default", "web", "email", "sms", "telegram", "voice"]
"""A channel, or all that have no text of their own."""


def _by_channel(value: object) -> object:
    return {"default": value} if isinstance(value, str) else value


def _check_default(texts: dict[str, str]) -> dict[str, str]:
    if "default" not in texts:
        raise ValueError("a text by channel needs a default")
    return texts


Text = Annotated[
    dict[SpokenOn, Prose],
    BeforeValidator(_by_channel, json_schema_input_type=Prose | dict[SpokenOn, Prose]),
    AfterValidator(_check_default),
]


class CardWording(Part):
    """The words of one card; `button` labels its link."""

    title: Text
    text: Text | None = None
    button: Text | None = None


class StepWording(Part):
    """What one step says, by channel.

    Attributes:
        retry: said when an answer was not understood.
        again: the question in fewer words, for when it was asked before. A consent text has none.
        help: said when the visitor asks why or what is meant.
        choices: the label of each value that can be chosen.
        also: what else visitors call a value, never shown.
        alt: what a picture, video or sound shows, for who cannot see or hear it.
        closed: said when the team of a handoff is not there.
        cards: the words of each card of a card list.
    """

    text: Text | None = None
    retry: Text | None = None
    again: Text | None = None
    help: Text | None = None
    choices: dict[ChoiceValue, Text] = Field(default_factory=dict)
    also: dict[ChoiceValue, tuple[Line, ...]] = Field(default_factory=dict)
    alt: Text | None = None
    closed: Text | None = None
    cards: dict[Identifier, CardWording] = Field(default_factory=dict)

    def texts(self) -> Iterator[str]:
        """List every text, whatever it is for."""
        said = (self.text, self.retry, self.again, self.help, self.alt, self.closed, *self.choices.values())
        for by_channel in (
            *said,
            *(text for card in self.cards.values() for text in (card.title, card.text, card.button)),
        ):
            yield from (by_channel or {}).values()

    def compiled(self) -> Mapping[str, Any]:
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


class Letter(Part):
    """What one message of a journey says.

    Attributes:
        subject: of the e-mail; no other channel has one.
        text: what it says, or what it says by channel with a `default`.
    """

    subject: Line | None = None
    text: Text

    def texts(self) -> Iterator[str]:
        """List every text, whatever it is for."""
        yield from (text for text in (self.subject, *self.text.values()) if text)

    def compiled(self) -> Mapping[str, Any]:
        by_channel = {channel: text for channel, text in self.text.items() if channel != "default"}
        subject = {"subject": self.subject} if self.subject else {}
        return {**subject, "text": self.text["default"], **({"by_channel": by_channel} if by_channel else {})}


class FlowWording(RootModel[dict[Identifier, StepWording]]):
    """The wording of a flow, or of the patterns, in one language."""


class JourneyWording(RootModel[dict[Identifier, Letter]]):
    """The wording of a journey in one language."""

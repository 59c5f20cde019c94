"""A message of the bot as typed parts, read from a reply or from what is stored of one. Reads only."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from base.messages import Stored
from bot.dialogue import Reply


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Choice(_Part):
    """What can be chosen: what it says and what it means."""

    value: str
    label: str


class Media(_Part):
    """A picture, video, sound or file at an address, with what it shows in words."""

    kind: str
    url: str
    alt: str | None = None


class Card(_Part):
    """One of several things shown side by side."""

    title: str
    text: str | None = None
    image: str | None = None
    link: str | None = None
    button: str | None = None


class Source(_Part):
    """Where an answer was taken from."""

    title: str
    link: str | None = None


class Limits(_Part):
    """What an answer may be, as far as its kind has it."""

    minimum: float | None = None
    maximum: float | None = None
    earliest: str | None = None
    latest: str | None = None
    lowest: int | None = None
    highest: int | None = None
    low_label: str | None = None
    high_label: str | None = None


class Said(_Part):
    """One message of the bot."""

    text: str
    input: str | None = None
    choices: tuple[Choice, ...] = ()
    notice: Literal["ai"] | None = None
    source: Source | None = None
    media: Media | None = None
    cards: tuple[Card, ...] = ()
    limits: Limits | None = None

    @property
    def asks_consent(self) -> bool:
        """Whether it shows a consent text with its two answers."""
        return self.input == "consent" and [choice.value for choice in self.choices] == ["yes", "no"]


def read_said(message: Reply | Stored) -> Said:
    """The parts of a reply, or of a stored message."""
    if isinstance(message, Stored):
        return Said.model_validate({**message.data, "text": message.text})
    return Said.model_validate(message.model_dump(exclude_none=True))

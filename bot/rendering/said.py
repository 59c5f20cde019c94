"""A message of the bot as typed parts, read from a reply or from what is stored of one. Reads only."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from base.messages import Stored
from bot.dialogue import Card, Choice, Limits, Media, Reply

__all__ = ["Card", "Choice", "Limits", "Media", "Said", "Source", "read_said"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Source(_Part):
    """Where an answer was taken from."""

    title: str
    link: str | None = None


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

"""Steps that only say something."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flows.conditions import Condition
from flows.parts import Identifier, Part, WebAddress
from flows.steps.base import Says, StepBase


class Message(StepBase):
    """Says its text."""

    says: ClassVar[Says] = "must"
    step: Literal["message"]


class Media(StepBase):
    """Shows an image, video, sound or file. Its wording needs `alt`: what who cannot see it is told.

    By SMS the text comes with the address, on the phone `alt` is spoken.

    Attributes:
        kind: what it is.
        url: where it lies; https.
    """

    says: ClassVar[Says] = "may"
    step: Literal["media"]
    kind: Literal["image", "video", "audio", "file"]
    url: WebAddress


class Card(Part):
    """One card; its title, text and button stand in the wording under `cards`.

    Attributes:
        condition: shown only when it holds.
    """

    name: Identifier
    condition: Condition | None = Field(default=None, alias="if")
    image: WebAddress | None = None
    link: WebAddress | None = None


class CardList(StepBase):
    """Shows those of its cards whose condition holds; a numbered text by SMS, a spoken list on the phone.

    Attributes:
        cards: the cards, in order.
    """

    says: ClassVar[Says] = "may"
    step: Literal["card_list"]
    cards: tuple[Card, ...] = Field(min_length=1, max_length=10)


class AINotice(StepBase):
    """Says that an automated assistant speaks; once in a conversation."""

    says: ClassVar[Says] = "must"
    step: Literal["ai_notice"]

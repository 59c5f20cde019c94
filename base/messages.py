"""The message types that every channel speaks. Plain data: no channel's own format, no database rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Author = Literal["visitor", "bot", "person", "follow_up"]
MessageKind = Literal["start", "text", "choice"]

MAX_TEXT = 4_000
"""Longest text taken from a person, in characters."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a person said or tapped, as a channel hands it to the turn port.

    `client_id` is the sender's own id of the message (the widget's UUID, a provider's id made into one):
    the same id twice is the same message.
    """

    conversation_id: UUID
    client_id: UUID
    kind: MessageKind
    text: str
    step: str | None = None
    value: str | None = None

    @property
    def data(self) -> dict[str, Any]:
        """What is stored with the text: for a tap, the question and the choice."""
        return {"step": self.step, "value": self.value} if self.kind == "choice" else {}


@dataclass(frozen=True, slots=True)
class Stored:
    """A message of a conversation as a person sees it."""

    id: UUID
    conversation_id: UUID
    seq: int
    author: Author
    text: str
    at: datetime
    client_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)
    """`choices`, `input`, `step`, `notice`, `source`, `consent` where the message has them."""

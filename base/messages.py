"""The message types that every channel speaks. Plain data: no channel's own format, no database rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Author = Literal["visitor", "bot", "person", "follow_up"]
"""Whose messages people see. What the platform tells the dialogue itself is of author `system` and is never shown."""
SaidKind = Literal["start", "text", "choice", "file"]
MessageKind = Literal[
    "start", "text", "choice", "file", "resume", "no_reply", "timed_out", "callback", "stopped", "result"
]
"""What a turn may be about (docs/reference/protocols.md, 2); a person says only the first four."""

ANSWERED = "answered_by_provider"
"""In a message's data: see `Inbound.answered`."""
ANSWERS_PROMOTION = "answers_promotion"
"""In a message's data: see `Inbound.answers_promotion`."""
MAX_TEXT = 4_000
"""Longest text taken from a person, in characters."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a person said, tapped or sent, as a channel hands it to the turn port.

    `client_id` is the sender's own id of the message (the widget's UUID, a provider's id made into one):
    the same id twice is the same message. Of a file, `value` is its id and `text` its name. `answered`: the provider
    has answered this word of the carriers itself, so that nothing is said to it here. `answers_promotion`: it is the
    reply to a promotional message of ours, to which a plain no is an opt-out.
    """

    conversation_id: UUID
    client_id: UUID
    kind: SaidKind
    text: str
    step: str | None = None
    value: str | None = None
    answered: bool = False
    answers_promotion: bool = False

    @property
    def data(self) -> dict[str, Any]:
        """What is stored with the text: for a tap, the question and the choice; for a file, its id."""
        if self.kind == "choice":
            return {"step": self.step, "value": self.value}
        if self.kind == "file":
            return {"value": self.value}
        marks = {ANSWERED: self.answered, ANSWERS_PROMOTION: self.answers_promotion}
        return {mark: True for mark, holds in marks.items() if holds}


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
    """Where it has them: `choices`, `input`, `step`, `notice`, `source`, `consent`, `media`, `cards`, `limits`."""

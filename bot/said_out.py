"""What the bot said as messages of a channel with a provider: rendered, in order. Pure; queues and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from base.messages import Stored
from bot.rendering import Rendered, render
from bot.rendering.capabilities import get_capabilities


@dataclass(frozen=True, slots=True)
class Part:
    """One message to send: part `number` of what the bot said in `message_id`.

    `content` is what the channel shows beside the text: `buttons` (labels, in the order of the choices), `media`
    (`kind`, `url`, `alt`) and `of`, the message that a tap answers; `share`, the label of what hands over their phone
    number.
    """

    message_id: UUID
    number: int
    text: str
    content: dict[str, Any] = field(default_factory=dict)


def to_parts(said: Sequence[Stored], channel: str, language: str, *, joined: bool = False) -> list[Part]:
    """The messages to send, in order; what is only to be spoken or shown on a page gives none.

    Args:
        joined: as few messages as can be, for whoever did not ask for them.
    """
    parts = [part for message in said for part in _parts_of(message, render(message, channel, language))]
    return list(_join(parts)) if joined or get_capabilities(channel).joins else parts


def _join(parts: Sequence[Part]) -> Iterator[Part]:
    """One message of all that has nothing beside its text: nobody wants three mails for one answer."""
    text = ""
    for number, part in enumerate(parts, start=1):
        text = f"{text}\n\n{part.text}".strip()
        if part.content or number == len(parts):
            yield replace(part, text=text)
            text = ""


def _parts_of(message: Stored, rendered: Rendered) -> Iterator[Part]:
    beside = _beside(message, rendered)
    texts = list(rendered.texts) or ([""] if "media" in beside else [])
    alone: dict[str, Any] = {}
    if "media" in beside and rendered.media_apart:
        texts.insert(0, "")
        alone = {"media": beside.pop("media")}
    last = len(texts) - 1
    for number, text in enumerate(texts):
        yield Part(message.id, number, text, beside if number == last else alone if number == 0 else {})


def _beside(message: Stored, rendered: Rendered) -> dict[str, Any]:
    beside: dict[str, Any] = {}
    if rendered.buttons:
        beside["buttons"] = [choice.label for choice in rendered.buttons]
        beside["of"] = str(message.id)
    if rendered.share is not None:
        beside["share"] = rendered.share
    if rendered.media is not None:
        beside["media"] = rendered.media.model_dump(exclude_none=True)
    return beside

"""A step with its words as each channel would show it, from what stands in an editor. Asks no dialogue process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from base.errors import InvalidInput
from base.sms_segments import Segments, read_segments
from bot.dialogue import Card, Choice, Limits, Media, Reply
from bot.rendering import Rendered, render
from flows.wording_models import CardWording, StepWording

CHANNELS = ("web", "sms", "telegram", "voice", "email")

_INPUTS = {
    "ask_choice": "choice",
    "ask_text": "text",
    "ask_email": "email",
    "ask_phone": "phone",
    "ask_number": "number",
    "ask_date": "date",
    "ask_file": "file",
    "rating": "rating",
    "ask_consent": "consent",
    "book_meeting": "choice",
    "preferences": "choice",
    "intent_route": "choice",
    "move_channel": "choice",
}


@dataclass(frozen=True)
class Shown:
    """What a channel shows or says; `segments` of all texts together, where they are charged by those."""

    channel: str
    rendered: Rendered
    segments: Segments | None

    @property
    def characters(self) -> int:
        return len(self.rendered.said)


def preview(step: Mapping[str, Any], words: Mapping[str, Any], language: str) -> list[Shown]:
    """Shows a step on each channel. Placeholders stay as they are written.

    Raises:
        InvalidInput: the words are not of the form that wording has.
    """
    said = {name: part for name, part in words.items() if name != "subject"}
    try:
        wording = StepWording.model_validate(said)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise InvalidInput(
            "The words are not of the form that wording has.",
            errors=[
                {"field": ".".join(("wording", *map(str, one["loc"]))), "message": str(one["msg"])} for one in faults
            ],
        ) from error
    return [show(_reply(step, wording, channel), channel, language) for channel in CHANNELS]


def show(reply: Reply, channel: str, language: str) -> Shown:
    """Shows a message on a channel."""
    rendered = render(reply, channel, language)
    return Shown(channel, rendered, _joined(rendered.texts) if channel == "sms" else None)


def _joined(texts: tuple[str, ...]) -> Segments | None:
    """Each text is a message of its own; together they are charged."""
    counted = [read_segments(text) for text in texts]
    if not counted:
        return None
    wide = tuple(dict.fromkeys(sign for one in counted for sign in one.wide))
    return Segments(
        sum(one.count for one in counted), "UCS-2" if wide else "GSM-7", sum(one.units for one in counted), wide
    )


def _reply(step: Mapping[str, Any], wording: StepWording, channel: str) -> Reply:
    kind = step.get("step")
    return Reply.model_validate(
        {
            "text": _spoken(wording.text, channel),
            "input": _INPUTS.get(str(kind)),
            "choices": [*_choices(step, wording, channel)],
            "notice": "ai" if kind == "ai_notice" else None,
            "media": _media(step, wording, channel),
            "cards": [*_cards(step, wording, channel)],
            "limits": _limits(step, wording, channel),
        }
    )


def _choices(step: Mapping[str, Any], wording: StepWording, channel: str) -> Iterator[Choice]:
    if step.get("step") == "rating":
        return  # its labels stand at the ends
    listed = step.get("choices")
    values = [str(value) for value in listed] if isinstance(listed, list) else list(wording.choices)
    for value in values:
        yield Choice(value=value, label=_spoken(wording.choices.get(value), channel) or value)


def _media(step: Mapping[str, Any], wording: StepWording, channel: str) -> Media | None:
    if step.get("step") != "media":
        return None
    return Media(kind=str(step.get("kind")), url=str(step.get("url")), alt=_spoken(wording.alt, channel))


def _cards(step: Mapping[str, Any], wording: StepWording, channel: str) -> Iterator[Card]:
    listed = step.get("cards")
    for card in listed if isinstance(listed, list) else ():
        about = wording.cards.get(str(card.get("name"))) if isinstance(card, dict) else None
        if isinstance(about, CardWording):
            yield Card(
                title=_spoken(about.title, channel),
                text=_spoken(about.text, channel) or None,
                button=_spoken(about.button, channel) or None,
                image=_plain(card.get("image")),
                link=_plain(card.get("link")),
            )


def _limits(step: Mapping[str, Any], wording: StepWording, channel: str) -> Limits | None:
    lowest, highest = step.get("lowest"), step.get("highest")
    if step.get("step") != "rating" or not isinstance(lowest, int) or not isinstance(highest, int):
        return None
    if not 0 <= lowest < highest <= lowest + 100:
        return None
    return Limits(
        lowest=lowest,
        highest=highest,
        low_label=_spoken(wording.choices.get(str(lowest)), channel) or None,
        high_label=_spoken(wording.choices.get(str(highest)), channel) or None,
    )


def _spoken(texts: Mapping[Any, str] | None, channel: str) -> str:
    return "" if texts is None else texts.get(channel) or texts["default"]


def _plain(value: object) -> str | None:
    return value if isinstance(value, str) else None

"""Letters of journeys as channels make them, from what stands in an editor. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from admin.api.problems import errors_of
from admin.journeys.trying_shapes import AskedValue, LetterPreview, LetterRendering, LetterWish
from base.errors import InvalidInput
from base.sms_segments import read_segments
from flows.wording_models import Letter as Written
from outreach.definitions import Letter
from outreach.letters import fill, list_asked
from outreach.merge_values import mergeable
from outreach.ports import Envelope, LetterLook, Look
from outreach.prices import PriceList

CHANNELS = ("email", "sms", "telegram", "voice", "web")
_NOBODY = UUID(int=0)
_SAID = frozenset({"send", "reach_out", "call"})

_EXAMPLES = {
    "first_name": "Maria",
    "last_name": "Lopez",
    "name": "Maria Lopez",
    "full_name": "Maria Lopez",
    "company": "Northwind",
    "title": "Head of Sales",
    "job_title": "Head of Sales",
    "city": "Madrid",
    "country": "ES",
    "qualification": "qualified",
    "website": "example.com",
    "email": "maria@example.com",
    "phone": "+34 600 000 000",
}
"""Of facts that most journeys speak of; of any other the name stands there."""


def preview_letter(wish: LetterWish, looks: Mapping[str, LetterLook], prices: PriceList) -> LetterPreview:
    """Shows a letter on each channel of its step, on all of them where it names none.

    Raises:
        InvalidInput: the step has no letter, or its words are not of the form that wording has.
    """
    if wish.step.get("step") not in _SAID:
        raise InvalidInput("Only steps that send, reach out or call have a letter.")
    letter = _read(wish.wording)
    purpose = wish.step.get("purpose") or wish.purpose
    channels = _channels_of(wish.step)
    asked = list_asked(letter, channels)
    given: dict[str, Any] = {name: wish.values.get(name, example_of(name)) for name in asked}
    return LetterPreview(
        asked=[AskedValue(name=name, example=str(given[name]), fallback=asked[name]) for name in asked],
        renderings=[
            render_letter(_envelope(letter, one, mergeable(given), wish.language, purpose), looks, prices)
            for one in channels
        ],
        unknown=[render_letter(_envelope(letter, one, {}, wish.language, purpose), looks, prices) for one in channels],
        currency=prices.currency,
    )


def example_of(name: str) -> str:
    """What stands in a preview for a fact."""
    return _EXAMPLES.get(name, name.replace("_", " "))


def render_letter(envelope: Envelope, looks: Mapping[str, LetterLook], prices: PriceList) -> LetterRendering:
    """A message as its channel makes it."""
    look = looks[envelope.channel].show(envelope) if envelope.channel in looks else Look(texts=(envelope.text,))
    segments = read_segments(envelope.text) if envelope.channel == "sms" and envelope.text else None
    return LetterRendering(
        channel=envelope.channel,
        texts=list(look.texts),
        spoken=list(look.spoken),
        buttons=[],
        keys={},
        segments=segments.count if segments else None,
        alphabet=segments.encoding if segments else None,
        characters=sum(map(len, look.spoken or look.texts)),
        subject=look.subject,
        html=look.html,
        cost=prices.cost_of(envelope.channel, envelope.text),
    )


def _read(wording: Mapping[str, Any]) -> Letter:
    try:
        return Letter.model_validate(Written.model_validate(wording).compiled())
    except ValidationError as error:
        wrong = errors_of(error, "wording")
        raise InvalidInput("The words are not of the form that wording has.", errors=wrong) from error


def _channels_of(step: Mapping[str, Any]) -> Iterable[str]:
    if step.get("step") == "call":
        return ("voice",)
    listed = step.get("channels")
    named = {one for one in listed if isinstance(one, str)} if isinstance(listed, list) else set()
    return [channel for channel in CHANNELS if channel in named] or CHANNELS


def _envelope(letter: Letter, channel: str, values: Mapping[str, Any], language: str, purpose: Any) -> Envelope:
    subject, said = fill(letter, channel, values)
    return Envelope(
        outbox_id=_NOBODY,
        contact_id=_NOBODY,
        conversation_id=None,
        attempt=1,
        channel=channel,
        purpose=str(purpose),
        language=language,
        address=None,
        subject=subject,
        text=said,
    )

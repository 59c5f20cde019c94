"""The words of a letter with what is known of somebody, as they leave by a channel. Pure; sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flows.wording import fallbacks_in, render
from outreach.definitions import Letter


def fill(letter: Letter, channel: str, values: Mapping[str, object]) -> tuple[str | None, str]:
    """The subject and the text for a channel."""
    subject = render(letter.subject, values) if letter.subject else None
    return subject, render(letter.text_on(channel), values)


def list_asked(letter: Letter, channels: Iterable[str]) -> dict[str, str | None]:
    """What the letter asks for, by name, and what stands there where it is unknown; None where that leaves a gap."""
    asked: dict[str, str | None] = {}
    for text in (letter.subject or "", *(letter.text_on(channel) for channel in channels)):
        for name, fallback in fallbacks_in(text):
            asked[name] = (fallback or None) if asked.get(name, fallback) else None
    return asked

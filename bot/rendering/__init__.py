"""A message of the bot as one channel can show or say it: pure, and the same for the same message.

What a channel cannot show is put into words and nothing is left out. It sends nothing and asks nobody.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from base.messages import Stored
from base.sms_segments import count_sms_units, to_plain_signs
from bot.dialogue import Reply
from bot.rendering.answers import describe_choices, describe_field, list_keys, rating_choices
from bot.rendering.capabilities import Capabilities, get_capabilities
from bot.rendering.parts import describe_cards, describe_media, describe_source, name_links
from bot.rendering.said import Card, Choice, Media, Said, Source, read_said
from bot.rendering.splitting import Measure, split_text
from bot.rendering.words import Words

__all__ = ["Rendered", "render"]


def _count_utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_MEASURES: dict[str, Measure] = {"character": len, "utf16": _count_utf16, "sms": count_sms_units}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message for one channel.

    Attributes:
        texts: the messages to send, in order; empty where all is spoken.
        buttons: what can be tapped under the last text.
        share: what a tap that hands over their phone number says; None where none is asked for or it cannot be.
        media, cards, source: what the channel shows by itself; none where it stands in the texts.
        media_apart: the last text is too long to stand under the media.
        spoken: what is said, in order; empty where nothing is.
        keys: what may be pressed or replied, and the value of the choice it means. A voice channel waits a moment
            after a key when a longer one begins with it.
    """

    texts: tuple[str, ...] = ()
    buttons: tuple[Choice, ...] = ()
    share: str | None = None
    media: Media | None = None
    media_apart: bool = False
    cards: tuple[Card, ...] = ()
    source: Source | None = None
    spoken: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """All that is read or heard, as one text."""
        return "\n".join(self.texts or self.spoken)

    def find_choice(self, answer: str) -> str | None:
        """The value of the choice an answer names by its key, if that is all it says."""
        reduced = _reduce(answer)
        return next((value for key, value in self.keys.items() if _reduce(key) == reduced), None)


def render(message: Reply | Stored, channel: str, language: str = "en") -> Rendered:
    """Puts a message into the form of a channel.

    A consent text stays in one message as long as the channel allows that at all: `said` is then what was shown and
    must be kept as the text consented to.
    """
    said, capabilities, words = read_said(message), get_capabilities(channel), Words(language)
    pieces = _divide(_compose(said, capabilities, words), said, capabilities)
    has_buttons = capabilities.choices == "buttons"
    return Rendered(
        texts=() if capabilities.speaks else pieces,
        # A rating has a row of its own where there are fields.
        buttons=(said.choices or (() if capabilities.fields else rating_choices(said))) if has_buttons else (),
        share=words.say("share_phone") if said.input == "phone" and capabilities.shares_phone else None,
        media=said.media if capabilities.media == "shown" else None,
        media_apart=_is_too_long_for_caption(pieces, capabilities),
        cards=said.cards if capabilities.cards == "shown" else (),
        source=said.source if capabilities.fields else None,
        spoken=pieces if capabilities.speaks else (),
        keys=list_keys(said, capabilities, words),
    )


def _compose(said: Said, capabilities: Capabilities, words: Words) -> Iterator[str]:
    blocks = chain(
        [said.text],
        describe_media(said, capabilities),
        describe_cards(said, capabilities, words),
        describe_source(said, capabilities, words),
        describe_choices(said, capabilities, words),
        describe_field(said, capabilities, words),
    )
    return (name_links(block, words) for block in blocks) if capabilities.links == "named" else blocks


def _divide(blocks: Iterator[str], said: Said, capabilities: Capabilities) -> tuple[str, ...]:
    text = ("\n" if capabilities.unit == "sms" else "\n\n").join(block.strip() for block in blocks if block.strip())
    if capabilities.unit == "sms":
        text = to_plain_signs(text)
    limit = capabilities.limit if said.asks_consent else capabilities.comfortable
    return tuple(split_text(text, _MEASURES[capabilities.unit], limit))


def _is_too_long_for_caption(pieces: tuple[str, ...], capabilities: Capabilities) -> bool:
    return (
        bool(pieces)
        and capabilities.caption is not None
        and _MEASURES[capabilities.unit](pieces[-1]) > capabilities.caption
    )


def _reduce(text: str) -> str:
    spelled = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in spelled if unicodedata.category(char)[0] in "LN")

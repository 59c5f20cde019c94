"""Media, cards, sources and addresses put into words for a channel that cannot show them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.rendering.capabilities import Capabilities
from bot.rendering.said import Card, Said
from bot.rendering.words import Words

_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'"


def name_links(text: str, words: Words) -> str:
    """Replaces addresses by what they belong to: nobody can write down an address that is read out."""

    def name(match: re.Match[str]) -> str:
        address = match[0].rstrip(_TRAILING)
        host = _host(address)
        return (words.say("link_named", host=host) if host else "") + match[0][len(address) :]

    return _ADDRESS.sub(name, text)


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def describe_media(said: Said, capabilities: Capabilities) -> Iterator[str]:
    """What stands for a picture, video, sound or file."""
    if said.media is None or capabilities.media == "shown":
        return
    if capabilities.speaks:
        yield said.media.alt or ""
    else:
        if not said.text:
            yield said.media.alt or ""
        yield said.media.url


def describe_cards(said: Said, capabilities: Capabilities, words: Words) -> Iterator[str]:
    """The cards as a numbered text or a spoken list."""
    if capabilities.cards == "shown":
        return
    for number, card in enumerate(said.cards, start=1):
        if capabilities.cards == "spoken":
            spoken = " ".join(_as_sentence(part) for part in (card.title, card.text) if part)
            yield words.say("card_spoken", number=number, card=spoken)
        else:
            # With choices beside them a number would be taken for a choice.
            yield f"{'-' if said.choices else f'{number}.'} {_describe_card(card)}"


def _describe_card(card: Card) -> str:
    lines = [": ".join(part for part in (card.title, card.text) if part)]
    if card.link:
        lines.append(f"{card.button}: {card.link}" if card.button else card.link)
    return "\n".join(lines)


def _as_sentence(text: str) -> str:
    return text if text.rstrip().endswith((".", "!", "?", "…")) else f"{text.rstrip()}."


def describe_source(said: Said, capabilities: Capabilities, words: Words) -> Iterator[str]:
    """Where the answer was taken from."""
    if said.source is None or capabilities.fields:
        return
    if capabilities.speaks:
        yield words.say("read_more_spoken", title=said.source.title)
    else:
        yield words.say("read_more", title=said.source.title) + (f" {said.source.link}" if said.source.link else "")

"""The alphabet of SMS (3GPP TS 23.038): how much room a text takes, and look-alikes of signs it lacks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BASIC_SIGNS = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED_SIGNS = "^{}\\[~]|€\f"
"""Signs of the alphabet that take two units."""
_BASIC, _EXTENDED = frozenset(BASIC_SIGNS), frozenset(EXTENDED_SIGNS)

_PART = 153  # septets of a part of a joined message
_WIDE_PART = 67  # UTF-16 units of such a part when one character is outside the alphabet
_ALONE, _WIDE_ALONE = 160, 70  # of a message that is not joined
_SHOWN = 5  # wide characters that are named

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\t", " "),
        "…": "...",
        "•": "-",
        "\u200b": "",
        "\u00ad": "",
        "\r": "",
    }
)


def to_plain_signs(text: str) -> str:
    """Replaces dashes, quotes and spaces of print by those of the alphabet: one curly quote doubles a text."""
    return text.translate(_PLAIN)


def count_sms_units(text: str) -> int:
    """The room a text takes, in septets of a joined message; wide characters are counted by the room they leave.

    A text with a character outside the alphabet is sent in UTF-16, of which 67 units fill the room of 153 septets.
    """
    if all(char in _BASIC or char in _EXTENDED for char in text):
        return sum(2 if char in _EXTENDED else 1 for char in text)
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return -(-units * _PART // _WIDE_PART)


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text goes over the air, and is charged.

    Attributes:
        count: messages it is sent as; 0 for no text at all.
        encoding: the alphabet of SMS, or UTF-16, which carriers call UCS-2.
        units: what it takes of the one or the other.
        wide: the characters that make it UCS-2, each once, in order.
    """

    count: int
    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    wide: tuple[str, ...] = ()


def read_segments(text: str) -> Segments:
    """Counts the messages a text is sent as. A sign of two units is never cut in two."""
    wide = tuple(dict.fromkeys(char for char in text if char not in _BASIC and char not in _EXTENDED))
    sizes = [_wide_size(char) if wide else 2 if char in _EXTENDED else 1 for char in text]
    alone, part = (_WIDE_ALONE, _WIDE_PART) if wide else (_ALONE, _PART)
    units = sum(sizes)
    count = _count_parts(sizes, part) if units > alone else min(units, 1)
    return Segments(count, "UCS-2" if wide else "GSM-7", units, wide)


def describe_segments(text: str) -> str:
    """The same in words: `2 segments, UCS-2 because of ’`."""
    segments = read_segments(text)
    named = f"{segments.count} segment{'' if segments.count == 1 else 's'}, {segments.encoding}"
    if not segments.wide:
        return named
    shown = " ".join(segments.wide[:_SHOWN]) + (" …" if len(segments.wide) > _SHOWN else "")
    return f"{named} because of {shown}"


def _wide_size(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1


def _count_parts(sizes: list[int], part: int) -> int:
    parts, room = 0, 0
    for size in sizes:
        if size > room:
            parts, room = parts + 1, part
        room -= size
    return parts

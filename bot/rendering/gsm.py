"""The alphabet of SMS (3GPP TS 23.038): how much room a text takes, and look-alikes of signs it lacks."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")

_PART = 153  # septets of a part of a joined message
_WIDE_PART = 67  # UTF-16 units of such a part when one character is outside the alphabet

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

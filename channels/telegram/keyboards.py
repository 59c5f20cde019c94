"""The buttons under and beside a message, and what a tap says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

CHOSEN = "chosen"
"""The data of a button that only shows what was chosen."""
_MARK = "✓ "
_HALF_A_ROW = 16  # characters of a label with which two stand side by side on a small screen
_DIGITS = 2
_DIGITS_IN_A_ROW = 6


def write_tap(message_id: str, index: int) -> str:
    """What a button carries: the message it answers and which of its choices it is. 64 bytes at most."""
    return f"{UUID(message_id).hex}.{index}"


def read_tap(data: str) -> tuple[UUID, int] | None:
    """The message and the choice that a tap names; None when it is none of ours."""
    hexadecimal, _, index = data.partition(".")
    if not (index.isascii() and index.isdecimal() and len(index) <= 3 and len(hexadecimal) == 32):
        return None
    try:
        return UUID(hex=hexadecimal), int(index)
    except ValueError:
        return None


def markup_of(
    content: Mapping[str, Any],
) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove:
    """What belongs to a message: choices under it, or a way to share one's number; else an older such way goes away."""
    labels: Sequence[str] = content.get("buttons") or ()
    share = content.get("share")
    if share:
        # Two kinds of buttons cannot stand together: here the choices are words to send.
        rows = [[KeyboardButton(str(share), request_contact=True)], *[[KeyboardButton(label)] for label in labels]]
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True)
    if not labels or not content.get("of"):
        return ReplyKeyboardRemove()
    of = str(content["of"])
    buttons = [InlineKeyboardButton(label, callback_data=write_tap(of, n)) for n, label in enumerate(labels)]
    return InlineKeyboardMarkup(list(_rows(buttons)))


def chosen(label: str) -> InlineKeyboardMarkup:
    """What stays of the choices once one was taken: it alone, marked, and no longer to be taken."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(_MARK + label, callback_data=CHOSEN)]])


def _rows(buttons: Sequence[InlineKeyboardButton]) -> Iterator[list[InlineKeyboardButton]]:
    longest = max(len(button.text) for button in buttons)
    wide = 1 if longest > _HALF_A_ROW else _DIGITS_IN_A_ROW if longest <= _DIGITS else 2
    for first in range(0, len(buttons), wide):
        yield list(buttons[first : first + wide])

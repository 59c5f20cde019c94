"""Buttons carry what they mean within Telegram's bounds, and stand so that they can be read."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyKeyboardRemove

from channels.telegram.keyboards import chosen, markup_of, read_tap, write_tap

OF = str(uuid4())


@given(st.uuids(), st.integers(0, 999))
def test_what_a_button_carries_is_read_back_and_fits(message_id, index):
    data = write_tap(str(message_id), index)
    assert len(data.encode()) <= 64
    assert read_tap(data) == (message_id, index)


@given(st.text())
def test_anything_else_is_no_tap(data):
    found = read_tap(data)
    assert found is None or write_tap(str(found[0]), found[1]) == data.lower() or data.split(".")[1].startswith("0")


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        (["Yes", "No"], [2]),
        (["1 to 10", "11 to 50", "More"], [2, 1]),
        (["A label that is too long for half a row", "No"], [1, 1]),
        ([str(number) for number in range(11)], [6, 5]),
    ],
)
def test_short_choices_stand_side_by_side(labels, rows):
    markup = markup_of({"buttons": labels, "of": OF})
    assert isinstance(markup, InlineKeyboardMarkup)
    assert [len(row) for row in markup.inline_keyboard] == rows
    taps = [read_tap(str(button.callback_data)) for row in markup.inline_keyboard for button in row]
    assert [index for _, index in taps] == list(range(len(labels)))


def test_a_number_is_asked_for_with_a_button_that_shares_it_and_choices_beside_it_are_words():
    markup = markup_of({"share": "Share my number", "buttons": ["Rather not"], "of": OF})
    assert isinstance(markup, ReplyKeyboardMarkup)
    (share,), (other,) = markup.keyboard
    assert (share.text, share.request_contact) == ("Share my number", True)
    assert (other.text, other.request_contact) == ("Rather not", None)


@pytest.mark.parametrize("content", [{}, {"buttons": []}, {"buttons": ["lost"]}, {"media": {"url": "x"}}])
def test_a_message_without_choices_takes_such_a_button_away(content):
    assert isinstance(markup_of(content), ReplyKeyboardRemove)


def test_what_was_chosen_stays_marked_and_can_be_tapped_to_no_effect():
    (button,) = chosen("More").inline_keyboard[0]
    assert button.text == "✓ More"
    assert read_tap(str(button.callback_data)) is None

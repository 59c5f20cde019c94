"""Cursors: what goes in comes out, and nothing else comes in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.api.cursors import Cursor, CursorInvalid

moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.uuids())
def test_a_cursor_comes_back_as_it_was(at, item):
    text = Cursor(at, item).encode()
    assert Cursor.decode(text) == Cursor(at, item)
    assert len(text) == 32
    assert text.isascii()


@given(st.text(max_size=100) | st.text("ABCxyz012-_=+/ ", min_size=28, max_size=36))
def test_any_text_is_a_cursor_or_refused(text):
    try:
        cursor = Cursor.decode(text)
    except CursorInvalid:
        return
    assert cursor.encode() == text


@pytest.mark.parametrize("text", ["", "A", "A" * 31, "A" * 33, "é" * 32, "A" * 31 + "\n", "=" * 32])
def test_what_has_not_the_form_is_refused(text):
    with pytest.raises(CursorInvalid):
        Cursor.decode(text)

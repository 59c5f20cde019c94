"""What a turn reads several times is read once, and forgotten with the turn."""

from __future__ import annotations

import threading

import pytest

from parley_rasa.choice_matching import match_choice
from parley_rasa.read_once import once, read_once, reading


@pytest.fixture
def counted():
    seen = []

    @read_once
    def read(text, language="en"):
        seen.append((text, language))

    return read, seen


def test_in_a_turn_the_same_is_read_once_even_when_nothing_is_found(counted):
    read, seen = counted
    with reading():
        for _ in range(3):
            assert read("a text") is None
            assert read("a text", "de") is None
    assert seen == [("a text", "en"), ("a text", "de")]


def test_nothing_outlives_the_turn_not_even_one_that_failed(counted):
    read, seen = counted
    with pytest.raises(ValueError, match="it broke"), reading():
        read("a text")
        raise ValueError("it broke")
    with reading():
        read("a text")
    read("a text")
    assert len(seen) == 3


def test_outside_a_turn_everything_is_read(counted):
    read, seen = counted
    read("a text")
    read("a text")
    assert len(seen) == 2
    numbers = iter((1, 2))
    assert [once("key", lambda: next(numbers)) for _ in range(2)] == [1, 2]


def test_another_thread_has_no_part_in_a_turn(counted):
    read, seen = counted
    with reading():
        read("a text")
        for _ in range(2):
            other = threading.Thread(target=read, args=("a text",))
            other.start()
            other.join()
    assert len(seen) == 3


def test_a_text_is_matched_anew_with_each_question_of_a_turn():
    first = [{"value": "a", "label": "Invoices"}, {"value": "b", "label": "Reminders"}]
    second = [{"value": "b", "label": "Invoices"}, {"value": "a", "label": "Reminders"}]
    with reading():
        assert match_choice("invoices", first).value == "a"
        assert match_choice("invoices", second).value == "b"
        assert match_choice("invoices", [{"value": "c", "label": "Bills", "also": ["invoices"]}]).value == "c"
        assert match_choice("2", first, True).value == "b"
        assert match_choice("invoices", first).value == "a"

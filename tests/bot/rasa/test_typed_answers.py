"""Reading yes, no, a choice and a name out of typed words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_rasa.choice_matching import match_choice
from parley_rasa.typed_answers import clean_text, normalise, read_agreement, read_yes_no, taken_back, without_lead_in

SIZES = [
    {"value": "small", "label": "1 to 9"},
    {"value": "medium", "label": "10 to 49"},
    {"value": "large", "label": "50 or more"},
]
TIMES = [
    {"value": "soon", "label": "This week", "also": ["asap", "as soon as possible", "tomorrow", "now"]},
    {"value": "later", "label": "Next month", "also": ["in a few weeks"]},
]
GOALS = [
    {"value": "demo", "label": "I'd like to see a demo"},
    {"value": "prices", "label": "I'm after prices"},
    {"value": "looking", "label": "Just looking around"},
]


@pytest.mark.parametrize(
    "text", ["yes", "Yes!", "yes please", "YES.", "sure", "of course", "I agree", "go ahead", "ok"]
)
def test_clear_words_are_a_yes(text):
    assert read_yes_no(text) is True


def test_an_ok_is_a_yes_but_no_agreement():
    assert (read_yes_no("Ok."), read_agreement("Ok."), read_agreement("yes"), read_agreement("no")) == (
        True, None, True, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "No.",
        "no thanks",
        "nope",
        "rather not",
        "I don't agree",
        "haha no",
        "hell no",
        "no, I don't want any e-mails",
        "nah thanks",
    ],
)
def test_clear_words_are_a_no(text):
    assert read_yes_no(text) is False


@pytest.mark.parametrize(
    "text",
    ["maybe", "yes but only once", "I guess so", "not sure", "perhaps later", "yes if it is rare", "why?", "no problem",
     "no idea", "hmm", "👍", "", "yes and no", "what happens if I say yes", "no, not sure yet", "if you must",
     "nobody said yes", "no worries, sure", "eyes", "yesterday", "I said yes to something else already, did I not"],
)  # fmt: skip
def test_a_hedge_or_anything_more_is_neither(text):
    assert read_yes_no(text) is None


@given(
    st.sampled_from(["yes", "sure", "okay", "of course"]),
    st.sampled_from(["but", "if", "unless", "maybe", "when"]),
    st.text(max_size=20),
)
def test_a_yes_with_a_condition_is_never_a_yes(yes, hedge, rest):
    assert read_yes_no(f"{yes} {hedge} {rest}") is not True


@given(st.sampled_from(SIZES + GOALS))
def test_label_and_value_answer_in_any_case_and_punctuation(choice):
    choices = SIZES if choice in SIZES else GOALS
    for text in (choice["label"], choice["value"], choice["label"].upper() + "!", f"  {choice['value']}."):
        match = match_choice(text, choices)
        assert match is not None and match.value == choice["value"] and match.whole


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", "prices"), ("the second one", "prices"), ("number 3", "looking"), ("last", "looking"), ("1st", "demo"),
     ("a demo please", "demo"), ("prices", "prices"), ("looking around", "looking"), ("option 1", "demo")],
)  # fmt: skip
def test_a_position_an_ordinal_or_part_of_a_label_answers(text, value):
    match = match_choice(text, GOALS)
    assert match is not None and match.value == value


@given(st.integers(1, 10_000))
def test_an_amount_picks_the_range_it_lies_in(amount):
    expected = "small" if amount <= 9 else "medium" if amount <= 49 else "large"
    for text in (f"{amount}", f"about {amount} people", f"we are {amount}"):
        match = match_choice(text, SIZES)
        assert match is not None and match.value == expected


def test_where_choices_are_numbered_a_small_number_is_a_position_even_among_ranges():
    as_list, as_buttons = match_choice("2", SIZES, numbered=True), match_choice("2", SIZES)
    assert as_list is not None and as_list.value == "medium"
    assert as_buttons is not None and as_buttons.value == "small"


@pytest.mark.parametrize(
    ("text", "value"),
    [("asap", "soon"), ("as soon as possible please", "soon"), ("nxt month", "later"), ("tomorow", "soon"),
     ("in the next month or so", "later")],
)  # fmt: skip
def test_a_choice_is_known_by_its_other_names_and_with_slips_of_the_finger(text, value):
    match = match_choice(text, TIMES)
    assert match is not None and match.value == value


@pytest.mark.parametrize("text", ["ask", "tom", "soap", "we have been chasing them and nobody will ever pay us now"])
def test_a_word_that_only_resembles_a_choice_answers_nothing(text):
    assert match_choice(text, TIMES) is None


@pytest.mark.parametrize("text", ["", "4", "0", "not a demo", "demo or prices", "something else", "5 or 60", "-", "👍"])
def test_none_or_several_fitting_choices_answer_nothing(text):
    match = match_choice(text, GOALS)
    assert match is None


@given(st.text(max_size=60))
def test_any_text_can_be_matched(text):
    for choices in (SIZES, GOALS, []):
        match = match_choice(text, choices)
        assert match is None or match.value in [choice["value"] for choice in choices]


@given(st.text())
def test_normalising_twice_changes_nothing_more(text):
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_cleaning_drops_control_characters_only(text):
    cleaned = clean_text(text)
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in cleaned)
    assert all(letter in text for letter in cleaned)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [("my name is Ada", "first_name", "Ada"), ("I'm Ada!", "first_name", "Ada"), ("Ada", "first_name", "Ada"),
     ("we are Acme Ltd", "company", "Acme Ltd"), ("my name is Ada", "problem", "my name is Ada"),
     ("", "first_name", "")],
)  # fmt: skip
def test_a_name_is_taken_out_of_its_sentence(text, field, value):
    assert without_lead_in(text, field) == value


@pytest.mark.parametrize(
    "piece", ["no ", "it's ", "we are ", "about ", "1 to ", "10 ", "my name is ", "sorry, actually "]
)
def test_a_hostile_text_of_4000_characters_takes_no_time(piece):
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    for choices in (SIZES, GOALS):
        match_choice(text, choices)
    read_yes_no(text)
    taken_back(text)
    without_lead_in(text, "first_name")
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("text", "value", "restated"),
    [("no, I meant Ada", "Ada", True), ("sorry, it's Ada.", "Ada", True), ("actually Ada", "Ada", False)],
)
def test_what_takes_something_back_is_told_from_what_stands_in_its_place(text, value, restated):
    taken = taken_back(text)
    assert taken is not None
    assert (taken.value, taken.restated) == (value, restated)


@pytest.mark.parametrize("text", ["no", "sorry!", "Ada", "nobody", "", "actual costs are high"])
def test_a_text_that_puts_nothing_in_place_of_anything_takes_nothing_back(text):
    assert taken_back(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("my bank import does not work", "bank"), ("the bank sync is not working", "bank"),
     ("oh dear, we can not work at all", "blocked")],
)  # fmt: skip
def test_what_does_not_work_is_named_all_the_same(text, value):
    parts = [
        {"value": "bank", "label": "Bank", "also": ["bank import"]},
        {"value": "blocked", "label": "I can't work", "also": ["can not work"]},
    ]
    match = match_choice(text, parts)
    assert match is not None and match.value == value
    assert match_choice("not the bank", parts) is None

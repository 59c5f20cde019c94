"""What someone says of themselves, unasked or asked."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_rasa.personal_facts import PersonalFacts, find_personal_facts, has_legal_form, read_company, read_name

names = st.sampled_from(["Ann", "José", "Anna-Lena", "O'Brien", "Zoë"])
companies = st.sampled_from(["Acme", "Silva & Sons", "Novak Logistics", "Brandt Metall GmbH", "3M"])


@given(names, companies, st.integers(2, 5000))
def test_name_company_and_size_are_found_in_one_sentence(name, company, people):
    found = find_personal_facts(f"I'm {name} from {company}, {people} people, a@b.example")
    assert found == PersonalFacts(name, company, people)


@pytest.mark.parametrize(
    ("text", "name", "company"),
    [("well my name is Margaret but everyone calls me Maggie", "Maggie", None),
     ("me name is Giorgos", "Giorgos", None),
     ("Hello, my name is Petra Novak, I'm the CFO of Novak Logistics (about 80 people).", "Petra Novak",
      "Novak Logistics"),
     ("oh and we're called Acme", None, "Acme"),
     ("we are Brandt Metall GmbH and look for a tool", None, "Brandt Metall GmbH"),
     ("my name is Adah with h", "Adah", None),
     ("I work at Harbour Joinery", None, "Harbour Joinery")],
)  # fmt: skip
def test_a_name_or_company_is_found_among_other_words(text, name, company):
    found = find_personal_facts(text)
    assert (found.first_name, found.company) == (name, company)


@pytest.mark.parametrize(
    "text",
    ["I'm interested in a demo", "I'm Interested", "this is ridiculous", "I am looking for a tool", "we are growing",
     "it's for invoices", "I'm not sure", "I come from work", ""],
)  # fmt: skip
def test_a_sentence_that_names_nobody_gives_no_facts(text):
    assert find_personal_facts(text) == PersonalFacts()


@pytest.mark.parametrize(
    ("text", "name"),
    [("tom", "Tom"), ("I'm Ann from Acme", "Ann"), ("JOHN", "John"), ("AJ", "AJ"), ("Ann Marie Smith",
     "Ann Marie Smith"),
     ("Bob, and we're 12 people", "Bob"), ("call me Tom!", "Tom"), ("李雷", "李雷")],
)  # fmt: skip
def test_a_name_is_read_from_its_answer(text, name):
    assert read_name(text) == name


@pytest.mark.parametrize(
    "text", ["ok", "yes", "what?", "<b>Bob</b>", "{{ email }}", "for 8 people", "40", "I'm the CFO",
     "my name? Joe", "maybe", "", "👍", "a=1;",
             "I do not know what you want from me"],
)  # fmt: skip
def test_what_cannot_be_a_name_is_none(text):
    assert read_name(text) is None


@pytest.mark.parametrize(
    ("text", "company"),
    [("Harbour Joinery, we're in Whitby", "Harbour Joinery"), ("company is Giorgos Marble", "Giorgos Marble"),
     ("we are Acme Ltd", "Acme Ltd"), ("Acme, Inc.", "Acme, Inc"), ("Smith and Sons", "Smith and Sons"),
     ("Novak Logistics, about 80 people", "Novak Logistics"), ("oak", "oak")],
)  # fmt: skip
def test_a_company_is_read_from_its_answer(text, company):
    assert read_company(text) == company


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Analytical Engines Ltd", True), ("acme, inc.", True), ("Keller GmbH", True), ("Ferrer S.L.", True),
     ("AG", False), ("late invoices", False), ("the same as", False), ("20 kg", False),
     ("Limited Edition Shoes", False)],
)  # fmt: skip
def test_what_only_a_company_is_called_is_known_by_its_ending(name, expected):
    assert has_legal_form(name) is expected


@given(st.text(max_size=200))
def test_whatever_is_read_stands_in_the_text(text):
    name, company = read_name(text), read_company(text)
    assert name is None or name.casefold() in text.casefold() or name.title() == text.strip(" .!,;:").title()
    assert company is None or company in text


@pytest.mark.parametrize("piece", ["my name is ", "I'm A ", "we are A ", "A ", "from A ", "one ", ", ", "call me "])
def test_a_hostile_text_of_4000_characters_takes_no_time(piece):
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    find_personal_facts(text)
    read_name(text)
    read_company(text)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("text", "name"), [("uh it's mary", "Mary"), ("um, well, Bo", "Bo"), ("we have 4 employees", None)]
)
def test_a_name_is_read_past_hesitation_and_not_from_a_sentence(text, name):
    assert read_name(text) == name

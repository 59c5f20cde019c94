"""E-mail addresses, phone numbers and amounts in free text."""

from __future__ import annotations

import string
import time

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from parley_rasa.values import find_email, find_number, find_phone, find_values, is_nothing_else, region_for

label = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
addresses = st.tuples(label, label, st.sampled_from(["com", "org", "example", "co.uk"])).map(
    lambda parts: f"{parts[0]}@{parts[1]}.{parts[2]}"
)
surroundings = st.sampled_from(
    ["{}", "my mail is {}", "write to {}, please", "({})", "<{}>", "it's {}.", "{}!", "mail:{}"]
)


DEAR = {
    "premium": "+1 900 234 5678", "shared cost": "+44 843 123 4567", "personal": "+44 7090 123456",
    "satellite": "+881 612 345 678", "inmarsat": "+870 773 111 632",
}  # fmt: skip


@pytest.mark.parametrize("number", DEAR.values(), ids=DEAR.keys())
def test_a_number_that_costs_more_is_no_answer_to_the_question_for_one(number):
    assert [value for value in find_values(f"call me at {number}") if value.kind == "phone"] == []
    assert find_phone(f"call me at {number}") is not None  # it is personal data all the same


@given(addresses, surroundings)
def test_an_address_is_found_wherever_it_stands(address, around):
    text = around.format(address)
    found = find_email(text)
    assert found is not None
    assert (found.kind, found.value) == ("email", address)
    assert text[found.start : found.end] == address


@given(addresses)
def test_an_address_spelled_out_is_the_same_address(address):
    assume(len(address.split("@")[0]) > 4)  # "am at work dot com" is too much like a sentence
    spoken = address.replace("@", " at ").replace(".", " dot ")
    found = find_email(f"mail me: {spoken}")
    assert found is not None and found.value == address


def test_the_domain_is_lower_cased_and_the_local_part_kept():
    found = find_email("Bob.Smith@ACME.Example")
    assert found is not None and found.value == "Bob.Smith@acme.example"


@pytest.mark.parametrize(
    "text",
    [
        "bob@",
        "@acme.com",
        "bob@acme",
        "bob at work",
        "I am at work.com",
        "bob@@acme.com",
        "a@b@c.com",
        "",
        "bob(at)",
        "x@y..com",
    ],
)
def test_half_an_address_is_none(text):
    assert find_email(text) is None


@given(st.sampled_from(["US", "GB", "DE", "FR", "ES"]))
def test_a_national_number_is_read_as_of_the_region(region):
    example = phonenumbers.example_number(region)
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    found = find_phone(f"call me on {national} please", region)
    assert found is not None
    assert found.value == phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)


def test_a_number_with_country_code_needs_no_region():
    for region in ("US", "DE"):
        found = find_phone("+44 20 7946 0958", region)
        assert found is not None and found.value == "+442079460958"


def test_a_number_with_country_code_is_believed_even_where_the_range_is_unknown():
    found = find_phone("call +44 7700 900123", "US")
    assert found is not None and found.value == "+447700900123"
    assert find_phone("07700 900123", "US") is None


@pytest.mark.parametrize("text", ["we have 1,200 invoices", "in 2024", "12345", "1" * 40, "+1", "twelve"])
def test_an_amount_is_no_phone_number(text):
    assert find_phone(text, "US") is None


@given(st.integers(0, 10**9))
def test_an_amount_is_found_with_or_without_thousands_separators(amount):
    assert find_number(f"about {amount} of them") == amount
    assert find_number(f"about {amount:,} of them") == amount


def test_the_digits_of_an_address_or_phone_number_are_no_amounts():
    kinds = [value.kind for value in find_values("a1@b2.com or +44 20 7946 0958, 12 people")]
    assert kinds == ["email", "phone", "number"]


def test_an_address_with_filler_words_is_nothing_else_and_with_a_message_it_is_more():
    for text, expected in (("my mail is a@b.example", True), ("a@b.example", True), ("chase a@b.example daily", False)):
        assert is_nothing_else(text, find_values(text)) is expected
    assert is_nothing_else("12", find_values("12")) is False


def test_the_region_follows_configuration_then_territory_then_language():
    assert [region_for("en-GB", "at"), region_for("en-GB"), region_for("de"), region_for("xx")] == [
        "AT",
        "GB",
        "DE",
        "US",
    ]


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text):
    for value in find_values(text):
        assert 0 <= value.start < value.end <= len(text)


@pytest.mark.parametrize("piece", ["a.b", "a@", " at ", "1 ", "+1", "a dot ", "((", "x@y.", "9-"])
def test_a_hostile_text_of_4000_characters_takes_no_time(piece):
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    find_values(text)
    assert time.perf_counter() - started < 0.5


def test_an_address_said_with_its_signs_is_not_cut_at_them():
    found = find_email("zoe underscore k at mail dash order dot com")
    assert found is not None and found.value == "zoe_k@mail-order.com"

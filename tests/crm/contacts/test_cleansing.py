"""Cleansing: whatever is written comes into one form, and stays in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import InvalidInput
from crm.contacts.cleansing import (
    UnreadableValue,
    clean_country,
    clean_email,
    clean_name,
    clean_phone,
    clean_state,
    clean_tag,
    clean_text,
    split_name,
)

_words = st.sampled_from(
    [
        "Jane",
        "JANE",
        "D’angelo",
        "jane",
        "van",
        "de",
        "von",
        "Dr.",
        "Mr.",
        "O'NEILL",
        "mcdonald",
        "jr.",
        "III",
        ",",
        "ß",
        "ii",
    ]
)
_names = st.one_of(st.lists(_words, max_size=6).map(" ".join), st.text(max_size=40))
_places = st.one_of(
    st.text(max_size=20), st.sampled_from(["Germany", "usa", "UK", "276", "deu", "Côte d’Ivoire", "XK"])
)


@given(_names)
def test_a_text_or_name_cleaned_twice_is_the_same(text: str) -> None:
    for clean in (clean_text, clean_name):
        assert clean(clean(text)) == clean(text)


@given(_names)
def test_a_cleaned_text_has_nothing_that_a_database_refuses_or_a_reader_cannot_see(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert not any(one < " " or "\ud800" <= one <= "\udfff" for one in cleaned)


@given(st.lists(st.sampled_from(["Jane", "Ann", "Maria", "Møller", "Berg", "Li"]), min_size=2, max_size=4))
def test_no_word_of_a_name_is_lost_and_order_by_comma_is_the_same_name(words: list[str]) -> None:
    first, last = split_name(" ".join(words))
    assert f"{first} {last}".split() == words
    assert split_name(f"{last}, {first}") == (first, last)
    assert split_name(f"{first} {last}") == (first, last)


@given(_places, st.sampled_from([None, "US", "DE"]))
def test_a_place_cleaned_twice_is_the_same(text: str, country: str | None) -> None:
    for clean in (clean_country, lambda value: clean_state(value, country)):
        try:
            once = clean(text)
        except UnreadableValue:
            continue
        assert clean(once) == once


@given(st.one_of(st.text(max_size=30), st.emails(), st.from_regex(r"(\+|00)?[0-9 ()-]{5,16}", fullmatch=True)))
def test_an_address_or_tag_cleaned_twice_is_the_same(text: str) -> None:
    for clean in (clean_email, clean_tag, clean_phone, lambda value: clean_phone(value, "US")):
        try:
            once = clean(text)
        except InvalidInput:
            continue
        assert clean(once) == once


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("JANE DOE", ("Jane", "Doe")),
        ("doe, jane", ("Jane", "Doe")),
        ("Dr. Jane van der Berg", ("Jane", "van der Berg")),
        ("van der Berg, Dr. Jane", ("Jane", "van der Berg")),
        ("ronald mcdonald jr.", ("Ronald", "McDonald Jr.")),
        ("John Doe, Jr.", ("John", "Doe Jr.")),
        ("seán o'neill", ("Seán", "O'Neill")),
        ("ANNE-MARIE LÜDERS", ("Anne-Marie", "Lüders")),
        ("García Márquez, Gabriel", ("Gabriel", "García Márquez")),
        ("Cher", ("Cher", "")),
        ("bell hooks III", ("bell", "hooks III")),
        ("", ("", "")),
    ],
)
def test_a_whole_name_is_told_apart(written: str, meant: tuple[str, str]) -> None:
    assert split_name(written) == meant


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("de", "DE"), ("DEU", "DE"), ("276", "DE"), ("Deutschland", "DE"), ("Alemania", "DE"), ("U.S.A.", "US"),
        ("The Netherlands", "NL"), ("United Kingdom", "GB"), ("UK", "GB"), ("Suisse", "CH"), ("日本", "JP"),
        ("Österreich", "AT"), ("Brasil", "BR"), ("Antarctica", "AQ"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_its_codes_and_names(written: str, code: str) -> None:
    assert clean_country(written) == code


@pytest.mark.parametrize("written", ["", "EU", "ZZ", "Atlantis", "Germny", "001"])
def test_what_is_no_country_is_not_guessed(written: str) -> None:
    with pytest.raises(UnreadableValue):
        clean_country(written)


def test_a_state_has_two_letters_in_the_us_and_its_own_name_elsewhere() -> None:
    assert [clean_state(text, "US") for text in ("california", "US-CA", "ca", "N.Y.")] == ["CA", "CA", "CA", "NY"]
    assert clean_state(" Bayern ", "DE") == "Bayern"
    with pytest.raises(UnreadableValue):
        clean_state("Bayern", "US")


def test_addresses_are_found_in_what_spreadsheets_make_of_them() -> None:
    assert clean_email("Jane Doe <Jane@Company.com>") == "jane@company.com"
    assert clean_email("mailto:jane@company.com;") == "jane@company.com"
    assert clean_phone("14155552671.0", "US") == "+14155552671"
    assert clean_phone("'+1 (415) 555-2671") == "+14155552671"
    assert clean_phone("0049 30 901820") == "+4930901820"


def test_a_tag_is_made_of_what_it_says() -> None:
    assert clean_tag(" Trade Fair – Köln 2025 ") == "trade_fair_koln_2025"
    with pytest.raises(UnreadableValue):
        clean_tag("2025")

"""What kind of number a number is, where it leads, and which get nothing."""

from __future__ import annotations

import weakref

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from crm.places.numbers import REFUSED, Destination, find_destination, range_of

KINDS = {
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company_wide",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
EXAMPLES = [
    (phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164), kind)
    for number_type, kind in KINDS.items()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (example := phonenumbers.example_number_for_type(region, number_type)) is not None
    and phonenumbers.number_type(example) == number_type
]
"""The library's own example of every such kind in every country that has it."""


def test_numbers_that_cost_more_are_refused_in_every_country_that_has_them() -> None:
    assert len(EXAMPLES) > 300
    assert {kind for _, kind in EXAMPLES} == set(KINDS.values())
    assert [number for number, kind in EXAMPLES if find_destination(number).kind != kind] == []
    assert [number for number, _ in EXAMPLES if not find_destination(number).refused] == []


def test_ordinary_numbers_of_every_country_are_taken() -> None:
    taken = 0
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
        if example is None or phonenumbers.number_type(example) not in (
            PhoneNumberType.MOBILE,
            PhoneNumberType.FIXED_LINE_OR_MOBILE,
        ):
            continue
        found = find_destination(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
        assert (found.kind, found.refused) == ("ordinary", False)
        taken += 1
    assert taken > 200


@pytest.mark.parametrize("code", [870, 878, 881, 882, 883, 979])
def test_satellites_and_international_networks_are_refused(code: int) -> None:
    assert find_destination(f"+{code}712345678") == Destination(None, "satellite")


@pytest.mark.parametrize("number", ["+999123456789", "+1", "nothing", "", "+15551234567"])
def test_what_is_no_number_we_know_is_refused(number: str) -> None:
    assert find_destination(number).kind == "unknown"
    assert find_destination(number).refused


def test_toll_free_numbers_cost_nobody() -> None:
    assert find_destination("+18005551212").kind == "toll_free"
    assert "toll_free" not in REFUSED


def test_a_number_that_was_looked_at_is_kept_nowhere() -> None:
    class Number(str):
        """A text whose end can be seen."""

        __slots__ = ("__weakref__",)

    number = Number("+442079460123")
    looked_at = weakref.ref(number)
    assert find_destination(number).country == "GB"
    del number
    assert looked_at() is None


def test_countries_and_ranges() -> None:
    assert find_destination("+14155552671") == Destination("US", "ordinary")
    assert find_destination("+442079460000").country == "GB"
    assert range_of("+14155552671") == range_of("+14155559999") == "+1415555"
    assert range_of("+14155562671") != range_of("+14155552671")

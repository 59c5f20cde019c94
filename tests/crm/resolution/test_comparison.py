"""How contacts are read and compared, and what the comparison comes to."""

from __future__ import annotations

import pytest

from crm.resolution.candidates import in_words
from crm.resolution.comparison import compare
from crm.resolution.evidence import read_evidence
from crm.resolution.keys import group_keys, stored_keys
from crm.resolution.weighing import ADDRESS, read_weights, weigh

ANN = {
    "first_name": "Ann-Marie",
    "last_name": "O'Neill",
    "street": "12a Hauptstraße",
    "city": "Köln",
    "postal_code": "50667",
}


def agreements(one, other) -> dict[str, str]:
    return {found.name: found.agreement for found in compare(one, other)}


def probability(one, other, *, contacts: int = 1_000) -> float:
    return weigh([(found, None) for found in compare(one, other)], contacts).probability


def test_values_are_letters_and_digits_only_and_a_number_leaves_its_street() -> None:
    assert read_evidence(ANN).values == {
        "first_name": "annmarie",
        "last_name": "oneill",
        "number": "12a",
        "street": "hauptstrasse",
        "city": "koln",
        "postal_code": "50667",
    }
    behind = read_evidence({"street": "Hauptstraße 12 a"}).values
    assert (behind["street"], behind["number"]) == ("hauptstrasse", "12a")
    assert read_evidence({"street": "Times Square"}).values == {"street": "timessquare"}


def test_a_company_is_the_same_with_and_without_its_legal_form() -> None:
    names = ("Northwind GmbH & Co. KG", "Northwind, Inc.", "NORTHWIND")
    assert {read_evidence({"company": name}).values["company"] for name in names} == {"northwind"}
    assert read_evidence({"company": "AG"}).values["company"] == "ag"


def test_an_address_of_an_office_says_nothing_of_who_reads_it() -> None:
    points = [("email", "info@a.example", False), ("email", "j.doe+news@b.example", False)]
    assert read_evidence({}, points).mailboxes == {"jdoe"}


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("Miller", "miller", "same"),
        ("Miller", "Milelr", "close"),
        ("Miller", "Muller", "close"),
        ("Smith", "Smythes", "far"),
        ("Miller", "Garcia", "different"),
        ("Bo", "Alexandrescu", "different"),
    ],
)
def test_values_are_as_alike_as_the_letters_that_must_change(one: str, other: str, agreement: str) -> None:
    assert agreements(read_evidence({"last_name": one}), read_evidence({"last_name": other})) == {
        "last_name": agreement
    }


def test_exchanged_names_are_found_and_names_that_fit_as_they_stand_are_left() -> None:
    one = read_evidence({"first_name": "Jane", "last_name": "Doe"})
    assert agreements(one, read_evidence({"first_name": "Doe", "last_name": "Jane"})) == {
        "first_name": "same",
        "last_name": "same",
    }
    twice = read_evidence({"first_name": "Jane", "last_name": "Jane"})
    assert agreements(one, twice) == {"first_name": "same", "last_name": "different"}


def test_fields_that_one_of_the_two_lacks_say_nothing() -> None:
    assert compare(read_evidence({"first_name": "Jane"}), read_evidence({"last_name": "Doe"})) == ()


def test_phone_numbers_are_near_by_one_digit_or_without_country_and_area() -> None:
    def phone(number: str):
        return read_evidence({}, [("phone", number, False)])

    assert agreements(phone("+14155552671"), phone("+14155552761")) == {"phone": "close"}
    assert agreements(phone("+14155552671"), phone("+12125552671")) == {"phone": "close"}
    assert agreements(phone("+14155552671"), phone("+14155559999")) == {"phone": "different"}


def test_two_proven_addresses_of_a_kind_speak_against_and_exclude_nothing() -> None:
    told = {**ANN, "company": "Northwind"}
    proven = [read_evidence(told, [("email", f"ann@{name}.example", True)]) for name in ("a", "b")]
    typed = [read_evidence(told, [("email", f"ann@{name}.example", False)]) for name in ("a", "b")]
    assert agreements(*proven)["proven_email"] == "different"
    assert "proven_email" not in agreements(*typed)
    found = [weigh([(one, None) for one in compare(*pair)], 1_000) for pair in (proven, typed)]
    assert found[0].bits == found[1].bits - 3
    assert found[0].probability > 0.5


def test_whoever_only_lives_at_the_same_address_is_not_probably_the_same() -> None:
    address = {name: ANN[name] for name in ("street", "city", "postal_code")}
    one = read_evidence({"first_name": "Jane", "last_name": "Doe", **address})
    other = read_evidence({"first_name": "Emil", "last_name": "Brown", **address})
    found = weigh([(each, None) for each in compare(one, other)], 1_000)
    assert sum(reason.bits for reason in found.reasons if reason.field in ADDRESS) > read_weights().address_at_most
    assert found.probability < 0.05


def test_a_rare_name_says_more_than_a_common_one_and_less_among_more_contacts() -> None:
    jane = read_evidence({"first_name": "Jane", "last_name": "Doe"})
    found = compare(jane, jane)
    rare, common = (weigh([(one, holders) for one in found], 100_000).bits for holders in (2, 5_000))
    assert rare > common + 5
    assert probability(jane, jane, contacts=100) > probability(jane, jane, contacts=1_000_000)


def test_every_field_and_agreement_that_can_come_out_has_a_weight_and_words() -> None:
    weights = read_weights()
    fields = [*weights.learned, *weights.set_by_hand]
    told = dict.fromkeys((*fields, "street_number"), "aa1")
    one = read_evidence(told, [("email", "aa@a.example", True), ("phone", "+1", True), ("telegram", "1", True)])
    found = compare(one, one)
    assert {each.name for each in found} == set(fields)
    reasons = weigh([(each, None) for each in found], 10).reasons
    assert len(in_words(reason.as_json() for reason in reasons)) == len(fields)


def test_doubles_share_a_group_though_names_are_misspelt_or_exchanged(keys) -> None:
    jane = read_evidence({"first_name": "Jane", "last_name": "Thompson"})
    for other in ({"first_name": "Jane", "last_name": "Tompson"}, {"first_name": "Thompson", "last_name": "Jane"}):
        assert group_keys(keys, jane) & group_keys(keys, read_evidence(other))
    assert not group_keys(keys, jane) & group_keys(keys, read_evidence({"first_name": "Bo", "last_name": "Garcia"}))


def test_keys_are_of_the_site_and_tell_nothing_without_its_key_file(keys) -> None:
    other_site = type(keys)("k1", {"k1": b"\x01" * 32}, b"\x03" * 32)
    jane = read_evidence({"first_name": "Jane", "last_name": "Doe", "company": "Northwind"})
    assert len(stored_keys(keys, jane)) == 6
    assert not stored_keys(keys, jane) & stored_keys(other_site, jane)


def test_evidence_and_comparisons_show_no_value_when_they_are_printed() -> None:
    jane = read_evidence({"first_name": "Zyxwenda"}, [("email", "zyxwenda@a.example", True)])
    assert "zyxwenda" not in repr(jane) + repr(compare(jane, jane))

"""Everything known of a person adds places they may be in, and nothing takes one away."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import geocoder
from pydantic import ValidationError

from crm.places.area_codes import AreaCodes, read_area_codes, states_by_area_code
from crm.places.rules import UNKNOWN, Whereabouts, by_address, by_number, by_zone, find_whereabouts

WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)
OTHER_NAMES = {"Washington D.C.": "DC", "Washington State": "WA"}
"""States as phonenumbers calls them, where that is not their name."""

numbers = st.sampled_from(["+13055550123", "+18505550123", "+18005550123", "+442079460018", "+4930901820", "+9"])
told_zones = st.sampled_from(["Europe/Berlin", "US/Eastern", "Asia/Calcutta", "Etc/GMT+5", "Nowhere/Land", "", None])
addresses = st.fixed_dictionaries(
    {}, optional={"country": st.sampled_from(["us", "DE", "uk", "Deutschland", 7]), "state": st.text(max_size=9)}
)


def offsets(zones):
    return {WINTER.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones}


def a_number(area_code: int) -> phonenumbers.PhoneNumber:
    return phonenumbers.parse(f"+1{area_code}2345678")


def test_every_area_code_of_the_us_is_there_with_the_state_phonenumbers_gives_it():
    ours, theirs = dict(states_by_area_code()), {}
    names = {state.name: code for code, state in read_area_codes().states.items()} | OTHER_NAMES
    for area_code in range(200, 1_000):
        number = a_number(area_code)
        place = geocoder.description_for_number(number, "en")
        if phonenumbers.region_code_for_number(number) == "US" and place:
            theirs[str(area_code)] = names.get(place) or place.rpartition(", ")[2]
    assert ours == theirs
    assert len(ours) > 350


def test_no_area_code_stands_in_two_states():
    codes = [code for state in read_area_codes().states.values() for code in state.area_codes]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    "area_code",
    [850, 448, 931, 423, 270, 364, 606, 812, 930, 574, 219, 605, 701, 308, 785, 620, 208, 986, 541, 458, 906],
)
def test_an_area_code_that_reaches_over_a_border_of_zones_is_in_both(area_code):
    assert len(offsets(by_number(f"+1{area_code}5550123").zones)) == 2


@pytest.mark.parametrize(
    ("area_code", "hours"),
    [
        (305, -5),
        (615, -6),
        (865, -5),
        (915, -7),
        (214, -6),
        (503, -8),
        (602, -7),
        (317, -5),
        (313, -5),
        (702, -8),
        (402, -6),
    ],
)
def test_an_area_code_that_lies_in_one_zone_is_in_that_alone(area_code, hours):
    (offset,) = offsets(by_number(f"+1{area_code}5550123").zones)
    assert offset.total_seconds() == hours * 3600


@pytest.mark.parametrize(("area_code", "zones"), [(807, 2), (250, 2), (709, 2), (867, 4)])
def test_area_codes_of_canada_over_a_border_are_in_every_zone(area_code, zones):
    where = by_number(f"+1{area_code}2345678")
    assert where.countries == ("CA",)
    assert len(offsets(where.zones)) >= zones - 1 > 0
    assert len(where.zones) >= zones


def test_a_number_of_florida_makes_florida_a_candidate_wherever_the_address_is():
    where = find_whereabouts({"country": "US", "state": "Texas"}, numbers=["+13055550123"])
    assert where.states == ("FL", "TX")
    assert where.zones == ("America/Chicago", "America/Denver", "America/New_York")


@pytest.mark.parametrize("number", ["+18005550123", "+15005550123", "+19005550123"])
def test_a_number_without_a_place_leaves_the_state_unknown(number):
    assert by_number(number) == Whereabouts(("US",), (UNKNOWN,))
    assert not find_whereabouts({"state": "OH"}, numbers=[number]).states_known


@pytest.mark.parametrize("number", ["+9", "+88312345678", "+99999999999999"])
def test_a_number_of_nowhere_leaves_the_country_unknown(number):
    where = by_number(number)
    assert not where.countries_known
    assert where.zones == ()


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+442079460018", "GB"),
        ("+4930901820", "DE"),
        ("+14165550123", "CA"),
        ("+17875550123", "PR"),
        ("+3545812345", "IS"),
    ],
)
def test_a_number_names_its_country(number, country):
    assert by_number(number).countries == (country,)


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Berlin", "DE"),
        ("Europe/Kiev", "UA"),
        ("Asia/Calcutta", "IN"),
        ("US/Eastern", "US"),
        ("Europe/Oslo", "NO"),
    ],
)
def test_a_browsers_zone_names_its_country_by_old_names_too(zone, country):
    assert by_zone(zone) == Whereabouts((country,), (), (zone,))


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+5"])
def test_a_zone_of_no_country_is_a_zone_all_the_same(zone):
    assert by_zone(zone) == Whereabouts((), (), (zone,))


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({}, Whereabouts()),
        ({"country": "Deutschland"}, Whereabouts((UNKNOWN,))),
        ({"country": " uk "}, Whereabouts(("GB",))),
        ({"country": "US", "state": "Bavaria"}, Whereabouts(("US",), (UNKNOWN,))),
        ({"state": "Bavaria"}, Whereabouts()),
        ({"country": "DE", "state": "OR"}, Whereabouts(("DE",))),
        ({"state": "new york"}, Whereabouts(("US",), ("NY",), ("America/New_York",))),
    ],
)
def test_an_address_names_what_can_be_read_of_it(fields, where):
    assert by_address(fields) == where


@given(addresses, st.lists(numbers, max_size=3), st.lists(told_zones, max_size=3), numbers, told_zones)
def test_more_evidence_only_adds_candidates(address, some_numbers, some_zones, number, zone):
    less = find_whereabouts(address, numbers=some_numbers, zones=some_zones)
    more = find_whereabouts(address, numbers=[*some_numbers, number], zones=[*some_zones, zone])
    for name in ("countries", "states", "zones"):
        assert set(getattr(less, name)) <= set(getattr(more, name))
    assert more == find_whereabouts(address, numbers=[number, *some_numbers], zones=[zone, *some_zones])


@pytest.mark.parametrize(
    "state",
    [
        {"name": "Nowhere", "zones": ["America/Nowhere"], "area_codes": [305]},
        {"name": "Nowhere", "zones": ["America/Chicago"], "area_codes": [305], "one_zone": {"America/Denver": [305]}},
        {"name": "Nowhere", "zones": ["America/Chicago"], "area_codes": [305], "one_zone": {"America/Chicago": [306]}},
        {"name": "Nowhere", "zones": ["America/Chicago"], "area_codes": [105]},
    ],
)
def test_a_file_that_makes_no_sense_is_refused(state):
    content = {"version": "2026-11-28", "sources": ["s"], "elsewhere": {}, "states": {"NO": state}}
    with pytest.raises(ValidationError):
        AreaCodes.model_validate(content)

"""Where a person may be: every country, state and time zone that anything known of them names. Pure.

Each piece of evidence adds candidates and none takes any away: who acts by them must do right by all. A number may have
been carried to another state, a browser may be on a journey, an address may be old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from babel.core import get_global
from phonenumbers import timezone as number_zones

from crm.places.area_codes import read_area_codes, states_by_area_code, states_by_name

UNKNOWN = "ZZ"
"""A country (ISO 3166 leaves the code to users) or state that something was said of, but that we cannot tell."""
UNITED_STATES = "US"

_ALIASES = {"UK": "GB", "USA": "US"}
_NO_ZONE = "Etc/Unknown"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Candidates, each in a fixed order; nothing known is nothing named.

    `states` are those of the US. `UNKNOWN` among them, or among the countries, stands for any.
    """

    countries: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()

    def __or__(self, other: Whereabouts) -> Whereabouts:
        return Whereabouts(
            _joined(self.countries, other.countries),
            _joined(self.states, other.states),
            _joined(self.zones, other.zones),
        )

    @property
    def states_known(self) -> bool:
        """Whether it is told which state of the US it may be."""
        return bool(self.states) and UNKNOWN not in self.states

    @property
    def countries_known(self) -> bool:
        return bool(self.countries) and UNKNOWN not in self.countries


def find_whereabouts(
    fields: Mapping[str, Any], *, numbers: Iterable[str] = (), zones: Iterable[str | None] = ()
) -> Whereabouts:
    """All candidates for one person.

    Args:
        fields: what they told us; `country` (ISO 3166) and `state` (of the US, two letters or its name) count.
        numbers: phone numbers in E.164.
        zones: what browsers told; a text that is no zone is not known.
    """
    found = by_address(fields)
    for number in numbers:
        found |= by_number(number)
    for zone in zones:
        found |= by_zone(zone)
    return found


def by_address(fields: Mapping[str, Any]) -> Whereabouts:
    """What the fields of the address name."""
    country, state = _text(fields.get("country")).upper(), _text(fields.get("state"))
    country = _ALIASES.get(country, country)
    if country not in ("", UNITED_STATES):
        return Whereabouts((country,) if len(country) == 2 and country.isalpha() else (UNKNOWN,))
    code = states_by_name().get(state.lower())
    if code is not None:
        return Whereabouts((UNITED_STATES,), (code,), _sorted(read_area_codes().states[code].zones))
    # A state without a country that is none of the US tells nothing.
    return Whereabouts((UNITED_STATES,), (UNKNOWN,) if state else ()) if country else Whereabouts()


def by_zone(zone: str | None) -> Whereabouts:
    """What the zone of a browser names: itself, and the country it is the zone of."""
    if not zone or zone not in _zone_names():
        return Whereabouts()
    country = _country_of_zone(zone)
    return Whereabouts((country,) if country else (), zones=(zone,))


def by_number(number: str) -> Whereabouts:
    """What a phone number names; one without a place, such as a toll-free one, names a state or country unknown."""
    if number.startswith("+1"):
        # Beyond these digits a number of North America says nothing about its place.
        return _by_american_number(number[:8])
    # Nor do the last three of any other; so what is remembered between calls is nobody's number.
    return _by_number(number[:-3] + "000" if len(number) > 9 else number)


@lru_cache(maxsize=8_192)
def _by_american_number(beginning: str) -> Whereabouts:
    area_code = beginning[2:5]
    number = beginning.ljust(12, "2")
    state = states_by_area_code().get(area_code)
    if state is not None:
        zones = read_area_codes().states[state].zones_of(area_code)
        return Whereabouts((UNITED_STATES,), (state,), _sorted((*zones, *_zones_of_number(number))))
    found = _by_number(number)
    if found.countries == (UNITED_STATES,) or not found.countries_known:
        # Toll-free and personal numbers: their zones are those of the whole continent, which is to say none.
        return Whereabouts((UNITED_STATES,), (UNKNOWN,))
    return found | Whereabouts(zones=_sorted(read_area_codes().elsewhere.get(area_code, ())))


@lru_cache(maxsize=8_192)
def _by_number(number: str) -> Whereabouts:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Whereabouts((UNKNOWN,))
    country = phonenumbers.region_code_for_number(parsed)
    return Whereabouts(
        (country if country and country.isalpha() else UNKNOWN,), zones=_sorted(_zones_of_number(number))
    )


def _zones_of_number(number: str) -> tuple[str, ...]:
    zones = number_zones.time_zones_for_number(phonenumbers.parse(number))
    return tuple(zone for zone in zones if zone != _NO_ZONE)


@lru_cache(maxsize=1_024)
def _country_of_zone(zone: str) -> str | None:
    countries: Mapping[str, str] = get_global("zone_territories")
    aliases: Mapping[str, str] = get_global("zone_aliases")
    country = countries.get(aliases.get(zone, zone))
    return None if country in (None, UNKNOWN, "001") else country


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


@lru_cache(maxsize=4_096)
def _joined(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    if not other or one == other:
        return one
    return _sorted((*one, *other)) if one else other

"""Reads area_codes.yml: states of the US, their zones and area codes. Knows no person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

_FILE = Path(__file__).with_name("area_codes.yml")

AreaCode = Annotated[str, Field(pattern=r"^[2-9]\d\d$", coerce_numbers_to_str=True)]
Zones = Annotated[tuple[str, ...], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class State(_Part):
    """A state; `one_zone` holds the area codes that lie in one of its zones alone."""

    name: str
    zones: Zones
    area_codes: tuple[AreaCode, ...]
    one_zone: Mapping[str, tuple[AreaCode, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def check_area_codes(self) -> Self:
        """Refuse a zone or an area code under `one_zone` that is not the state's."""
        alone = [code for codes in self.one_zone.values() for code in codes]
        if not set(alone) <= set(self.area_codes) or not set(self.one_zone) <= set(self.zones):
            raise ValueError(f"{self.name}: one_zone names a zone or an area code that is not this state's")
        if len(alone) != len(set(alone)):
            raise ValueError(f"{self.name}: an area code stands in two zones alone")
        return self

    def zones_of(self, area_code: str) -> tuple[str, ...]:
        """The zones a number with this area code may be in."""
        return next(((zone,) for zone, codes in self.one_zone.items() if area_code in codes), self.zones)


class AreaCodes(_Part):
    """All of them, as of `version`; `elsewhere` are area codes outside the US that reach over a border of zones."""

    version: date
    sources: tuple[str, ...] = Field(min_length=1)
    states: Mapping[str, State]
    elsewhere: Mapping[AreaCode, Zones]

    @model_validator(mode="after")
    def check_zones(self) -> Self:
        """Refuse a zone that does not exist."""
        named = {zone for state in self.states.values() for zone in state.zones}
        unknown = (named | {zone for zones in self.elsewhere.values() for zone in zones}) - available_timezones()
        if unknown:
            raise ValueError(f"no such time zone: {', '.join(sorted(unknown))}")
        return self


@cache
def read_area_codes(path: Path = _FILE) -> AreaCodes:
    """The file, checked."""
    return AreaCodes.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def states_by_area_code() -> Mapping[str, str]:
    """The state of each area code."""
    states = read_area_codes().states
    return {area_code: code for code, state in states.items() for area_code in state.area_codes}


@cache
def states_by_name() -> Mapping[str, str]:
    """The state's two letters by its name and by themselves, in lower case."""
    states = read_area_codes().states
    return {state.name.lower(): code for code, state in states.items()} | {code.lower(): code for code in states}

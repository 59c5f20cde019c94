"""The form of a jurisdiction file and what reads it: rules of law with source, status and dates. Judges nobody.

An operator's own file has the same form: what it says of a place and a subject stands in for what is shipped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from dateutil.easter import easter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from base.errors import InvalidInput

_FOLDER = Path(__file__).resolve().parent
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EARLIEST, _LATEST = timedelta(hours=14), timedelta(hours=12)
"""How far ahead of UTC, and behind it, it is the same day somewhere."""

Subject = Literal["hours", "cap", "consent"]
Status = Literal["P", "S", "K", "check"]
"""Of a source: primary text, secondary, background knowledge, unconfirmed."""
Kind = Literal["express", "double_opt_in", "implied_purchase", "implied_inquiry", "soft_opt_in"]
"""How somebody came to agree: by saying so; and confirmed by a link in a mail; by having bought; by having asked; by
having bought the like and not having objected."""


def _weekday(name: object) -> object:
    return _DAYS.index(name) if name in _DAYS else name


Weekday = Annotated[int, BeforeValidator(_weekday), Field(ge=0, le=6)]
Channels = Annotated[frozenset[str], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class InvalidJurisdictions(InvalidInput):
    """A jurisdiction file does not have the form it needs."""

    code = "invalid_jurisdictions"


class Holiday(_Part):
    """A day of each year: by its date, as the nth (or last) weekday of a month, or so many days after Easter.

    A holiday by date that falls on a weekend is also kept on the working day beside it.
    """

    name: str
    month: int | None = Field(default=None, ge=1, le=12)
    day: int | None = Field(default=None, ge=1, le=31)
    weekday: Weekday | None = None
    nth: int | None = Field(default=None, ge=-1, le=5)
    easter: int | None = None

    @model_validator(mode="after")
    def check_form(self) -> Self:
        """Refuse what is none of the three forms."""
        told = {name for name in ("month", "day", "weekday", "nth", "easter") if getattr(self, name) is not None}
        if told not in ({"month", "day"}, {"month", "weekday", "nth"}, {"easter"}) or self.nth == 0:
            raise ValueError(f"{self.name}: give month and day, or month, weekday and nth, or easter")
        return self

    def dates(self, year: int) -> tuple[date, ...]:
        if self.easter is not None:
            return (easter(year) + timedelta(days=self.easter),)
        assert self.month is not None
        if self.weekday is not None and self.nth is not None:
            return (_nth_weekday(year, self.month, self.weekday, self.nth),)
        assert self.day is not None
        day = date(year, self.month, self.day)
        beside = {5: -1, 6: 1}.get(day.weekday())
        return (day,) if beside is None else (day, day + timedelta(days=beside))


class Opening(_Part):
    """Hours of some days: from `opens` up to, not including, `closes`."""

    days: frozenset[Weekday] = Field(min_length=1)
    opens: time = Field(alias="from")
    closes: time = Field(alias="to")

    @model_validator(mode="after")
    def check_order(self) -> Self:
        """Refuse hours over midnight."""
        if self.opens >= self.closes:
            raise ValueError("hours open before they close")
        return self


class HoursRule(_Part):
    """When somebody may be written to or called, by the clock where they are; a day that is not named is closed."""

    channels: Channels
    open: tuple[Opening, ...] = Field(min_length=1)
    closed_on: str | None = None
    """A calendar of the file on whose days it is closed."""

    @model_validator(mode="after")
    def check_days(self) -> Self:
        """Refuse a day with two openings."""
        days = [day for opening in self.open for day in opening.days]
        if len(days) != len(set(days)):
            raise ValueError("a day has two openings")
        return self


class CapRule(_Part):
    """At most so many promotional messages by these channels together in any so many hours."""

    channels: Channels | None = None
    """None: every one."""
    most: int = Field(ge=1)
    hours: int = Field(ge=1)
    per: Literal["contact", "channel", "topic"] = "contact"


class Accepted(_Part):
    """A kind of consent that is enough, and for how many months; None: until it is taken back."""

    kind: Kind
    months: int | None = Field(default=None, ge=1)


class ConsentRule(_Part):
    """What kinds of consent are enough for promotion on these channels."""

    channels: Channels
    accepts: tuple[Accepted, ...] = Field(min_length=1)


class LawRule(_Part):
    """One rule of one place and where it stands; it holds from `effective_from` to `effective_until`, both included."""

    source: str = Field(min_length=3)
    status: Status
    effective_from: date
    effective_until: date | None = None
    note: str | None = None
    hours: HoursRule | None = None
    cap: CapRule | None = None
    consent: ConsentRule | None = None
    opt_outs_kept_days: int | None = Field(default=None, ge=1)
    opt_out_within_days: int | None = Field(default=None, ge=0)
    duties: tuple[str, ...] = ()

    @model_validator(mode="after")
    def check_dates(self) -> Self:
        """Refuse a rule that says nothing or ends before it begins."""
        if self.effective_until is not None and self.effective_until < self.effective_from:
            raise ValueError("effective_until is before effective_from")
        if not any((self.hours, self.cap, self.consent, self.opt_outs_kept_days, self.duties)):
            raise ValueError("a rule says something: hours, cap, consent, how long opt-outs are kept, or duties")
        return self

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at an instant, wherever on earth that is."""
        begun = self.effective_from <= (at + _EARLIEST).date()
        return begun and (self.effective_until is None or (at - _LATEST).date() <= self.effective_until)


class Jurisdiction(_Part):
    """A place: `members` are the countries it takes in beside the one of its code."""

    name: str
    members: frozenset[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] = frozenset()
    rules: tuple[LawRule, ...] = Field(min_length=1)


class JurisdictionFile(_Part):
    """One file. Codes: ISO 3166 countries, `EU`, states as `US-FL`; `ZZ` and `US-ZZ`: place or state unknown."""

    version: date
    calendars: Mapping[str, tuple[Holiday, ...]] = Field(default_factory=dict)
    jurisdictions: Mapping[Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z]{2})?$")], Jurisdiction]

    @model_validator(mode="after")
    def check_calendars(self) -> Self:
        """Refuse hours closed on days that nobody laid down."""
        named = {
            rule.hours.closed_on
            for one in self.jurisdictions.values()
            for rule in one.rules
            if rule.hours is not None and rule.hours.closed_on is not None
        }
        if missing := sorted(named - set(self.calendars)):
            raise ValueError(f"no such calendar: {', '.join(missing)}")
        return self


class Jurisdictions:
    """All of them. What an operator's files say of a place, a subject and a channel stands in for what is shipped."""

    def __init__(self, shipped: Mapping[str, JurisdictionFile], own: Mapping[str, JurisdictionFile]) -> None:
        files = {**shipped, **own}
        self.version = ", ".join(f"{name} {file.version}" for name, file in files.items())
        self._calendars = {name: days for file in files.values() for name, days in file.calendars.items()}
        self._shipped, self._own = _places(shipped), _places(own)
        self.places: Mapping[str, tuple[Jurisdiction, ...]] = {
            code: (*self._shipped.get(code, ()), *self._own.get(code, ())) for code in {**self._shipped, **self._own}
        }
        """Every place by its code; one that is in several files is there several times."""
        by_country: dict[str, set[str]] = defaultdict(set)
        for code, parts in self.places.items():
            for country in {code}.union(*(part.members for part in parts)):
                by_country[country].add(code)
        self._codes = {country: tuple(sorted(codes)) for country, codes in by_country.items()}

    def codes_of(self, country: str) -> tuple[str, ...]:
        """The places a country belongs to; none when no file knows it. `ZZ` is one only where an operator says so."""
        return self._codes.get(country, ())

    def rules_of(self, code: str, subject: Subject, channel: str, at: datetime) -> list[LawRule]:
        """The rules of a place about a subject and a channel that are in force."""
        own = _about(self._own.get(code, ()), subject, channel, at)
        return own or _about(self._shipped.get(code, ()), subject, channel, at)

    def days_of(self, calendar: str, years: Iterable[int]) -> frozenset[date]:
        """The days of a calendar that are kept for these years."""
        return frozenset(day for year in years for holiday in self._calendars[calendar] for day in holiday.dates(year))


def read_jurisdictions(own: Path | None = None) -> Jurisdictions:
    """The shipped files and those of an operator's folder.

    Raises:
        InvalidJurisdictions: a file does not have the form it needs; the message names it and what is wrong.
    """
    files = [] if own is None else sorted(own.glob("*.yml"))
    return Jurisdictions(_shipped(), {f"own/{path.stem}": read_file(path) for path in files})


def read_file(path: Path) -> JurisdictionFile:
    """One file.

    Raises:
        InvalidJurisdictions: it does not have the form it needs.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return JurisdictionFile.model_validate(content)
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False, include_input=False)
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in told)
        raise InvalidJurisdictions(f"The jurisdiction file {path.name} cannot be used: {wrong}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidJurisdictions(f"The jurisdiction file {path.name} cannot be used: {error}") from error


@cache
def _shipped() -> Mapping[str, JurisdictionFile]:
    return {path.stem: read_file(path) for path in sorted(_FOLDER.glob("*.yml"))}


def _places(files: Mapping[str, JurisdictionFile]) -> Mapping[str, tuple[Jurisdiction, ...]]:
    places: dict[str, tuple[Jurisdiction, ...]] = {}
    for file in files.values():
        for code, place in file.jurisdictions.items():
            places[code] = (*places.get(code, ()), place)
    return places


def _about(places: Iterable[Jurisdiction], subject: Subject, channel: str, at: datetime) -> list[LawRule]:
    rules = (rule for place in places for rule in place.rules)
    return [rule for rule in rules if _concerns(getattr(rule, subject), channel) and rule.holds(at)]


def _concerns(part: HoursRule | CapRule | ConsentRule | None, channel: str) -> bool:
    return part is not None and (part.channels is None or channel in part.channels)


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    if nth == -1:
        after = date(year + month // 12, month % 12 + 1, 1)
        return after - timedelta(days=(after.weekday() - 1 - weekday) % 7 + 1)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))

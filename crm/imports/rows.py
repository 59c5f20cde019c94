"""One row of a file, cleansed: what becomes a contact, and what of it could not be read. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, TypeVar
from zoneinfo import available_timezones

from babel.localedata import exists as has_locale

from base.errors import InvalidInput
from crm.contacts.addresses import ADDRESS_KINDS, AddressKind, normalise_telegram
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
from crm.contacts.tags import MOST_TAGS
from crm.fields.rules import Definition, built_in_fields, read_value
from crm.imports.mapping import OWN_FIELD

T = TypeVar("T")

_READERS: Mapping[AddressKind, Callable[[str], str]] = {
    "email": clean_email,
    "phone": clean_phone,
    "telegram": normalise_telegram,
}
_FREE_TEXTS = frozenset({"company", "job_title", "street", "street_2", "city", "postal_code", "website"})
LONGEST = 2_000
"""Characters a field may have."""
_LONGEST_SOURCE = 200
_BETWEEN = re.compile(r"[,;|]+")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_LONG_NUMBER = re.compile(r"(?:\d[\s().-]*){7,}")
# As spreadsheets' guard against formulas writes them: taken away again, so that what we export comes back the same.
_GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong with a row; `refused`: nothing of the row was imported, else all but this."""

    row: int
    column: str
    reason: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """When and where somebody agreed, and to which channels."""

    given_at: datetime
    source: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for rows that do not say: the country that numbers are dialled in, language, channels agreed to."""

    country: str | None = None
    language: str = "en"
    consent_channels: tuple[str, ...] = ()
    definitions: Mapping[str, Definition] = field(default_factory=dict)


@dataclass(slots=True)
class CleanRow:
    """A row as it will be stored."""

    number: int
    addresses: dict[AddressKind, str] = field(default_factory=dict, repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    tags: list[str] = field(default_factory=list)
    language: str = "en"
    time_zone: str | None = None
    evidence: Evidence | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return any(problem.refused for problem in self.problems)

    def refuse(self, column: str, reason: str) -> None:
        """Notes why nothing of the row can be imported."""
        self.problems.append(Problem(self.number, column, reason, refused=True))

    def note(self, column: str, reason: str) -> None:
        """Notes what is left out."""
        self.problems.append(Problem(self.number, column, reason, refused=False))


def clean_row(number: int, cells: list[str], mapping: Mapping[int, str], defaults: Defaults, now: datetime) -> CleanRow:
    """Cleanses a row. What cannot be read is left out and noted; a row without any address is refused."""
    told = {
        target: text
        for at, target in mapping.items()
        if at < len(cells) and (text := clean_text(_GUARDED.sub("", cells[at], count=1)))
    }
    row = CleanRow(number, language=defaults.language)

    def read(target: str, clean: Callable[[str], T]) -> T | None:
        text = told.get(target)
        if text is None:
            return None
        try:
            cleaned = clean(text)
        except InvalidInput as error:
            row.note(target, error.message)
            return None
        return None if cleaned == "" else cleaned

    country = read("country", clean_country)
    region = country or defaults.country
    # In this order problems are listed, too.
    row.addresses = {
        kind: value
        for kind, clean in _READERS.items()
        if (value := read(kind, (lambda text: clean_phone(text, region)) if kind == "phone" else clean))
    }
    first, last = split_name(told["name"]) if "name" in told else ("", "")
    values: dict[str, Any] = {
        "first_name": read("first_name", clean_name) or first,
        "last_name": read("last_name", clean_name) or last,
        "country": country,
        "state": read("state", lambda text: clean_state(text, country)),
    }
    for target in told:
        if target in _FREE_TEXTS or target.startswith(OWN_FIELD):
            name = target.removeprefix(OWN_FIELD)
            values[name] = read(target, _field_reader(defaults.definitions.get(name) or built_in_fields().get(name)))
    row.fields = {name: value for name, value in values.items() if value not in (None, "")}
    row.language = read("language", clean_language) or defaults.language
    row.time_zone = read("time_zone", _time_zone)
    if "tags" in told:
        row.tags = _tags(told["tags"], row)
    row.evidence = _evidence(told, row, defaults, now)
    if not row.addresses:
        row.refuse("", "The row has no address that can be written to: it needs an e-mail address or a phone number.")
    return row


def _field_reader(definition: Definition | None) -> Callable[[str], Any]:
    """What reads a value of the field; one that nobody defined takes any text."""
    return _field if definition is None else partial(read_value, definition)


def _field(text: str) -> str:
    if len(text) > LONGEST:
        raise UnreadableValue(f"A field has at most {LONGEST} characters.")
    return text


def clean_language(text: str) -> str:
    """The language's two letters (three, where it has no two).

    Raises:
        UnreadableValue: there is none of that name.
    """
    code = text.lower().replace("_", "-").partition("-")[0]
    if len(code) not in (2, 3) or not has_locale(code):
        raise UnreadableValue("There is no such language: write its two letters, such as de.")
    return code


def _time_zone(text: str) -> str:
    if text not in _time_zones():
        raise UnreadableValue("There is no such time zone: write its name, such as Europe/Berlin.")
    return text


@cache
def _time_zones() -> frozenset[str]:
    """Kept: to list them takes 25 ms."""
    return frozenset(available_timezones())


def _tags(text: str, row: CleanRow) -> list[str]:
    tags: dict[str, None] = {}
    for one in _BETWEEN.split(text):
        try:
            if one.strip():
                tags[clean_tag(one)] = None
        except InvalidInput as error:
            row.note("tags", error.message)
    if len(tags) > MOST_TAGS:
        row.note("tags", f"A contact has at most {MOST_TAGS} tags.")
    return list(tags)[:MOST_TAGS]


def _evidence(told: Mapping[str, str], row: CleanRow, defaults: Defaults, now: datetime) -> Evidence | None:
    """What shows that the person agreed, if all of it is there: when, where, and to what."""
    given_at, source = told.get("consent_at"), told.get("consent_source")
    if given_at is None and source is None:
        return None
    if given_at is None or source is None:
        row.note("consent_at", "No consent was taken over: it needs both when (consent_at) and where (consent_source).")
        return None
    try:
        at = datetime.fromisoformat(given_at)
    except ValueError:
        row.note("consent_at", "No consent was taken over: write the date as 2026-03-31.")
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    if at > now:
        row.note("consent_at", "No consent was taken over: its date has not come yet.")
        return None
    if _names_somebody(source, row):
        row.note(
            "consent_source",
            f"No consent was taken over: the source goes into a record that is never erased, so it may hold no name, "
            f"address or long number, and at most {_LONGEST_SOURCE} characters.",
        )
        return None
    named = [one.strip().lower() for one in _BETWEEN.split(told.get("consent_channels", "")) if one.strip()]
    channels = tuple(dict.fromkeys(named or defaults.consent_channels))
    usable = tuple(one for one in channels if one in ADDRESS_KINDS and ADDRESS_KINDS[one] in row.addresses)
    if len(usable) < len(channels) or not channels:
        row.note(
            "consent_channels",
            f"Consent was taken over for {', '.join(usable) or 'no channel'} only: name channels "
            f"({', '.join(ADDRESS_KINDS)}) that the row has an address for.",
        )
    return Evidence(at, source, usable) if usable else None


def _names_somebody(source: str, row: CleanRow) -> bool:
    names = [row.fields.get(name, "").casefold() for name in ("first_name", "last_name")]
    return (
        len(source) > _LONGEST_SOURCE
        or "@" in source
        or _LONG_NUMBER.search(_DATE.sub("", source)) is not None
        or any(len(name) > 1 and name in source.casefold() for name in names)
    )

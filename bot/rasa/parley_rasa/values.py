"""Find e-mail addresses, phone numbers and amounts in a text, written or spoken. Pure; no network, no DNS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from parley_rasa.spoken_digits import find_spoken_digits
from parley_rasa.spoken_email import find_spoken_email
from parley_rasa.spoken_words import FILLERS

REGION_OF_LANGUAGE = {
    "en": "US", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "nl": "NL", "pt": "PT", "pl": "PL",
    "sv": "SE", "da": "DK", "nb": "NO", "fi": "FI", "cs": "CZ", "tr": "TR", "ja": "JP",
}  # fmt: skip
DEFAULT_REGION = "US"
_LONGEST_LOCAL_PART = 64
_LONGEST_DOMAIN = 253

_EMAIL = re.compile(r"(?<![^\s<>(),;:\"'\[\]])[^\s@<>(),;:\"\[\]]{1,64}@[^\s@<>(),;:\"'\[\]/!?{}]{1,253}")
_NUMBER = re.compile(
    r"(?<![\w.,@/+-])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w@])|(?<![\w.,@/+-])-?\d{1,15}(?:\.\d+)?(?![\w@])"
)
_SATELLITE = frozenset({870, 878, 881, 882, 883, 979})  # and universal personal and premium numbers (ITU E.164)
_DEAR = frozenset({
    phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER, phonenumbers.PhoneNumberType.PAGER,
    phonenumbers.PhoneNumberType.UAN, phonenumbers.PhoneNumberType.VOICEMAIL,
})  # fmt: skip
_ENOUGH_DIGITS = re.compile(r"(?:\d\D{0,4}){6}\d")  # the shortest number worth asking the phone library about


@dataclass(frozen=True)
class Value:
    """A value found in a text, in its normal form, with where it stood."""

    kind: str  # "email", "phone" or "number"
    value: Any
    start: int
    end: int


def find_values(text: str, region: str = DEFAULT_REGION, language: str = "en") -> list[Value]:
    """List the values in a text: addresses and phone numbers first, amounts that are no part of them last.

    A phone number that nothing is ever sent to is none: the person is asked for another.
    """
    found = [value for value in (find_email(text, language), find_phone(text, region, language)) if value is not None]
    amounts = [number for number in _numbers(text) if not any(_overlap(number, other) for other in found)]
    return [value for value in found if value.kind != "phone" or not _is_dear(value.value)] + amounts


def _is_dear(number: str) -> bool:
    """Tell whether texting or calling a number may cost more than others, which somebody may earn by.

    What the platform refuses to send to (`crm.places.numbers`), but for ranges that the library has not heard of.
    """
    parsed = phonenumbers.parse(number)
    return parsed.country_code in _SATELLITE or phonenumbers.number_type(parsed) in _DEAR


def find_email(text: str, language: str = "en") -> Value | None:
    """Return the first valid address, written with @ or spelled out ("bob at acme dot com")."""
    for match in _EMAIL.finditer(text):
        address = match.group().strip(".'*_`~") if "@" in match.group() else ""
        normal = normal_email(address)
        if normal is not None:
            start = text.index(address, match.start())
            return Value("email", normal, start, start + len(address))
    spoken = find_spoken_email(text, language, normal_email)
    return Value("email", *spoken) if spoken else None


def normal_email(address: str) -> str | None:
    """Return an address in normal form (domain in lower case), or None when it is not one."""
    local, _, domain = address.partition("@")
    if not (0 < len(local) <= _LONGEST_LOCAL_PART and 0 < len(domain) <= _LONGEST_DOMAIN):
        return None
    try:
        return str(validate_email(address, check_deliverability=False, test_environment=False).normalized)
    except EmailNotValidError:
        return None


def find_phone(text: str, region: str = DEFAULT_REGION, language: str = "en") -> Value | None:
    """Return the first valid phone number as E.164; one without country code is read as of ``region``."""
    if not _ENOUGH_DIGITS.search(text):
        return _find_spoken_phone(text, region, language)
    for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.VALID):
        normal = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        return Value("phone", normal, match.start, match.end)
    return _find_written_out(text)


def _find_spoken_phone(text: str, region: str, language: str) -> Value | None:
    said = find_spoken_digits(text, language)
    found = find_phone(said.written, region) if said else None
    return Value("phone", found.value, said.start, said.end) if said and found else None


def _find_written_out(text: str) -> Value | None:
    """Believe a number that is written with its country code, even of a range the library has not heard of."""
    if "+" not in text:
        return None
    for match in phonenumbers.PhoneNumberMatcher(text, None, leniency=phonenumbers.Leniency.POSSIBLE):
        normal = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        return Value("phone", normal, match.start, match.end)
    return None


def find_number(text: str) -> float | None:
    """Return the first amount in a text."""
    for found in _numbers(text):
        return float(found.value)
    return None


def region_for(language: str, configured: str | None = None) -> str:
    """Choose the region of numbers without country code: configured, else the language's own, else the default."""
    if configured:
        return configured.upper()
    base, _, territory = language.replace("_", "-").partition("-")
    if len(territory) == 2 and territory.upper() in phonenumbers.SUPPORTED_REGIONS:
        return territory.upper()
    return REGION_OF_LANGUAGE.get(base.lower(), DEFAULT_REGION)


def is_nothing_else(text: str, values: list[Value]) -> bool:
    """Tell whether a text is an address or phone number with no more than filler around it."""
    spans = [value for value in values if value.kind != "number"]
    if not spans:
        return False
    rest = text
    for value in sorted(spans, key=lambda value: value.start, reverse=True):
        rest = rest[: value.start] + " " + rest[value.end :]
    return all(word in FILLERS for word in re.findall(r"\w+", rest.lower()))


def _numbers(text: str) -> Iterator[Value]:
    for match in _NUMBER.finditer(text):
        number = float(match.group().replace(",", ""))
        whole = int(number) if number.is_integer() else number
        yield Value("number", whole, match.start(), match.end())


def _overlap(left: Value, right: Value) -> bool:
    return left.start < right.end and right.start < left.end

"""Find e-mail addresses, phone numbers and amounts in a text. Pure functions; no network, no DNS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from parley_rasa.spoken_digits import find_spoken_digits

REGION_OF_LANGUAGE = {
    "en": "US", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "nl": "NL", "pt": "PT", "pl": "PL",
    "sv": "SE", "da": "DK", "nb": "NO", "fi": "FI", "cs": "CZ", "tr": "TR", "ja": "JP",
}  # fmt: skip
DEFAULT_REGION = "US"
_SIGNS = {"underscore": "_", "dash": "-", "hyphen": "-", "minus": "-"}
_SPOKEN_SIGN = re.compile(rf"(?<=\w) ({'|'.join(_SIGNS)}) (?=\w)", re.IGNORECASE)
_LONGEST_LOCAL_PART = 64
_LONGEST_DOMAIN = 253

_EMAIL = re.compile(r"(?<![^\s<>(),;:\"'\[\]])[^\s@<>(),;:\"\[\]]{1,64}@[^\s@<>(),;:\"'\[\]/!?{}]{1,253}")
_SPOKEN_EMAIL = re.compile(
    r"(?<![\w@.+-])[a-z0-9][a-z0-9_+-]{0,63}(?:(?:\.| dot )[a-z0-9_+-]{1,63}){0,4}"
    r"(?: at |\s?[(\[{]at[)\]}]\s?|\s?@\s?)"
    r"[a-z0-9-]{1,63}(?:(?:\.| dot |\s?[(\[{]dot[)\]}]\s?)[a-z0-9-]{1,63}){1,4}",
    re.IGNORECASE,
)
_SPOKEN_REACH = 160  # characters around an "at"; keeps hostile texts cheap
_NO_LOCAL_PART = frozenset("am is are was be me us look looking work works working here there live based not".split())
_SPOKEN_AT = re.compile(r" at |\s?[(\[{]at[)\]}]\s?|\s?@\s?", re.IGNORECASE)
_SPOKEN_DOT = re.compile(r" dot |\s?[(\[{]dot[)\]}]\s?", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![\w.,@/+-])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w@])|(?<![\w.,@/+-])-?\d{1,15}(?:\.\d+)?(?![\w@])"
)
_ENOUGH_DIGITS = re.compile(r"(?:\d\D{0,4}){6}\d")  # the shortest number worth asking the phone library about
_FILLERS = frozenset(
    "my mail email e address phone number mobile cell tel telephone is its it s the to at on me you can reach here"
    " this sure ok okay yes thanks thank please hi hello use call im i m and so a work contact use that be would"
    " sorry actually no oh".split()
)


@dataclass(frozen=True)
class Value:
    """A value found in a text, in its normal form, with where it stood."""

    kind: str  # "email", "phone" or "number"
    value: Any
    start: int
    end: int


def find_values(text: str, region: str = DEFAULT_REGION) -> list[Value]:
    """List the values in a text: addresses and phone numbers first, amounts that are no part of them last."""
    found = [value for value in (find_email(text), find_phone(text, region)) if value is not None]
    return found + [number for number in _numbers(text) if not any(_overlap(number, other) for other in found)]


def find_email(text: str) -> Value | None:
    """Return the first valid address, written with @ or spelled out ("bob at acme dot com")."""
    for match in _EMAIL.finditer(text):
        address = match.group().strip(".'*_`~") if "@" in match.group() else ""
        normal = normal_email(address)
        if normal is not None:
            start = text.index(address, match.start())
            return Value("email", normal, start, start + len(address))
    return _find_spoken_email(text)


def _find_spoken_email(text: str) -> Value | None:
    signs = _SPOKEN_SIGN.sub(lambda match: _SIGNS[match.group(1).lower()], text)
    if signs != text:
        found = _find_spoken_email(signs)
        # Where it stands in the text as it was said is not known to the letter.
        return found and Value("email", found.value, 0 if found.start == 0 else found.start, len(text))
    for at in islice(_SPOKEN_AT.finditer(text), 5):
        offset = max(0, at.start() - _SPOKEN_REACH)
        match = _SPOKEN_EMAIL.search(text[offset : at.end() + _SPOKEN_REACH])
        if match is None:
            continue
        normal = normal_email(_SPOKEN_DOT.sub(".", _SPOKEN_AT.sub("@", match.group(), count=1)))
        # "I am at work.com" is no address.
        if normal is not None and normal.partition("@")[0].lower() not in _NO_LOCAL_PART:
            return Value("email", normal, offset + match.start(), offset + match.end())
    return None


def normal_email(address: str) -> str | None:
    """Return an address in normal form (domain in lower case), or None when it is not one."""
    local, _, domain = address.partition("@")
    if not (0 < len(local) <= _LONGEST_LOCAL_PART and 0 < len(domain) <= _LONGEST_DOMAIN):
        return None
    try:
        return str(validate_email(address, check_deliverability=False, test_environment=False).normalized)
    except EmailNotValidError:
        return None


def find_phone(text: str, region: str = DEFAULT_REGION) -> Value | None:
    """Return the first valid phone number as E.164; one without country code is read as of ``region``."""
    if not _ENOUGH_DIGITS.search(text):
        return _find_spoken_phone(text, region)
    for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.VALID):
        normal = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        return Value("phone", normal, match.start, match.end)
    return _find_written_out(text)


def _find_spoken_phone(text: str, region: str) -> Value | None:
    said = find_spoken_digits(text)
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
    return all(word in _FILLERS for word in re.findall(r"\w+", rest.lower()))


def _numbers(text: str) -> Iterator[Value]:
    for match in _NUMBER.finditer(text):
        number = float(match.group().replace(",", ""))
        whole = int(number) if number.is_integer() else number
        yield Value("number", whole, match.start(), match.end())


def _overlap(left: Value, right: Value) -> bool:
    return left.start < right.end and right.start < left.end

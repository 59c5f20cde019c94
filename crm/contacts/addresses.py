"""One form for each address, so that the same address is always the same row. Pure; never looks anything up online."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import phonenumbers
import yaml
from email_validator import EmailNotValidError, validate_email

from base.errors import InvalidInput

AddressKind = Literal["email", "phone", "telegram"]
ADDRESS_KINDS: Mapping[str, AddressKind] = {
    "email": "email",
    "sms": "phone",
    "voice": "phone",
    "telegram": "telegram",
}
"""The kind of address each channel writes to; the web chat needs none."""

_PLAIN_EMAIL = re.compile(r"([a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@([a-z0-9.-]+)")
"""ASCII without quotes or a display name: what stands before the @ is right and stays as it is (RFC 5322, dot-atom)."""
_LONGEST_EMAIL = 254
_LONGEST_NUMBER = 250  # characters, above which the library reads nothing
_BETWEEN_DIGITS = dict.fromkeys(map(ord, " ().-"))
_CALLING_CODES: Mapping[int, tuple[str, ...]] = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
_FREEMAIL = Path(__file__).with_name("freemail_domains.yml")


class InvalidAddress(InvalidInput):
    """This is not an address that can be written to: check it and send it again."""

    code = "invalid_address"


def normalise_email(text: str) -> str:
    """The address in lower case with a Unicode domain, as it is stored and looked up.

    Mail systems that tell `Ann@` from `ann@` are so rare that taking them for one person is the lesser error.

    Raises:
        InvalidAddress: it has not the form of an e-mail address.
    """
    lowered = unicodedata.normalize("NFC", text.strip().lower())
    plain = _PLAIN_EMAIL.fullmatch(lowered)
    # An import reads the same domains again and again, and they are what the library is slow at.
    if plain and len(lowered) <= _LONGEST_EMAIL and _is_plain_domain(plain[2]):
        return lowered
    try:
        return validate_email(lowered, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidAddress(
            "This is not a complete e-mail address: it needs a name, an @ and a domain, as in name@company.com."
        ) from error


def normalise_phone(text: str, region: str | None) -> str:
    """The number in E.164 (`+14155552671`).

    Args:
        region: two-letter country that a number without a country code is dialled in; None takes only full numbers.

    Raises:
        InvalidAddress: there can be no such number in that country.
    """
    try:
        number = _parse_plain(text, region) or phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidAddress(
            "This phone number cannot be read: write it with its country code, as in +1 415 555 2671."
        ) from error
    if not _is_valid(number):
        raise InvalidAddress("There is no such phone number: check the digits and the country code.")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def normalise_telegram(text: str) -> str:
    """The id of a private Telegram chat, which is the person's: a whole number above 0.

    Raises:
        InvalidAddress: it is none.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal() and 0 < len(digits) <= 19 and int(digits) > 0):
        raise InvalidAddress("This is no Telegram chat of a person: its id is a whole number above 0.")
    return str(int(digits))


def normalise_address(kind: AddressKind, value: str) -> str:
    """An address of any kind; a phone number must have its country code. The same again when done twice."""
    if kind == "telegram":
        return normalise_telegram(value)
    return normalise_email(value) if kind == "email" else normalise_phone(value, None)


def is_business_email(email: str) -> bool:
    """Whether a normalised address is on a domain of its own rather than a public mail provider's."""
    return email.rpartition("@")[2] not in _freemail_domains()


@dataclass(frozen=True, slots=True)
class _Dialling:
    """What a region dials before a number; a number that begins like that is for the library to read."""

    country_code: int
    prefixes: re.Pattern[str]


def _parse_plain(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    """The number as the library reads it, when it is nothing but digits and what is written between them.

    None: the library must read it. Reading is most of what importing numbers takes.
    """
    digits = text.translate(_BETWEEN_DIGITS) if len(text) <= _LONGEST_NUMBER else ""
    international = digits.startswith("+")
    if international:
        digits = digits[1:]
    if not (digits.isascii() and digits.isdecimal() and 4 <= len(digits) <= 17) or digits.startswith("0"):
        return None
    if international:
        code = next((digits[:end] for end in (1, 2, 3) if int(digits[:end]) in _CALLING_CODES), "")
        region, digits = _CALLING_CODES.get(int(code or 0), (None,))[0], digits[len(code) :]
        dialling = _dialling(region, international=True)
    else:
        dialling = _dialling(region, international=False)
    if dialling is None or len(digits) < 2 or digits.startswith("0") or dialling.prefixes.match(digits):
        return None
    return phonenumbers.PhoneNumber(country_code=dialling.country_code, national_number=int(digits))


def _is_valid(number: phonenumbers.PhoneNumber) -> bool:
    """As `phonenumbers.is_valid_number`, which asks twice where several regions share a country code."""
    region = phonenumbers.region_code_for_number(number)
    if region is None:
        return False
    # Then it was found by being valid there, unless the region is known by its first digits.
    is_checked = len(_CALLING_CODES.get(number.country_code or 0, ())) > 1 and not _has_leading_digits(region)
    return is_checked or bool(phonenumbers.is_valid_number_for_region(number, region))


@cache
def _has_leading_digits(region: str) -> bool:
    told = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return told is None or told.leading_digits is not None


@cache
def _dialling(region: str | None, *, international: bool) -> _Dialling | None:
    if region not in phonenumbers.SUPPORTED_REGIONS:
        return None
    told = phonenumbers.PhoneMetadata.metadata_for_region(region)
    assert told is not None
    assert told.country_code is not None
    prefixes = [told.national_prefix_for_parsing]
    if not international:
        prefixes += [told.international_prefix, str(told.country_code)]
    return _Dialling(told.country_code, re.compile("|".join(f"(?:{one})" for one in prefixes if one) or "(?!)"))


@lru_cache(maxsize=50_000)
def _is_plain_domain(domain: str) -> bool:
    """Whether the library takes the domain, and leaves it as it is."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False).domain == domain
    except EmailNotValidError:
        return False


@cache
def _freemail_domains() -> frozenset[str]:
    return frozenset(yaml.safe_load(_FREEMAIL.read_text())["domains"])

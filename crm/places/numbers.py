"""What a phone number is, as far as it decides whether anybody may be texted or called there. Pure; holds no number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberType

NumberKind = Literal[
    "ordinary", "toll_free", "premium_rate", "shared_cost", "personal", "pager", "company_wide", "voicemail",
    "satellite", "unknown",
]  # fmt: skip
REFUSED: frozenset[NumberKind] = frozenset(
    {"premium_rate", "shared_cost", "personal", "pager", "company_wide", "voicemail", "satellite", "unknown"}
)
"""Numbers that may cost whoever texts or calls them, and bring money to whoever left one; and those nobody can tell."""

_SATELLITE = frozenset({870, 878, 881, 882, 883, 979})
"""Country codes of satellite and international networks, of universal personal and of premium numbers (ITU E.164)."""
_KINDS: dict[int, NumberKind] = {
    PhoneNumberType.FIXED_LINE: "ordinary",
    PhoneNumberType.MOBILE: "ordinary",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "ordinary",
    PhoneNumberType.VOIP: "ordinary",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company_wide",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_RANGE = 4
"""Digits of a number by which those of one range differ: numbers that one party rents stand side by side."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a number leads: its country (ISO 3166; None where it has none) and what kind of number it is."""

    country: str | None
    kind: NumberKind

    @property
    def refused(self) -> bool:
        """Whether nothing is ever sent there."""
        return self.kind in REFUSED


def find_destination(number: str) -> Destination:
    """Where a number in E.164 leads; one that cannot be read is unknown."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Destination(None, "unknown")
    region = phonenumbers.region_code_for_number(parsed)
    country = region if region and region.isalpha() else None
    if parsed.country_code in _SATELLITE:
        return Destination(None, "satellite")
    return Destination(country, _KINDS.get(phonenumbers.number_type(parsed), "unknown"))


def range_of(number: str) -> str:
    """The range a number in E.164 is of: what all numbers have in common that differ in the last digits only."""
    return number[:-_RANGE]

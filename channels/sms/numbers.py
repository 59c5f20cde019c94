"""What kind of sender a number is, and what follows from that: pace, registration, who answers STOP. Pure."""

from __future__ import annotations

import re
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberType

NumberKind = Literal["long code", "toll-free", "short code", "messaging service"]

PER_SECOND: dict[NumberKind, float] = {"long code": 1, "toll-free": 3, "short code": 100, "messaging service": 1}
"""Messages a second that carriers take from each, before anything else was agreed (Twilio's defaults, 2026). Of a
messaging service it depends on the numbers in it, so it begins with the pace of one.
"""
ANSWERS_STOP: frozenset[NumberKind] = frozenset({"long code", "toll-free", "messaging service"})
"""Where Twilio answers STOP and START by itself unless it was asked not to; on a short code nobody does but us."""

E164 = re.compile(r"\+[1-9]\d{6,14}")
_SHORT_CODE = re.compile(r"\d{3,8}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}")
_REGISTERED_ONLY = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
"""Where carriers take texts of ordinary numbers from registered senders only: the United States and their territories
(A2P 10DLC; toll-free verification, which Canada wants, too)."""


def find_kind(address: str) -> NumberKind | None:
    """The kind of sender an address is; None when it is none."""
    if _SERVICE.fullmatch(address):
        return "messaging service"
    if _SHORT_CODE.fullmatch(address):
        return "short code"
    if not E164.fullmatch(address):
        return None
    number = phonenumbers.parse(address)
    if not phonenumbers.is_possible_number(number):
        return None
    is_free = number.country_code == 1 and phonenumbers.number_type(number) == PhoneNumberType.TOLL_FREE
    return "toll-free" if is_free else "long code"


def is_american(address: str) -> bool:
    """Whether a number is one of the United States or their territories; toll-free numbers of +1 count as such."""
    if not E164.fullmatch(address):
        return False
    number = phonenumbers.parse(address)
    if number.country_code != 1:
        return False
    region = phonenumbers.region_code_for_number(number)
    return region in _REGISTERED_ONLY or find_kind(address) == "toll-free"


def wants_registration(kind: NumberKind, sender: str, recipient: str) -> bool:
    """Whether carriers drop what this sender writes to this number as long as the sender is not registered.

    Of a messaging service nothing is known of the numbers in it, so it is held to what American ones need.
    """
    number = phonenumbers.parse(recipient)
    if number.country_code != 1:
        return False
    region = phonenumbers.region_code_for_number(number)
    if kind == "toll-free":
        return region in _REGISTERED_ONLY | {"CA"}
    if kind == "long code":
        return is_american(sender) and region in _REGISTERED_ONLY
    return kind == "messaging service" and region in _REGISTERED_ONLY

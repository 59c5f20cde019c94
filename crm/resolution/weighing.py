"""How probable it is that two compared contacts are one person: evidence adds up (Fellegi and Sunter, 1969). Pure.

`weights.yml` says how often a field agrees among the same and among others, learned without being told who is who.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from crm.resolution.comparison import AGREEMENTS, Agreement, Compared

FILE = Path(__file__).with_name("weights.yml")
PROBABLE = 0.5
"""From here on a pair is shown to somebody."""
ADDRESS = frozenset({"street", "street_2", "number", "city", "postal_code", "state"})
_PSEUDO = 1_000
"""Contacts' worth of what the weights say, to which the counts of this site are added."""
_MOST = 60.0  # bits; beyond, a float knows no difference from certainty


@dataclass(frozen=True, slots=True)
class Reason:
    """One field's part: positive bits speak for one person, negative ones against."""

    field: str
    agreement: Agreement
    bits: float

    def as_json(self) -> dict[str, Any]:
        return {"field": self.field, "agreement": self.agreement, "bits": round(self.bits, 1)}


@dataclass(frozen=True, slots=True)
class Weighed:
    """All reasons, the strongest first, and what they come to."""

    bits: float
    probability: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a field comes out so, by `AGREEMENTS`, for pairs that are one person and for others."""

    same_person: Mapping[Agreement, float]
    others: Mapping[Agreement, float]

    def bits(self, agreement: Agreement) -> float:
        return math.log2(self.same_person[agreement] / self.others[agreement])


@dataclass(frozen=True, slots=True)
class Weights:
    """The shipped file."""

    learned: Mapping[str, Rates]
    set_by_hand: Mapping[str, Mapping[Agreement, float]]
    address_at_most: float
    """Bits. Who lives at one address is one household, not one person, however exactly the address agrees."""
    doubles_per_contact: float
    """How many doubles a contact is expected to have before anything is compared."""


@cache
def read_weights() -> Weights:
    """The shipped weights."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return Weights(
        learned={
            field: Rates(
                dict(zip(AGREEMENTS, rates["same_person"], strict=True)),
                dict(zip(AGREEMENTS, rates["others"], strict=True)),
            )
            for field, rates in content["learned"].items()
        },
        set_by_hand=content["set_by_hand"],
        address_at_most=content["address_at_most"],
        doubles_per_contact=content["doubles_per_contact"],
    )


def weigh(compared: Iterable[tuple[Compared, int | None]], contacts: int) -> Weighed:
    """The probability that two of so many contacts are one person.

    Args:
        compared: beside each field how many contacts have its value (the more common of the two), None if not counted.
    """
    weights = read_weights()
    reasons = [Reason(one.name, one.agreement, _bits(weights, one, holders, contacts)) for one, holders in compared]
    address = sum(reason.bits for reason in reasons if reason.field in ADDRESS)
    rest = sum(reason.bits for reason in reasons if reason.field not in ADDRESS)
    before = math.log2(weights.doubles_per_contact / max(contacts, 2))
    bits = min(address, weights.address_at_most) + rest
    reasons.sort(key=lambda reason: -abs(reason.bits))
    return Weighed(bits, _probability(bits + before), tuple(reasons))


def _bits(weights: Weights, one: Compared, holders: int | None, contacts: int) -> float:
    """An agreement on a value that is rare here weighs more, one on a common value less."""
    rates = weights.learned.get(one.name)
    bits = weights.set_by_hand[one.name][one.agreement] if rates is None else rates.bits(one.agreement)
    if holders is None or bits <= 0:
        return bits
    usual = rates.others["same"] if rates is not None else 2 ** -weights.set_by_hand[one.name]["same"]
    here = (max(holders - 1, 0) + _PSEUDO * usual) / (contacts + _PSEUDO)
    return bits + math.log2(usual / here)


def _probability(bits: float) -> float:
    return 1 / (1 + 2 ** -max(-_MOST, min(_MOST, bits)))

"""How alike two contacts are, field by field. Pure; weighs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from jellyfish import damerau_levenshtein_distance

from crm.resolution.evidence import NAMES, STREETS, Evidence

Agreement = Literal["same", "close", "far", "different"]
AGREEMENTS: tuple[Agreement, ...] = ("same", "close", "far", "different")
CLOSE = 0.75
FAR = 0.5
"""Share of letters that two values have in the same order, at least."""
_PLAIN = ("number", "city", "postal_code", "state", "country", "company")
_CROSSED_BY = 0.3
"""How much better two pairs of values must fit crosswise before they are taken for exchanged."""
_ENDING = 7
"""Digits of a phone number that are its own rather than its country's and area's."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison of one field came to, and the two values."""

    name: str
    agreement: Agreement
    values: tuple[str, str] = field(repr=False)


def compare(one: Evidence, other: Evidence) -> tuple[Compared, ...]:
    """Every field that both have. Names and lines of a street are also found when they stand in each other's place."""
    found = [*_crosswise(one, other, NAMES), *_crosswise(one, other, STREETS)]
    found += [
        _compared(name, one.values[name], other.values[name])
        for name in _PLAIN
        if name in one.values and name in other.values
    ]
    if one.mailboxes and other.mailboxes:
        boxes = ((mine, theirs) for mine in one.mailboxes for theirs in other.mailboxes)
        found.append(_compared("mailbox", *max(boxes, key=lambda two: likeness(*two))))
    if one.phones and other.phones:
        found.append(Compared("phone", _phones(one.phones, other.phones), ("", "")))
    # The same address cannot be two contacts'.
    found += [Compared(f"proven_{kind}", "different", ("", "")) for kind in sorted(one.proven & other.proven)]
    return tuple(found)


def likeness(one: str, other: str) -> float:
    """1 for the same, 0 for nothing alike: letters left out, put in, changed or exchanged with the next count."""
    if one == other:
        return 1.0
    longest = max(len(one), len(other))
    # So many letters are too many for sure: the rest need not be looked at.
    if abs(len(one) - len(other)) > longest * (1 - FAR):
        return 0.0
    return 1 - damerau_levenshtein_distance(one, other) / longest


def _compared(name: str, one: str, other: str) -> Compared:
    alike = likeness(one, other)
    if alike == 1:
        return Compared(name, "same", (one, other))
    agreement: Agreement = "close" if alike >= CLOSE else "far" if alike >= FAR else "different"
    return Compared(name, agreement, (one, other))


def _crosswise(one: Evidence, other: Evidence, pair: tuple[str, str]) -> Iterable[Compared]:
    first, second = pair
    straight = _sum(one, other, ((first, first), (second, second)))
    # Two that fit as they stand need no other look.
    exchanged = straight < 2 * CLOSE and (_sum(one, other, ((first, second), (second, first))) > straight + _CROSSED_BY)
    for name, opposite in ((first, second), (second, first)):
        place = opposite if exchanged else name
        if name in one.values and place in other.values:
            yield _compared(name, one.values[name], other.values[place])


def _sum(one: Evidence, other: Evidence, pairs: Iterable[tuple[str, str]]) -> float:
    return sum(
        likeness(one.values[mine], other.values[theirs])
        for mine, theirs in pairs
        if mine in one.values and theirs in other.values
    )


def _phones(ones: frozenset[str], others: frozenset[str]) -> Agreement:
    """`close`: one digit or two neighbours changed, or only the country or area is another."""
    near = any(
        one[-_ENDING:] == other[-_ENDING:] or damerau_levenshtein_distance(one, other) == 1
        for one in ones
        for other in others
    )
    return "close" if near else "different"

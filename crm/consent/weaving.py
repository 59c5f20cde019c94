"""What the ledger says of several ids that turned out to be one person, as one row of events to be folded. Pure.

Until they were merged each said yes and no by themselves, and a no of either holds for both: the stricter state wins.
From then on it is one person, whose last word counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from crm.consent.rules import ALL, MAIN_BRAND, ConsentState, LedgerEntry, Scope, consent_for, fold

Entry = TypeVar("Entry", bound=LedgerEntry)
_NO = frozenset({"refused", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Link:
    """A principal that was merged into another when the ledger's last event was `after_seq`."""

    principal_ref: UUID
    joined_ref: UUID
    after_seq: int


def weave(contact_id: UUID, entries: Iterable[tuple[UUID, Entry]], links: Sequence[Link]) -> list[Entry]:
    """The entries of a contact and of all that were merged into it, each with its principal, for `fold`.

    Where one had said no and the other's later yes would cover it, the no is said once more where they became one.
    """
    own: dict[UUID, list[Entry]] = defaultdict(list)
    for principal_ref, entry in entries:
        own[principal_ref].append(entry)
    return _stream(contact_id, own, links)


def _stream(principal_ref: UUID, own: dict[UUID, list[Entry]], links: Sequence[Link]) -> list[Entry]:
    stream = sorted(own.get(principal_ref, ()), key=attrgetter("seq"))
    joined = sorted((link for link in links if link.joined_ref == principal_ref), key=attrgetter("after_seq"))
    for link in joined:
        other = _stream(link.principal_ref, own, links)
        mine, later = _split(stream, link.after_seq)
        theirs, also_later = _split(other, link.after_seq)
        together = sorted([*mine, *theirs], key=attrgetter("seq"))
        said_again = _noes(mine, theirs, together, link.after_seq)
        stream = [*together, *said_again, *sorted([*later, *also_later], key=attrgetter("seq"))]
    return stream


def _split(stream: list[Entry], seq: int) -> tuple[list[Entry], list[Entry]]:
    return [entry for entry in stream if entry.seq <= seq], [entry for entry in stream if entry.seq > seq]


def _noes(mine: list[Entry], theirs: list[Entry], together: list[Entry], seq: int) -> list[Entry]:
    """The noes of either that the other's yes, coming later, would cover."""
    by_id = {entry.id: entry for entry in together}
    brands = {MAIN_BRAND} | {entry.brand for entry in together if entry.brand not in (None, ALL)}
    said_again: list[Entry] = []
    for brand in sorted(brand for brand in brands if brand is not None):
        sides = (fold(mine, brand), fold(theirs, brand))
        both = fold(together, brand)
        for scope in sorted({*sides[0], *sides[1]}):
            no = _no(scope, sides)
            if no is not None and no.event_id is not None and consent_for(both, *scope).state not in _NO:
                purpose, channel = scope
                said_again.append(replace(by_id[no.event_id], seq=seq, purpose=purpose, channel=channel, brand=brand))
    return said_again


def _no(scope: Scope, sides: Iterable[dict[Scope, ConsentState]]) -> ConsentState | None:
    """The later no to a scope of the two."""
    states = [consent_for(states, *scope) for states in sides]
    return max((state for state in states if state.state in _NO), key=attrgetter("seq"), default=None)

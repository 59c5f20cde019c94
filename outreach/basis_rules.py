"""What a consent rests on, as a fold of ledger events, and the gate's rule about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from dateutil.relativedelta import relativedelta

from crm.consent.rules import ALL, GRANTING, MAIN_BRAND, LedgerEntry, Scope, covers
from crm.places.rules import UNKNOWN
from outreach.decisions import Basis, Defer, Deny, Snapshot
from outreach.gate_rules import name_of, unconfirmed
from outreach.jurisdictions.pack import Accepted, Kind
from outreach.jurisdictions.rules import demands_of, places_of
from outreach.rule_pack import RulePack

_KINDS: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)} | {"consent": "express"}
"""The kind by the ledger's lawful basis; any other is enough for nobody."""
_WORDS: Mapping[Kind, str] = {
    "express": "an express consent",
    "double_opt_in": "a consent confirmed by a link in a mail",
    "implied_purchase": "a purchase",
    "implied_inquiry": "an inquiry",
    "soft_opt_in": "a purchase of the like",
}


@dataclass(frozen=True, slots=True)
class BasisEntry(LedgerEntry):
    """A ledger event with what its consent rests on."""

    lawful_basis: str = "consent"


def fold_bases(entries: Iterable[BasisEntry], brand: str = MAIN_BRAND) -> dict[Scope, tuple[Basis, ...]]:
    """What each consent of one person rests on: everything that was said for it since it was last taken back."""
    bases: dict[Scope, tuple[Basis, ...]] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq):
        scope = (entry.purpose, entry.channel)
        if entry.event == "requested" or not entry.concerns(brand):
            continue
        if entry.event not in GRANTING:
            bases = {known: some for known, some in bases.items() if not covers(scope, known)}
        elif (kind := _kind_of(entry)) is not None and ALL not in scope:
            bases[scope] = (*bases.get(scope, ()), Basis(kind, entry.effective_at, entry.valid_until))
    return bases


def basis(snapshot: Snapshot, now: datetime, pack: RulePack) -> Defer | Deny | None:
    """Promotion needs a consent of a kind that the law of every place the contact may be in takes for enough.

    While a link that would make it so may still be followed, it waits.
    """
    if not snapshot.promotional or snapshot.channel == "web":
        return None
    held = snapshot.bases.get((snapshot.purpose, snapshot.channel), ())
    places = places_of(pack.law, snapshot.countries, snapshot.states)
    for place, accepted in demands_of(pack.law, places, snapshot.channel, now):
        if not any(_is_enough(one, kind, now) for one in held for kind in accepted):
            if (wait := unconfirmed(snapshot)) is not None:
                return wait
            wanted = " or ".join(dict.fromkeys(_WORDS[kind.kind] for kind in accepted))
            guessed = " (the country is not known, so the strictest law counts)" if UNKNOWN in places else ""
            return Deny("basis", f"For {name_of(snapshot.channel)} the law of {place} wants {wanted}{guessed}.")
    return None


def _kind_of(entry: BasisEntry) -> Kind | None:
    return "double_opt_in" if entry.event == "confirmed" else _KINDS.get(entry.lawful_basis)


def _is_enough(held: Basis, accepted: Accepted, now: datetime) -> bool:
    if held.kind != accepted.kind or (held.valid_until is not None and held.valid_until <= now):
        return False
    return accepted.months is None or now < held.since_at + relativedelta(months=accepted.months)

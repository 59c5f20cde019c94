"""What a person agreed to, as a pure function of the ledger's events in their order (`seq`); times decide nothing
but expiry. Everything that is not plainly given counts as not given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

EventName = Literal["requested", "given", "confirmed", "refused", "withdrawn", "expired", "superseded", "imported"]
Standing = Literal["given", "refused", "withdrawn", "expired", "none"]
Scope = tuple[str, str]
"""Purpose and channel."""

ALL = "all"
"""As purpose or channel of a refusal or withdrawal: every one. A consent must name what it is for."""

MAIN_BRAND = "main"
"""The site's own brand, which an event that names none is about."""

GRANTING: frozenset[str] = frozenset({"given", "confirmed", "imported"})
_DENYING: Mapping[str, Standing] = {"refused": "refused", "withdrawn": "withdrawn"}
_ENDING = frozenset({"expired", "superseded"})


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What of a ledger event decides about consent."""

    seq: int
    id: UUID
    event: str
    purpose: str
    channel: str
    effective_at: datetime
    valid_until: datetime | None = None
    brand: str | None = None

    def concerns(self, brand: str) -> bool:
        """Whether it is about a brand: a consent only about its own, a no that names none about all of them."""
        if self.event in GRANTING:
            return (self.brand or MAIN_BRAND) == brand
        return self.brand in (None, ALL, brand)


@dataclass(frozen=True, slots=True)
class ConsentState:
    """How things stand, by which event, and since when."""

    state: Standing
    since_at: datetime | None
    valid_until: datetime | None
    event_id: UUID | None
    seq: int = 0

    def at(self, now: datetime) -> ConsentState:
        """The state at a moment: a consent whose time has run out is expired."""
        if self.state == "given" and self.valid_until is not None and self.valid_until <= now:
            return replace(self, state="expired", since_at=self.valid_until)
        return self


NOTHING_SAID = ConsentState("none", None, None, None)


def fold(entries: Iterable[LedgerEntry], brand: str = MAIN_BRAND) -> dict[Scope, ConsentState]:
    """The state of each (purpose, channel) that one person's events name for a brand; read it with `consent_for`.

    The last event wins. A refusal or withdrawal of `all` covers everything, also what was never named; a consent
    given later restores only what it names. `requested` changes nothing.
    """
    states: dict[Scope, ConsentState] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if not entry.concerns(brand):
            continue
        scope = (entry.purpose, entry.channel)
        if entry.event in GRANTING:
            if ALL not in scope:
                states[scope] = _state("given", entry)
        elif entry.event in _DENYING:
            denied = _state(_DENYING[entry.event], entry)
            states |= {known: denied for known in states if covers(scope, known)}
            states[scope] = denied
        elif entry.event in _ENDING:
            # Ends what was given, but does not soften a refusal.
            given = [known for known, state in states.items() if state.state == "given" and covers(scope, known)]
            states |= dict.fromkeys(given, _state("expired", entry))
    return states


def consent_for(states: Mapping[Scope, ConsentState], purpose: str, channel: str) -> ConsentState:
    """How one person stands to one purpose on one channel, refusals and withdrawals of `all` included."""
    exact = states.get((purpose, channel))
    if exact is not None:
        # A wider refusal that came later has overwritten this one in `fold`.
        return exact
    wider = [state for scope, state in states.items() if ALL in scope and covers(scope, (purpose, channel))]
    return max(wider, key=lambda state: state.seq, default=NOTHING_SAID)


def covers(wide: Scope, narrow: Scope) -> bool:
    """Whether the first scope takes in the second."""
    return wide[0] in (ALL, narrow[0]) and wide[1] in (ALL, narrow[1])


def _state(standing: Standing, entry: LedgerEntry) -> ConsentState:
    return ConsentState(standing, entry.effective_at, entry.valid_until, entry.id, entry.seq)

"""How far a message got, as a lattice: reports may come late, twice and in any order, and the furthest one counts.

Pure. The states are those of the outbox; what a provider calls them is each channel's affair.
"""

from __future__ import annotations

from typing import Literal

DeliveryState = Literal["accepted", "undelivered", "delivered", "read"]
"""What a provider reports: it took the message; it could not be delivered; it arrived; it was opened."""

_HEIGHT: dict[str, int] = {
    # Not yet left, or put back after a send in doubt: any report proves that it left all the same.
    "planned": 0,
    "deferred": 0,
    "sending": 0,
    "unknown": 1,
    "accepted": 2,
    # A handset that was off may still get what was reported undelivered: arriving counts for more.
    "undelivered": 3,
    "delivered": 4,
    "read": 5,
}
"""`failed`, `skipped` and `cancelled` are not in it: such a message never left, and no report can be about it."""

NOT_KNOWN_TO_HAVE_LEFT = frozenset({"planned", "deferred", "sending", "unknown"})
"""States in which a report is the first that is heard of a message's leaving."""


def further(state: str, reported: DeliveryState) -> str:
    """The state after a report: the higher of the two; a state outside the lattice stays."""
    if state not in _HEIGHT:
        return state
    return reported if _HEIGHT[reported] > _HEIGHT[state] else state


def states_below(reported: DeliveryState) -> tuple[str, ...]:
    """The states that a report changes, for a statement that raises many messages at once."""
    return tuple(state for state, height in _HEIGHT.items() if height < _HEIGHT[reported])

"""The reasons of suppressions that the person asked for themselves: no bounce, no complaint. Names them, lifts none."""

from __future__ import annotations

from crm.consent.stop_scope import CHANNELS

PREFERENCES = "preference_centre"
ERASURE = "erasure_request"
RESTRICTED = "restricted"
LIFTABLE = frozenset({
    PREFERENCES,
    ERASURE,
    "unsubscribe_link",
    *(f"{channel}_{how}" for channel in CHANNELS for how in ("keyword", "words", "chat")),
})  # fmt: skip
"""What ticking a box in the preference centre lifts."""
OWN_STOPS = LIFTABLE | {RESTRICTED}

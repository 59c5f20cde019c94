"""The reasons of suppressions that the person asked for themselves: no bounce, no complaint. Names them, lifts none."""

from __future__ import annotations

from crm.consent.stop_scope import CHANNELS

PREFERENCES = "preference_centre"
ERASURE = "erasure_request"
RESTRICTED = "restricted"
HOW_SAID = ("keyword", "words", "chat")
"""How an opt-out was said: the carriers' words, other words that the platform read, or the dialogue's own reading."""
SAID = frozenset(f"{channel}_{how}" for channel in CHANNELS for how in HOW_SAID)
LIFTABLE = SAID | {PREFERENCES, ERASURE, "unsubscribe_link"}
"""What ticking a box in the preference centre lifts."""
OWN_STOPS = LIFTABLE | {RESTRICTED}

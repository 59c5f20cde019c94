"""The dialogue after an opt-out in the carriers' own words: closed, also when no dialogue process can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATE_VERSION = 2
OPTED_OUT = "opted_out"


def close_state(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """The state with every flow ended, so that what is said next answers no question that was open before."""
    if state is None:
        state = {
            "v": STATE_VERSION,
            "slots": {},
            "declined": [],
            "noticed": False,
            "handed_off": False,
            "recent": [],
            "awaits": None,
            "clarify": None,
            "facts": {},
        }
    waiting = {name: None for name in ("awaits", "clarify") if name in state}
    return {**state, **waiting, "stack": [], "ended": OPTED_OUT}


def is_stopped_state(state: Mapping[str, Any] | None) -> bool:
    """Whether the talk ended by an opt-out."""
    return state is not None and state.get("ended") == OPTED_OUT and not state.get("stack")

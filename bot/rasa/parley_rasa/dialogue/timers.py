"""Tell what the platform's clock must do after a turn, and act when it rings. Reads no clock itself: time is given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from parley_rasa.dialogue import steps
from parley_rasa.dialogue.stack import go_to
from parley_rasa.dialogue.turn import Turn

NO_REPLY = "no_reply"
TIMED_OUT = "timed_out"
_UNTIL = "until"
_SOONEST = 1  # seconds


def timer_of(turn: Turn) -> dict[str, Any] | None:
    """Return when the open step gives up waiting; None when it waits for as long as it takes."""
    step = turn.waiting
    if step is None:
        return None
    if step["step"] == "wait_callback":
        return {"kind": TIMED_OUT, "step": turn.step_id, "seconds": _left(turn, step["seconds"])}
    limit = step.get("no_reply_after")
    return {"kind": NO_REPLY, "step": turn.step_id, "seconds": limit["seconds"]} if limit else None


def debounce_of(turn: Turn) -> int:
    """Return how many seconds the open question waits for the rest of a text sent in pieces."""
    step = turn.waiting
    return int(step.get("debounce") or 0) if step else 0


def on_no_reply(turn: Turn) -> bool:
    """Go where the open step leads when nobody answers; tell whether it was that step's time that is up."""
    step = turn.waiting
    limit = step.get("no_reply_after") if step else None
    if limit is None or turn.message.step != turn.step_id:
        return False
    turn.acted_as = "timer"
    go_to(turn, limit["to"])
    steps.run(turn)
    return True


def _left(turn: Turn, seconds: int) -> int:
    """What the visitor says meanwhile does not prolong the wait, so its end is kept with the step."""
    data = (turn.frame or {})["data"]
    until = data.setdefault(_UNTIL, (turn.now + timedelta(seconds=seconds)).isoformat())
    return max(_SOONEST, round((datetime.fromisoformat(until) - turn.now).total_seconds()))

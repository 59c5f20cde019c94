"""Go on with a turn when the platform has obtained what it needed. Believes no result that nobody awaits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parley_rasa.dialogue import step_do, step_meeting, step_move, steps
from parley_rasa.dialogue.turn import Turn

Step = dict[str, Any]


def resume(turn: Turn) -> None:
    """Take the result of a need and run on; one that nobody awaits changes nothing."""
    awaits, message = turn.state["awaits"], turn.message
    is_awaited = awaits is not None and message.step == awaits["step"] and message.need in (None, awaits["need"])
    if not is_awaited or turn.frame is None:
        turn.acted_as = "ignored"
        return
    turn.state["awaits"] = None
    turn.acted_as = "result"
    if awaits["need"] == "facts":
        turn.learn_facts(message.value)
        steps.run(turn)
        return
    step = turn.flows.step(turn.frame["flow"], turn.frame["step"])
    take = _TAKERS.get((step["step"], awaits["need"]))
    if turn.step_id != awaits["step"] or take is None:
        steps.run(turn)  # the flow changed in the midst of the turn: its present step is run from its beginning
    elif not take(turn, step, message.value):
        steps.run(turn)


_TAKERS: dict[tuple[str, str], Callable[[Turn, Step, Any], bool | None]] = {
    ("http", "http"): step_do.on_http,
    ("book_meeting", "free_times"): step_meeting.on_free_times,
    ("book_meeting", "hold_time"): step_meeting.on_hold_time,
    ("move_channel", "resume_code"): step_move.on_resume_code,
}
"""What takes a result, by step and need; true when the step now waits for the visitor."""

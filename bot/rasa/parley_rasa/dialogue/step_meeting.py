"""What ``book_meeting`` does: offer free times, hold the one chosen, confirm it. Knows no calendar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parley_rasa.dialogue import questions
from parley_rasa.dialogue.choices import LATER, NONE, data_of, time_of, time_value
from parley_rasa.dialogue.stack import go_to, leave_step
from parley_rasa.dialogue.turn import Turn

Step = dict[str, Any]


def run(turn: Turn, step: Step) -> bool:
    """Offer the times at hand, or ask for some."""
    if data_of(turn).get("times"):
        questions.ask(turn)
        return True
    _ask_for_times(turn, step, None)
    return False


def on_free_times(turn: Turn, step: Step, result: Any) -> bool:
    """Offer what is free; nothing free leads to ``none_free``."""
    found = result.get("times") if isinstance(result, Mapping) else None
    times = [one for one in found or () if isinstance(one, Mapping) and one.get("starts_at") and one.get("label")]
    if not times:
        go_to(turn, step["none_free"])
        return False
    data = data_of(turn)
    shown = data.get("shown", 0)
    data["times"] = [
        {"value": time_value(shown + number), "starts_at": str(one["starts_at"]), "label": str(one["label"])}
        for number, one in enumerate(times[: step["offer"]])
    ]
    data.update(shown=shown + len(data["times"]), more=bool(result.get("more")) or len(times) > step["offer"])
    questions.ask(turn, turn.wording("retry") if data.pop("taken", False) else None)
    return True


def take(turn: Turn, step: Step, value: str) -> None:
    """Carry out what was chosen: a time, later ones, or none of them."""
    data, chosen = data_of(turn), time_of(turn, value)
    if value == NONE:
        turn.remember(f"answered {turn.step_id}")
        go_to(turn, step["none_free"])
    elif value == LATER:
        _ask_for_times(turn, step, data["times"][-1]["starts_at"])
    elif chosen is not None:
        data["wanted"] = chosen["starts_at"]
        turn.ask_need("hold_time", calendar=step["calendar"], starts_at=chosen["starts_at"])


def on_hold_time(turn: Turn, step: Step, result: Any) -> None:
    """Confirm the time that is held; one that was taken meanwhile is offered no more, so others are."""
    data = data_of(turn)
    wanted = data.get("wanted")
    if wanted and isinstance(result, Mapping) and result.get("held") is True and result.get("hold"):
        turn.set_slot(step["slot"], wanted)
        if step.get("invitation") and isinstance(result.get("invitation"), str):
            turn.set_slot(step["invitation"], result["invitation"])
        turn.add_effect("confirm_meeting", hold=result["hold"], starts_at=wanted, calendar=step["calendar"])
        turn.remember(f"answered {turn.step_id}")
        leave_step(turn)
        return
    data["taken"] = True
    _ask_for_times(turn, step, None)


def _ask_for_times(turn: Turn, step: Step, after: str | None) -> None:
    turn.ask_need("free_times", calendar=step["calendar"], after=after, count=step["offer"])

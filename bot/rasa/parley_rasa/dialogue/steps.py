"""Run the steps of a flow until one asks something or the flow ends. Never reads the visitor's message."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from parley_rasa.dialogue import questions
from parley_rasa.dialogue.conditions import holds, next_step
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.turn import Turn

logger = logging.getLogger(__name__)

MOST_STEPS = 100  # in one turn; a flow that runs longer goes round in circles
DEFAULT_TEAM = "default"

Step = dict[str, Any]


def start_flow(turn: Turn, name: str, intent: str | None = None) -> None:
    """Put a flow on the stack and run it up to its first question; the intent that starts it may answer one."""
    flow = turn.flows.flow(name)
    for step in flow["steps"].values():
        meant = step.get("intents", {}).get(intent) if intent else None
        if meant is not None:
            turn.set_slot(step["slot"], meant)
    turn.state["stack"].append({"flow": name, "version": flow["version"], "step": flow["first"], "misses": 0})
    turn.state["ended"] = None
    run(turn)


def go_on(turn: Turn) -> None:
    """Leave the current step, which has done its work or has its answer, and run what follows."""
    leave_step(turn)
    run(turn)


def run(turn: Turn) -> None:
    """Run steps from the current one until a question is asked, the flow ends or a person takes over."""
    for _ in range(MOST_STEPS):
        frame = turn.frame
        if frame is None or turn.state["handed_off"]:
            return
        step = turn.flows.step(frame["flow"], frame["step"])
        if step["step"] in QUESTION_INPUT:
            if not questions.is_answered(turn, step):
                questions.ask(turn)
                return
            leave_step(turn)
        else:
            _RUN[step["step"]](turn, step)
    logger.error("flow_runs_in_circles step=%s", turn.step_id)
    hand_off_on_request(turn, "flow")


def leave_step(turn: Turn) -> None:
    """Move to the next step; without one the flow is completed."""
    frame = turn.frame
    if frame is None:
        return
    target = next_step(turn.flows.step(frame["flow"], frame["step"])["next"], turn.slots)
    if target is None:
        end_flow(turn, "completed")
    else:
        frame.update(step=target, misses=0)


def end_flow(turn: Turn, outcome: str) -> None:
    """End the innermost flow; one that it interrupted goes on with its question."""
    frame = turn.state["stack"].pop()
    turn.state["ended"] = outcome
    turn.add_effect("end_flow", flow=frame["flow"], outcome=outcome)
    if turn.frame is not None:
        turn.state["ended"] = None
        turn.say(turn.pattern("resume"))


def end_everything(turn: Turn, outcome: str) -> None:
    """End every running flow, the innermost first, and resume none."""
    for frame in reversed(turn.state["stack"]):
        turn.add_effect("end_flow", flow=frame["flow"], outcome=outcome)
    turn.state["stack"] = []
    turn.state["ended"] = outcome


def hand_off(turn: Turn, team: str, reason: str) -> None:
    """Let a person take over; from now on the bot is silent."""
    turn.add_effect("hand_off", team=team, reason=reason)
    end_everything(turn, "handed_off")
    # Should the bot speak here again, it says anew what it is.
    turn.state.update(handed_off=True, noticed=False)


def hand_off_on_request(turn: Turn, reason: str) -> None:
    """Hand off outside the flow's own steps: to the team that the running (or entry) flow would hand off to."""
    flow = turn.flows.flow(turn.frame["flow"] if turn.frame else turn.flows.entry_flow)
    teams = [step["team"] for step in flow["steps"].values() if step["step"] == "hand_off"]
    turn.say(turn.pattern("handed_off"))
    hand_off(turn, teams[0] if teams else DEFAULT_TEAM, reason)


def _message(turn: Turn, step: Step) -> None:
    turn.say(turn.wording(), step=turn.step_id)
    leave_step(turn)


def _ai_notice(turn: Turn, step: Step) -> None:
    """Say what the bot is, once in a conversation: whoever starts a second flow in it has read it."""
    if not turn.state["noticed"]:
        turn.say(turn.wording(), step=turn.step_id, notice="ai")
        turn.state["noticed"] = True
    leave_step(turn)


def _branch(turn: Turn, step: Step) -> None:
    leave_step(turn)


def _set(turn: Turn, step: Step) -> None:
    turn.set_slot(step["slot"], step["value"])
    leave_step(turn)


def _qualify(turn: Turn, step: Step) -> None:
    total = 0
    for index, rule in enumerate(step["points"]):
        if "if" not in rule or holds(rule["if"], turn.slots):
            total += rule["points"]
            turn.add_effect("add_points", points=rule["points"], reason=rule["reason"], rule=f"{turn.step_id}/{index}")
    reached = [(least, name) for name, least in step["outcomes"].items() if total >= least]
    outcome = max(reached)[1] if reached else "cold"
    turn.slots[step["slot"]] = outcome
    contact_field = turn.flows.slot(step["slot"]).get("field") or "qualification"
    turn.add_effect("set_outcome", field=contact_field, value=outcome, points=total)
    leave_step(turn)


def _start_journey(turn: Turn, step: Step) -> None:
    turn.add_effect("enrol_in_journey", journey=step["journey"])
    leave_step(turn)


def _hand_off(turn: Turn, step: Step) -> None:
    turn.say(turn.wording() or turn.pattern("handed_off"), step=turn.step_id)
    hand_off(turn, step["team"], "flow")


def _end(turn: Turn, step: Step) -> None:
    turn.say(turn.wording(), step=turn.step_id)
    end_flow(turn, step["outcome"])


_RUN: dict[str, Callable[[Turn, Step], None]] = {
    "message": _message,
    "ai_notice": _ai_notice,
    "branch": _branch,
    "set": _set,
    "qualify": _qualify,
    "start_journey": _start_journey,
    "hand_off": _hand_off,
    "end": _end,
}

"""The stack of running flows: start, call, return, jump, end. Only moves frames; ``steps`` runs what they stand on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from parley_rasa.dialogue.conditions import holds, needs_facts, next_step
from parley_rasa.dialogue.turn import Turn

logger = logging.getLogger(__name__)

COMPLETED = "completed"
GUARDED = "guarded"
"""The outcome of a call whose flow may not be started now."""
_LEAVING = "leaving"
MOST_FRAMES = 16  # flows that call each other deeper than this go round in circles

Step = dict[str, Any]


class TooDeep(RuntimeError):  # noqa: N818 - it says what is the matter
    """Flows call each other without end."""


def guard_holds(turn: Turn, flow: str) -> bool | None:
    """Tell whether a flow may be started; None when that depends on facts which must be fetched first."""
    guard = turn.flows.flow(flow).get("guard")
    if guard is None:
        return True
    return None if needs_facts(guard, turn) else holds(guard, turn.slots, turn.facts)


def push(turn: Turn, name: str, intent: str | None = None, called: bool = False, at: str | None = None) -> None:
    """Put a flow on the stack; the intent that starts it may answer one of its questions.

    What it remembers only for itself is forgotten, save what the visitor has said just now.
    """
    flow = turn.flows.flow(name)
    own = flow.get("slots", {})
    passing = {slot for slot in own if own[slot].get("lasts") == "flow"} - turn.told
    for slot in passing:
        turn.slots.pop(slot, None)
    turn.state["declined"] = [slot for slot in turn.state["declined"] if slot not in passing]
    for step in flow["steps"].values():
        meant = step.get("intents", {}).get(intent) if intent else None
        if meant is not None:
            turn.set_slot(step["slot"], meant)
    turn.state["stack"].append(
        {"flow": name, "version": flow["version"], "step": at or flow["first"], "misses": 0, "called": called,
         "data": {}}
    )  # fmt: skip
    turn.state["ended"] = None
    turn.walked.append((name, None, at or flow["first"]))


def go_to(turn: Turn, step: str) -> None:
    """Stand on another step of the innermost flow; what the one before kept while it waited is dropped."""
    if turn.frame is not None:
        turn.walked.append((turn.frame["flow"], turn.frame["step"], step))
        turn.frame.update(step=step, misses=0, data={})


def is_leaving(turn: Turn) -> bool:
    """Tell whether the step has done its work and only waits for facts to decide where it leads."""
    return turn.frame is not None and bool(turn.frame["data"].get(_LEAVING))


def leave_step(turn: Turn) -> None:
    """Move to the next step; without one the flow is completed. Where that depends on facts, they are asked for."""
    frame = turn.frame
    if frame is None:
        return
    ways = turn.flows.step(frame["flow"], frame["step"])["next"]
    if needs_facts(ways, turn):
        frame["data"] = {_LEAVING: True}
        turn.ask_need("facts")
        return
    target = next_step(ways, turn.slots, turn.facts)
    if target is None:
        end_flow(turn, COMPLETED)
    else:
        go_to(turn, target)


def end_flow(turn: Turn, outcome: str) -> None:
    """End the innermost flow. One that called it goes on after the call; one that it interrupted, with its question."""
    frame = turn.state["stack"].pop()
    turn.state["ended"] = outcome
    _note_end(turn, frame, outcome)
    if turn.frame is None:
        return
    turn.state["ended"] = None
    if frame["called"]:
        _go_on_after_call(turn, outcome)
    else:
        turn.say(turn.pattern("resume"))


def end_everything(turn: Turn, outcome: str) -> None:
    """End every running flow, the innermost first, and resume none."""
    for frame in reversed(turn.state["stack"]):
        _note_end(turn, frame, outcome)
    turn.state.update(stack=[], ended=outcome, awaits=None, clarify=None)


def break_off(turn: Turn, outcome: str) -> None:
    """End the innermost flow and those that wait for its outcome; leave the one below as it was."""
    called = True
    while called and turn.state["stack"]:
        frame = turn.state["stack"].pop()
        called = frame["called"]
        _note_end(turn, frame, outcome)
        turn.state["ended"] = None if turn.state["stack"] else outcome


def _note_end(turn: Turn, frame: dict[str, Any], outcome: str) -> None:
    turn.add_effect("end_flow", flow=frame["flow"], outcome=outcome)
    turn.walked.append((frame["flow"], frame["step"], None))


def _go_on_after_call(turn: Turn, outcome: str) -> None:
    frame = turn.frame
    call = turn.flows.step(frame["flow"], frame["step"]) if frame else {}
    if call.get("outcome"):
        turn.set_slot(call["outcome"], outcome)
    leave_step(turn)


def _call_flow(turn: Turn, step: Step) -> None:
    allowed = guard_holds(turn, step["flow"])
    if allowed is None:
        turn.ask_need("facts")
    elif not allowed:
        _go_on_after_call(turn, GUARDED)
    elif len(turn.state["stack"]) >= MOST_FRAMES:
        raise TooDeep(turn.step_id)
    else:
        push(turn, step["flow"], called=True)


def _return(turn: Turn, step: Step) -> None:
    end_flow(turn, step["outcome"])


def _jump(turn: Turn, step: Step) -> None:
    """Replace the flow; whoever called it gets the outcome of the one that it went over to."""
    left = turn.state["stack"].pop()
    turn.walked.append((left["flow"], left["step"], None))
    # A flow that this one interrupted is not resumed once more when it is gone over to.
    frames = [*turn.state["stack"], left]
    turn.state["stack"] = [
        frame
        for frame, above in zip(frames, frames[1:])  # noqa: B905 - pairs of neighbours
        if frame["flow"] != step["flow"] or frame["called"] or above["called"]
    ]
    push(turn, step["flow"], called=left["called"], at=step.get("at"))


def _end(turn: Turn, step: Step) -> None:
    turn.say(turn.wording(), step=turn.step_id)
    end_flow(turn, step["outcome"])


RUN: dict[str, Callable[[Turn, Step], None]] = {
    "call_flow": _call_flow,
    "return": _return,
    "jump": _jump,
    "end": _end,
}
"""What the steps do that move between flows; ``steps.run`` calls them."""

"""Move a conversation along when its flows have changed: to the nearest step whose question is still open.

Pure: says nothing and does nothing; the interpreter shows the step when the visitor speaks next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parley_rasa.dialogue.conditions import is_known, next_step
from parley_rasa.dialogue.flows import QUESTION_INPUT, WAITING, Flows
from parley_rasa.dialogue.state import fresh_state, read_state
from parley_rasa.dialogue.wording import names_in

FLOW_REMOVED = "flow_removed"
_SCALARS = (str, int, float, bool)
# What these showed may read otherwise in the new version, or stands in data that the new version may not understand.
_SHOWN_ANEW = frozenset(("ask_consent", "preferences", "book_meeting"))


def restore(flows: Flows, raw: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return a private copy of the state, facts filled in, and whether its open step must be shown (again).

    Raises:
        StateError: the state is malformed or of a version that this program cannot read.
    """
    state = fresh_state() if raw is None else read_state(raw)
    for name in flows.slot_names() if facts else ():
        if isinstance(facts.get(name), _SCALARS) and not is_known(state["slots"].get(name)):
            state["slots"][name] = facts[name]
    return state, _follow(flows, state)


def landing(flows: Flows, raw: Mapping[str, Any] | None) -> dict[str, Any]:
    """Tell where a conversation that stands in this state would land on these flows.

    Returns:
        ``before`` and ``after`` as ``flow/step`` or None, and whether its open step would be shown anew.

    Raises:
        StateError: as ``restore``.
    """
    before = None if raw is None else _place(read_state(raw))
    state, moved = restore(flows, raw, {})
    after = _place(state)
    return {"before": before, "after": after, "moved": moved or before != after}


def nearest_open_step(
    flow: Mapping[str, Any], slots: Mapping[str, Any], declined: Sequence[str] = (), start: str | None = None
) -> str:
    """Return the first unanswered question on the way from a step, given what is known and what was left out.

    When all are answered: the step after the last answered question, so that what the flow does at its end is done.
    """
    step_id: str | None = start or str(flow["first"])
    after_last_answer = str(step_id)
    seen: set[str] = set()
    while step_id is not None and step_id not in seen:
        seen.add(step_id)
        step = flow["steps"][step_id]
        asks = step["step"] in QUESTION_INPUT
        if asks and not is_known(slots.get(step["slot"])) and step["slot"] not in declined:
            return step_id
        step_id = next_step(step["next"], slots)
        if asks and step_id is not None:
            after_last_answer = step_id
    return after_last_answer


def step_to_redo(flow: Mapping[str, Any], slots: Mapping[str, Any], slot: str, start: str, end: str) -> str | None:
    """Return what must be done again on the way from one step to another because a slot has changed; None if nothing.

    That is what was looked up with the slot, and a flow that is called only now that the slot has this value.
    """
    seen: set[str] = set()
    step_id = next_step(flow["steps"][start]["next"], slots)
    while step_id is not None and step_id != end and step_id not in seen:
        seen.add(step_id)
        step = flow["steps"][step_id]
        if _looks_up_with(step, slot) or _is_call_without_outcome(step, slots):
            return step_id
        step_id = next_step(step["next"], slots)
    return None


def _looks_up_with(step: Mapping[str, Any], slot: str) -> bool:
    """Only what may be asked twice without harm: a GET."""
    if step["step"] != "http" or step["method"] != "GET":
        return False
    texts = (step["path"], *step.get("query", {}).values())
    return any(slot in names_in(text) for text in texts)


def _is_call_without_outcome(step: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    return step["step"] == "call_flow" and bool(step.get("outcome")) and not is_known(slots.get(step["outcome"]))


def _place(state: Mapping[str, Any]) -> str | None:
    frame = state["stack"][-1] if state["stack"] else None
    return f"{frame['flow']}/{frame['step']}" if frame else None


def _follow(flows: Flows, state: dict[str, Any]) -> bool:
    """Bring all frames to the present flows; tell whether the innermost must be shown (again)."""
    before = state["stack"]
    state["stack"] = [frame for frame in before if frame["flow"] in flows]
    moved = [_follow_version(flows, frame, state) for frame in state["stack"]]
    if not state["stack"]:
        if before:
            state["ended"] = FLOW_REMOVED
        return False
    below: Mapping[str, Any] | None = None
    for frame in state["stack"]:
        frame["called"] = frame["called"] and below is not None and _calls(flows, below)
        below = frame
    innermost = state["stack"][-1]
    is_shown = flows.step(innermost["flow"], innermost["step"])["step"] in WAITING
    return moved[-1] or not is_shown


def _calls(flows: Flows, frame: Mapping[str, Any]) -> bool:
    """Not which flow it calls: the one called may have jumped to another."""
    return bool(flows.step(frame["flow"], frame["step"])["step"] == "call_flow")


def _follow_version(flows: Flows, frame: dict[str, Any], state: Mapping[str, Any]) -> bool:
    flow = flows.flow(frame["flow"])
    is_there = flows.has_step(frame["flow"], frame["step"])
    if is_there and frame["version"] == flow["version"]:
        return False
    frame["version"] = flow["version"]
    if not is_there:
        frame.update(step=nearest_open_step(flow, state["slots"], state["declined"]), misses=0, data={})
        return True
    kind = flow["steps"][frame["step"]]["step"]
    if kind in _SHOWN_ANEW:
        frame["data"] = {}
        return True
    return kind not in WAITING

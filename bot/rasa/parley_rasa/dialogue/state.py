"""The dialogue state that travels with every turn: restore it, and move it along when a flow has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parley_rasa.dialogue.conditions import is_known, next_step
from parley_rasa.dialogue.flows import QUESTION_INPUT, Flows

VERSION = 1
_SCALARS = (str, int, float, bool)


class StateError(ValueError):
    """The state sent with a turn is not one that this program wrote."""


def restore(flows: Flows, raw: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return a private copy of the state, facts filled in, and whether its open question was moved.

    Raises:
        StateError: the state is malformed or of another version.
    """
    state = _fresh() if raw is None else _copy(raw)
    for name in flows.slot_names():
        if not is_known(state["slots"].get(name)) and isinstance(facts.get(name), _SCALARS):
            state["slots"][name] = facts[name]
    had_frames = bool(state["stack"])
    state["stack"] = [frame for frame in state["stack"] if frame["flow"] in flows]
    if had_frames and not state["stack"]:
        state["ended"] = "flow_removed"
    moved = [_follow_version(flows, frame, state) for frame in state["stack"]]
    return state, bool(moved and moved[-1])


def check_state(raw: Mapping[str, Any] | None) -> None:
    """Raise StateError when a state is malformed or of another version."""
    if raw is not None:
        _copy(raw)


def is_fresh(state: Mapping[str, Any]) -> bool:
    """Tell whether no flow has run yet."""
    return not state["stack"] and state["ended"] is None and not state["handed_off"]


def _fresh() -> dict[str, Any]:
    return {
        "v": VERSION, "slots": {}, "declined": [], "stack": [], "ended": None, "handed_off": False, "noticed": False,
        "recent": [],
    }  # fmt: skip


def _copy(raw: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if raw["v"] != VERSION:
            raise StateError(f"state has version {raw['v']!r}, this program reads {VERSION}")
        ended = raw.get("ended")
        return {
            "v": VERSION,
            "slots": {str(name): value for name, value in raw["slots"].items()},
            "declined": [str(name) for name in raw.get("declined", [])],
            "stack": [_copy_frame(frame) for frame in raw["stack"]],
            "ended": None if ended is None else str(ended),
            "handed_off": bool(raw.get("handed_off", False)),
            "noticed": bool(raw.get("noticed", False)),
            "recent": [str(event) for event in raw.get("recent", [])],
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise StateError(f"malformed state: {error!r}") from error


def _copy_frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    misses = frame["misses"]
    if not isinstance(misses, int):
        raise StateError("malformed state: misses is not a number")
    names = {key: frame[key] for key in ("flow", "version", "step")}
    if not all(isinstance(name, str) for name in names.values()):
        raise StateError("malformed state: a frame names flow, version and step by strings")
    return {**names, "misses": misses}


def _follow_version(flows: Flows, frame: dict[str, Any], state: Mapping[str, Any]) -> bool:
    """Bring a frame to the present version of its flow; tell whether its question must be shown (again)."""
    flow = flows.flow(frame["flow"])
    is_there = flows.has_step(frame["flow"], frame["step"])
    if is_there and frame["version"] == flow["version"]:
        return False
    frame["version"] = flow["version"]
    if not is_there:
        frame.update(step=nearest_open_step(flow, state["slots"], state["declined"]), misses=0)
        return True
    # A consent text may have been rewritten with the version: a yes to the old one says nothing about the new one.
    kind = flow["steps"][frame["step"]]["step"]
    return kind not in QUESTION_INPUT or kind == "ask_consent"


def nearest_open_step(
    flow: Mapping[str, Any], slots: Mapping[str, Any], declined: Sequence[str] = (), start: str | None = None
) -> str:
    """Return the first unanswered question on the way from a step, given what is known and what was left out.

    When all are answered: the step after the last answered question, so that what the flow does at its end is done.
    """
    step_id: str | None = start or str(flow["first"])
    after_last_answer = str(step_id)
    seen: list[str] = []
    while step_id is not None and step_id not in seen:
        seen.append(step_id)
        step = flow["steps"][step_id]
        if step["step"] in QUESTION_INPUT and not is_known(slots.get(step["slot"])) and step["slot"] not in declined:
            return step_id
        answered = step["step"] in QUESTION_INPUT
        step_id = next_step(step["next"], slots)
        if answered and step_id is not None:
            after_last_answer = step_id
    return after_last_answer

"""Walks a compiled flow with given answers, to see where they lead. Answers are slot values, not sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.conditions import condition_holds

MOST_STEPS = 200


@dataclass
class Walk:
    """What happened on the way."""

    slots: dict[str, Any] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    journeys: list[str] = field(default_factory=list)
    outcome: str | None = None


def walk(flow: Mapping[str, Any], answers: Mapping[str, Any], facts: Mapping[str, Any] | None = None) -> Walk:
    """Walk a flow; an answer of None leaves the question out, which must be allowed."""
    walked = Walk(slots=dict(facts or {}))
    name = flow["first"]
    while name and len(walked.visited) < MOST_STEPS:
        step = flow["steps"][name]
        walked.visited.append(name)
        _take(step, walked, answers)
        options = (option["to"] for option in step["next"] if _open(option, walked.slots))
        name = next(options, None)
        if name is None:
            walked.outcome = step.get("outcome", "completed")
    return walked


def _open(option: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    return "if" not in option or condition_holds(option["if"], slots)


def _take(step: Mapping[str, Any], walked: Walk, answers: Mapping[str, Any]) -> None:
    slot = step.get("slot")
    if step["step"].startswith("ask_"):
        if not (step["skip_if_known"] and walked.slots.get(slot) is not None):
            walked.asked.append(slot)
            if answers[slot] is not None:
                walked.slots[slot] = answers[slot]
            else:
                assert step["optional"], f"{slot} cannot be left out"
    elif step["step"] == "set":
        walked.slots[slot] = step["value"]
    elif step["step"] == "qualify":
        points = sum(rule["points"] for rule in step["points"] if condition_holds(rule["if"], walked.slots))
        outcomes = step["outcomes"]
        walked.slots[slot] = next((name for name in ("hot", "warm") if points >= outcomes[name]), "cold")
    elif step["step"] == "start_journey":
        walked.journeys.append(step["journey"])

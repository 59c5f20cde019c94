"""What the steps do that decide where to go or what a lead is worth. They say nothing."""

from __future__ import annotations

import hashlib
from typing import Any

from parley_rasa.dialogue.conditions import holds, needs_facts
from parley_rasa.dialogue.stack import go_to, leave_step
from parley_rasa.dialogue.turn import Turn

Step = dict[str, Any]


def branch(turn: Turn, step: Step) -> None:
    leave_step(turn)


def split(turn: Turn, step: Step) -> None:
    """Send the subject the way of its variant; who has gone one way in this conversation goes it again."""
    assigned = f"variant {turn.step_id}"  # no slot of a flow can be named so
    variants = {variant["name"]: variant for variant in step["variants"]}
    name = turn.slots.get(assigned)
    if name not in variants:
        name = variant_for(turn.subject, turn.step_id, step["variants"])
        turn.slots[assigned] = name
        turn.add_effect("assign_variant", step=turn.step_id, variant=name, goal=step["goal"])
    go_to(turn, variants[name]["to"])


def variant_for(subject: str, step_id: str, variants: list[dict[str, Any]]) -> str:
    """Choose a variant by weight; the same subject and step always give the same one."""
    digest = hashlib.sha256(f"{subject}\n{step_id}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") * sum(variant["weight"] for variant in variants) >> 64
    for variant in variants:
        place -= variant["weight"]
        if place < 0:
            return str(variant["name"])
    raise ValueError(f"no variant of {step_id} has a weight")


def set_slot(turn: Turn, step: Step) -> None:
    """Give a slot its value; without one it is forgotten, so that its question is asked anew."""
    value = step.get("value")
    turn.set_slot(step["slot"], value)
    if value is None:
        turn.state["declined"] = [slot for slot in turn.state["declined"] if slot != step["slot"]]
    leave_step(turn)


def qualify(turn: Turn, step: Step) -> None:
    """Add up the points whose condition holds, each with its reason, and rate the lead by the sum."""
    if any(needs_facts(rule.get("if"), turn) for rule in step["points"]):
        turn.ask_need("facts")
        return
    total = 0
    for index, rule in enumerate(step["points"]):
        if "if" not in rule or holds(rule["if"], turn.slots, turn.facts):
            total += rule["points"]
            turn.add_effect("add_points", points=rule["points"], reason=rule["reason"], rule=f"{turn.step_id}/{index}")
    reached = [(least, name) for name, least in step["outcomes"].items() if total >= least]
    outcome = max(reached)[1] if reached else "cold"
    turn.slots[step["slot"]] = outcome
    contact_field = turn.flows.slot(step["slot"]).get("field") or "qualification"
    turn.add_effect("set_outcome", field=contact_field, value=outcome, points=total)
    leave_step(turn)

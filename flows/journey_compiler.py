"""A journey to what outreach runs, as docs/reference/protocols.md describes it. Adds no wording and no version."""

from __future__ import annotations

from typing import Any

from flows.graph import options_of
from flows.journey_models import BecameThis, DidThis, Journey, ReEntryAfter
from flows.journey_steps import Call, ConsentGate, Converse, ManualOrAPI, ReachOut, ScoreBranch, Send, Update
from flows.parts import Part
from flows.steps import Option, StepBase, compile_step

_AS_WRITTEN = (
    "journey",
    "name",
    "purpose",
    "priority",
    "exclusive_group",
    "frequency_class",
    "quiet_hours",
    "owner",
    "version_policy",
    "holdout_percent",
    "goal",
)


def compile_journey(journey: Journey) -> dict[str, Any]:
    """Give the settings and the steps of a journey."""
    written = journey.model_dump(mode="json", by_alias=True, exclude_none=True, include=set(_AS_WRITTEN))
    return {
        **written,
        **_re_entry(journey),
        **_exits(journey),
        "first": by_hand(journey),
        "entries": [step.id for step in journey.steps if step.enters],
        "steps": _steps(journey),
    }


def by_hand(journey: Journey) -> str | None:
    """Give the step at which somebody begins who is put in; None when nobody can be."""
    entries = [step for step in journey.steps if step.enters]
    if not entries:
        return journey.steps[0].id
    return next((step.id for step in entries if isinstance(step, ManualOrAPI)), None)


def _re_entry(journey: Journey) -> dict[str, Any]:
    if isinstance(journey.re_entry, ReEntryAfter):
        return {"re_entry": "after", "re_entry_seconds": int(journey.re_entry.after.total_seconds())}
    return {"re_entry": journey.re_entry}


def _exits(journey: Journey) -> dict[str, Any]:
    return {
        "exit_when": [rule for rule in journey.exit_when if isinstance(rule, str)],
        "exit_on": [_plain(rule) for rule in journey.exit_when if isinstance(rule, DidThis)],
        "exit_if": [_plain(rule) for rule in journey.exit_when if isinstance(rule, BecameThis)],
    }


def _steps(journey: Journey) -> dict[str, Any]:
    ways = options_of(journey.steps)
    return {step.id: _step(journey, step, ways[step.id]) for step in journey.steps}


def _step(journey: Journey, step: StepBase, options: tuple[Option, ...]) -> dict[str, Any]:
    if isinstance(step, ScoreBranch):
        options = (*step.options(), *options)
    compiled = dict(compile_step(step, options))
    if isinstance(step, Send | ReachOut | Converse | Call | ConsentGate):
        compiled["purpose"] = journey.purpose_of(step)
    if isinstance(step, Call):
        compiled["channels"] = ["voice"]
    if isinstance(step, ScoreBranch):
        del compiled["bands"]  # they are the conditions of `next` now
    if isinstance(step, Update):
        compiled["set"] = step.set  # null means something here: it forgets
    if step.ends:
        del compiled["next"]
    return compiled


def _plain(part: Part) -> dict[str, Any]:
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)

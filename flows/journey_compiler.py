"""A journey to what outreach runs, as docs/reference/protocols.md describes it. Adds no wording and no version."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
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

NO_SEGMENTS: Mapping[str, str] = MappingProxyType({})


def compile_journey(journey: Journey, segments: Mapping[str, str] = NO_SEGMENTS) -> dict[str, Any]:
    """Give the settings and the steps of a journey.

    Args:
        journey: as its author wrote it.
        segments: the id of each segment by its name. One that is renamed stays the same, so that journeys keep ids.
    """
    written = journey.model_dump(mode="json", by_alias=True, exclude_none=True, include=set(_AS_WRITTEN))
    return {
        **written,
        **_re_entry(journey),
        **_exits(journey, segments),
        "first": by_hand(journey),
        "entries": [step.id for step in journey.steps if step.enters],
        "steps": _steps(journey, segments),
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


def _exits(journey: Journey, segments: Mapping[str, str]) -> dict[str, Any]:
    became = [_plain(rule) for rule in journey.exit_when if isinstance(rule, BecameThis)]
    return {
        "exit_when": [rule for rule in journey.exit_when if isinstance(rule, str)],
        "exit_on": [_plain(rule) for rule in journey.exit_when if isinstance(rule, DidThis)],
        "exit_if": [rule | {"if": _by_id(rule["if"], segments)} for rule in became],
    }


def _steps(journey: Journey, segments: Mapping[str, str]) -> dict[str, Any]:
    ways = options_of(journey.steps)
    return {step.id: _named(_step(journey, step, ways[step.id]), segments) for step in journey.steps}


def _named(step: dict[str, Any], segments: Mapping[str, str]) -> dict[str, Any]:
    """Give the step with the ids of the segments it names."""
    if "segment" in step:
        step["segment"] = segments.get(step["segment"], step["segment"])
    if "only_if" in step:
        step["only_if"] = _by_id(step["only_if"], segments)
    if "next" in step:
        step["next"] = [way | ({"if": _by_id(way["if"], segments)} if "if" in way else {}) for way in step["next"]]
    return step


def _by_id(condition: Mapping[str, Any], segments: Mapping[str, str]) -> dict[str, Any]:
    for kind in ("all", "any"):
        if kind in condition:
            return {kind: [_by_id(part, segments) for part in condition[kind]]}
    if "not" in condition:
        return {"not": _by_id(condition["not"], segments)}
    named = condition.get("segment")
    return dict(condition) if named is None else {"segment": segments.get(named, named)}


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

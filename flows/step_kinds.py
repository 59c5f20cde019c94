"""Every kind of step as an editor needs it: its JSON Schema, what it says, where it leads. Says what the models say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter

from flows import reference_text
from flows.editor_schemas import schema_of
from flows.field_meanings import summary_of
from flows.journey_models import Journey
from flows.journey_reference_text import EXAMPLES as JOURNEY_EXAMPLES
from flows.journey_steps import JourneyStep
from flows.models import Flow
from flows.reference_text import read_examples, step_models
from flows.steps import Step, StepBase
from flows.steps.base import Says
from flows.wording_models import Letter, StepWording
from flows.wording_needs import needs_of

_LEADS: Mapping[str, str] = {
    "next": "next",
    "no_reply_after": "no_reply_after.to",
    "variants": "variants.*.to",
    "holdout": "holdout.to",
    "bands": "bands.*.to",
    "routes": "routes.*",
    "ways": "ways.*",
} | {name: name for name in (
    "failed", "timed_out", "not_found", "none_free", "fallback", "missing", "past", "unreached", "not_allowed",
)}  # fmt: skip
"""Where in a step the step it leads to is named, by the field."""

_TITLES = {"ai_notice": "AI notice", "http": "HTTP request", "answer_kb": "Answer from articles", "set": "Set a slot"}
_LETTERS = frozenset({"send", "reach_out", "call"})


@dataclass(frozen=True)
class StepKind:
    """A kind of step.

    Attributes:
        group: what it is among: say, ask, decide …
        schema: of the step; `$defs` stand apart.
        wording: the parts of wording that it can have.
        leads: the fields, as paths, that name a step to go to; `*` is any entry.
        example: as YAML.
    """

    kind: str
    title: str
    description: str
    group: str
    schema: dict[str, Any]
    says: Says
    wording: tuple[str, ...]
    leads: tuple[str, ...]
    falls_through: bool
    ends: bool
    enters: bool
    example: str


@dataclass(frozen=True)
class Schemas:
    """All there is to make panels from; every schema refers to `definitions` by `#/$defs/…`."""

    flow: tuple[StepKind, ...]
    journey: tuple[StepKind, ...]
    flow_settings: dict[str, Any]
    journey_settings: dict[str, Any]
    flow_wording: dict[str, Any]
    journey_wording: dict[str, Any]
    definitions: dict[str, Any]


@cache
def read_schemas() -> Schemas:
    """Give all of them."""
    definitions: dict[str, Any] = {}
    return Schemas(
        tuple(_kinds(Step, reference_text.EXAMPLES, definitions)),
        tuple(_kinds(JourneyStep, JOURNEY_EXAMPLES, definitions)),
        _settings(Flow, definitions),
        _settings(Journey, definitions),
        _apart(StepWording, definitions),
        _apart(Letter, definitions),
        definitions,
    )


def _kinds(steps: Any, examples: Path, definitions: dict[str, Any]) -> list[StepKind]:
    written = read_examples(examples)
    kinds = step_models(steps).items()
    return [_kind(steps, name, model, written[name].steps, definitions) for name, model in kinds]


def _kind(steps: Any, name: str, model: type[StepBase], example: str, definitions: dict[str, Any]) -> StepKind:
    return StepKind(
        kind=name,
        title=_TITLES.get(name, name.replace("_", " ").capitalize()),
        description=summary_of(model),
        group=model.__module__.rpartition(".")[2],
        schema=_apart(model, definitions),
        says=model.says,
        wording=_wording(name, _step_in(steps, name, example)),
        leads=tuple(_leads(model)),
        falls_through=model.falls_through,
        ends=model.ends,
        enters=model.enters,
        example=example,
    )


def _leads(model: type[StepBase]) -> list[str]:
    fields = dict(model.model_fields)
    if fields["next"].annotation is type(None):
        del fields["next"]
    return [path for name, path in _LEADS.items() if name in fields]


def _step_in(steps: Any, name: str, example: str) -> StepBase:
    """The step of this kind in its example."""
    written = next(step for step in yaml.safe_load(example) if step["step"] == name)
    step: StepBase = TypeAdapter(steps).validate_python(written)
    return step


def _wording(name: str, step: StepBase) -> tuple[str, ...]:
    if name in _LETTERS:
        return ("subject", "text")
    needs = needs_of(step)
    parts = {*needs.needed, *needs.allowed}
    parts |= {"choices", "also"} if needs.choices or needs.more_choices else set()
    parts |= {"cards"} if needs.cards else set()
    return tuple(part for part in StepWording.model_fields if part in parts)


def _settings(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = _apart(model, definitions)
    schema["properties"] = {name: about for name, about in schema["properties"].items() if name != "steps"}
    schema["required"] = [name for name in schema.get("required", ()) if name != "steps"]
    return schema


def _apart(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """Give the schema of a model and move what it refers to among the definitions."""
    schema = schema_of(model)
    definitions |= schema.pop("$defs", {})
    del schema["$schema"]
    return schema

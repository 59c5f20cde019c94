"""JSON Schemas of what authors write in YAML, for their editors. The checks say more than these can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from flows.field_meanings import meanings_of, summary_of
from flows.journey_models import Journey
from flows.journey_test_models import JourneyTests
from flows.models import Flow
from flows.test_models import TestConversations
from flows.wording_models import FlowWording, JourneyWording

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILES: dict[str, type[BaseModel]] = {
    "flow.schema.json": Flow,
    "wording.schema.json": FlowWording,
    "tests.schema.json": TestConversations,
    "journey.schema.json": Journey,
    "journey-wording.schema.json": JourneyWording,
    "journey-tests.schema.json": JourneyTests,
}


def editor_schemas() -> dict[str, dict[str, Any]]:
    """Give each schema by the name of its file."""
    return {name: schema_of(model) for name, model in _FILES.items()}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Give the schema of a model, with what its fields mean where an editor shows it."""
    schema = model.model_json_schema(by_alias=True)
    by_name = {found.__name__: found for found in _models_in(model)}
    for name, definition in [(model.__name__, schema), *schema.get("$defs", {}).items()]:
        if name in by_name:
            _describe(definition, by_name[name])
    return {"$schema": _DIALECT} | schema


def _describe(definition: dict[str, Any], model: type[BaseModel]) -> None:
    definition["description"] = summary_of(model)
    meanings = meanings_of(model)
    for name, field in model.model_fields.items():
        entry = definition.get("properties", {}).get(field.alias or name)
        if entry is not None:
            # A title only repeats the name of the field.
            entry.pop("title", None)
            if name in meanings:
                entry["description"] = meanings[name]


def _models_in(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """List a model and those its fields are made of, each once."""
    seen: set[Any] = {model}
    waiting: list[Any] = [model]
    while waiting:
        part = waiting.pop()
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part
            inner = [field.annotation for field in part.model_fields.values()]
            inner += [item for field in part.model_fields.values() for item in field.metadata]
        else:
            inner = [*getattr(part, "__args__", ()), *getattr(part, "__metadata__", ())]
        for one in inner:
            if _is_hashable(one) and one not in seen:
                seen.add(one)
                waiting.append(one)


def _is_hashable(part: object) -> bool:
    try:
        hash(part)
    except TypeError:
        return False
    return True

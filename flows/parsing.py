"""Turns a YAML text into a model, and whatever is wrong with it into faults an author understands. Reads no files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from flows.errors import FlowError
from flows.marked_yaml import MarkedYAML, UnreadableYAML, read_marked

ModelT = TypeVar("ModelT", bound=BaseModel)

_REMEDIES = {
    "missing": "Add it",
    "extra_forbidden": "Remove it, or correct its name",
    "union_tag_invalid": "Use the name of a step that exists here",
    "union_tag_not_found": "Say with `step:` what the step does",
    "string_type": "Write a text; put it in quotes if it looks like a number",
    "string_pattern_mismatch": "Use only the characters allowed here: names are lower case with underscores",
}


def parse_text(text: str, file: str, errors: list[FlowError], *, first_line: int = 1) -> MarkedYAML | None:
    """Read a YAML text; on failure add the fault to `errors` and give None."""
    try:
        return read_marked(text, file, first_line=first_line)
    except UnreadableYAML as error:
        errors.append(FlowError(file, error.line, None, "yaml", error.problem, "Mend the file at this line"))
        return None


def parse_model(model: type[ModelT], marks: MarkedYAML, errors: list[FlowError]) -> ModelT | None:
    """Check data against a model; on failure add every fault to `errors` and give None."""
    try:
        return model.model_validate(marks.data)
    except ValidationError as error:
        errors.extend(_describe(detail, marks) for detail in error.errors(include_url=False))
        return None


def _describe(detail: ErrorDetails, marks: MarkedYAML) -> FlowError:
    path = tuple(detail["loc"])
    kind = detail["type"]
    what = ".".join(str(part) for part in path) or "the file"
    message = detail["msg"].removeprefix("Value error, ")
    problem = f"{what}: {message[:1].lower()}{message[1:]}"
    remedy = _REMEDIES.get(kind, "Correct the value")
    where = _without_kind(path)
    return FlowError(
        marks.file, marks.line_of(path), _step_of(path, marks.data), f"model.{kind}", problem, remedy, where
    )


def _without_kind(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Leave out the kind of step, which pydantic names behind its number."""
    return (*path[:2], *path[3:]) if len(path) > 3 and path[0] == "steps" else path


def _step_of(path: Sequence[str | int], data: object) -> str | None:
    if len(path) < 2 or path[0] != "steps" or not isinstance(path[1], int) or not isinstance(data, dict):
        return None
    step = data["steps"][path[1]]
    name = step.get("id") if isinstance(step, dict) else None
    return name if isinstance(name, str) else None

"""Writes docs/reference/flow-steps.md from the models and their examples. Says nothing that the models do not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

import yaml
from pydantic import BaseModel

from flows.editor_schemas import schema_of
from flows.field_meanings import meanings_of, summary_of
from flows.parts import OUTCOMES
from flows.steps import Step, StepBase

EXAMPLES = Path(__file__).with_name("step_examples.yml")

_GROUPS = {
    "say": "Say",
    "ask": "Ask",
    "consent": "Consent",
    "understand": "Understand",
    "decide": "Decide",
    "do": "Do",
    "move": "Move",
}
_OF_ALL = ("step", "id", "next")
_INTRODUCTION = """\
# The steps of flows

Written by `python -m flows.steps_reference` from the models in `flows/steps/`; change those, not this page.

A flow is a folder of `library/` with `flow.yml` (its slots and steps), `wording.<language>.yml` (what each step says)
and, if you like, `tests.yml` (test conversations). Editors that know JSON Schema check them while you write, with
`flow.schema.json`, `wording.schema.json` and `tests.schema.json` beside this page, for example by a first line
`# yaml-language-server: $schema=…/flow.schema.json`. `python -m flows.compiler --out flows.json` runs every check.

Durations are written like `20 minutes` or `2 days`, conditions as in [protocols.md](protocols.md). A text may be given
for each channel (`default`, `web`, `email`, `sms`, `telegram`, `voice`) and may name slots as `{{ slot }}` or
`{{ slot | words when it is unknown }}`.
"""


class Example(NamedTuple):
    """An example of a step: what stands under `slots`, `steps` and in the wording."""

    slots: str
    steps: str
    wording: str


def step_models(steps: Any = Step) -> dict[str, type[StepBase]]:
    """Give the model of each step by the name authors write; those of flows, unless others are given."""
    models = cast("tuple[type[StepBase], ...]", get_args(get_args(steps)[0]))
    return {get_args(model.model_fields["step"].annotation)[0]: model for model in models}


def read_examples(path: Path = EXAMPLES) -> dict[str, Example]:
    """Give the example of each step."""
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        name: Example(parts.get("slots", "{}\n"), parts["steps"], parts["wording"]) for name, parts in written.items()
    }


def reference_text() -> str:
    """Give the whole page."""
    return "\n".join([_INTRODUCTION, *_common(), *_groups(), *_outcomes()]) + "\n"


def _common() -> Iterator[str]:
    meanings = meanings_of(StepBase)
    yield f"Every step has `step` (its kind) and `id`: {meanings['id']} `next` says {meanings['next']}"
    yield "Steps after which a flow does not go on have no `next`.\n"


def _groups() -> Iterator[str]:
    examples = read_examples()
    group = None
    for name, model in step_models().items():
        module = model.__module__.rpartition(".")[2]
        if module != group:
            yield f"## {_GROUPS[module]}\n"
            group = module
        yield from step_section(name, model, examples[name])


def step_section(name: str, model: type[StepBase], example: Example) -> Iterator[str]:
    """Give what is said of one step: what it does, its fields and an example."""
    yield f"### `{name}`\n"
    yield f"{summary_of(model)}\n"
    rows = list(field_rows(model, leave_out=_OF_ALL))
    if rows:
        yield field_table(rows)
    slots = f"slots:\n{_indented(example.slots)}" if example.slots != "{}\n" else ""
    yield f"```yaml\n{slots}steps:\n{_indented(example.steps)}```\n"
    if example.wording.strip() != "{}":
        yield f"```yaml\n{example.wording}```\n"


def field_table(rows: Iterable[str]) -> str:
    """Give a table of these rows."""
    return "\n".join(["| Field | Type | Default | Meaning |\n|---|---|---|---|", *rows, ""])


def field_rows(model: type[BaseModel], *, leave_out: Collection[str] = ()) -> Iterator[str]:
    """Give a row for each field of a model."""
    schema = schema_of(model)
    meanings = meanings_of(model)
    for name, field in model.model_fields.items():
        if name in leave_out:
            continue
        entry = schema["properties"][field.alias or name]
        default = "required" if field.is_required() else _default(entry.get("default"))
        meaning = meanings[name].replace("|", "\\|")
        yield f"| `{field.alias or name}` | {_kind(entry, schema)} | {default} | {meaning} |"


def _default(value: object) -> str:
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, list):
        return f"`[{', '.join(str(one) for one in value)}]`"
    if isinstance(value, dict):
        return f"`{{{', '.join(f'{name}: {one}' for name, one in value.items())}}}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


_KINDS = {"integer": "whole number", "number": "number", "boolean": "`true` or `false`", "string": "text"}


def _kind(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Say in words what a field takes."""
    if "$ref" in entry:
        return _members(schema["$defs"][entry["$ref"].rpartition("/")[2]], schema)
    if "enum" in entry or "const" in entry:
        return ", ".join(f"`{value}`" for value in entry.get("enum", [entry.get("const")]))
    for joined in ("anyOf", "oneOf"):
        if joined in entry:
            kinds = [_kind(one, schema) for one in entry[joined] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if entry.get("type") == "array":
        return f"list of {_kind(entry['items'], schema)}"
    if entry.get("type") == "object":
        values = entry.get("additionalProperties")
        return f"map to {_kind(values, schema)}" if isinstance(values, dict) and values else "map"
    return _text_kind(entry)


def _text_kind(entry: Mapping[str, Any]) -> str:
    pattern = entry.get("pattern", "")
    if "examples" in entry:
        return "duration"
    if pattern.startswith("^[a-z][a-z0-9_]{"):
        return "name"
    if entry.get("format") in ("date", "date-time"):
        return "day" if entry["format"] == "date" else "moment"
    return _KINDS.get(entry.get("type", ""), "any value")


def _members(definition: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Name the fields of a part; a condition, which holds conditions again, is named only."""
    if definition.get("title") in (
        "SlotIs",
        "FactIs",
        "ScoreIs",
        "PropertyIs",
        "SegmentIs",
        "Happened",
        "AllOf",
        "AnyOf",
        "Not",
    ):
        return "condition"
    required = definition.get("required", ())
    names = (name if name in required else f"{name}?" for name in definition["properties"])
    return f"`{{{', '.join(names)}}}`" if schema else ""


def _outcomes() -> Iterator[str]:
    yield "## Outcomes\n"
    yield "How a flow may end; a flow may declare more under `outcomes`, each with what it means.\n"
    yield "| Outcome | Meaning |\n|---|---|"
    yield from (f"| `{name}` | {meaning} |" for name, meaning in OUTCOMES.items())


def _indented(text: str) -> str:
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))

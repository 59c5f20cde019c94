"""Content folders to what the bot and outreach run, as JSON-able data. The same content always gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from flows.checks import check_content
from flows.content import Content, FlowFolder, JourneyFolder, Outside, Worded, Wording
from flows.errors import FlowsRefused
from flows.graph import options_of
from flows.journey_compiler import compile_journey
from flows.models import Team
from flows.reading import ContentReader
from flows.steps import StepBase, compile_step

FORMAT = 2
DEFAULT_CONTENT = Path(__file__).resolve().parent
DEFAULT_KNOWLEDGE = DEFAULT_CONTENT.parent / "nlu_data" / "knowledge"
DEFAULT_INTENTS = DEFAULT_CONTENT.parent / "nlu_data" / "intents"

NOTHING_LOOKED_UP = Outside()

_VERSION_DIGITS = 12


def load_content(
    content: Path = DEFAULT_CONTENT,
    knowledge: Path = DEFAULT_KNOWLEDGE,
    intents: Path | None = DEFAULT_INTENTS,
    outside: Outside = NOTHING_LOOKED_UP,
) -> Content:
    """Read and check the content.

    Args:
        content: a folder with `library/` and `journeys/`.
        knowledge: a folder of articles.
        intents: a folder of training examples; with None it is not checked that the intents named exist.
        outside: what the content may name although it stands elsewhere.

    Raises:
        FlowsRefused: with every fault found.
    """
    reader = ContentReader(content, knowledge, intents)
    read = replace(reader.read(), outside=outside)
    errors = reader.errors + check_content(read)
    if errors:
        raise FlowsRefused(errors)
    return read


def compile_flows(content: Content) -> dict[str, Any]:
    """Give the compiled flows of loaded content, as docs/reference/protocols.md describes them."""
    if content.library is None:
        raise ValueError("content that could not be read in full cannot be compiled")
    languages = sorted({*content.patterns, *(name for flow in content.flows.values() for name in flow.wording)})
    compiled = {
        "format": FORMAT,
        "entry_flow": content.library.entry_flow,
        "default_language": content.default_language,
        "flows": {name: _compile_flow(flow) for name, flow in sorted(content.flows.items())},
        "wording": {language: _compile_language(content, language) for language in languages},
        "answers": _compile_answers(content),
        "teams": {name: _compile_team(team) for name, team in sorted(content.library.teams.items())},
    }
    return compiled | {"version": version_of(compiled)}


def compile_journeys(content: Content) -> dict[str, dict[str, Any]]:
    """Give the compiled journeys by name."""
    return {name: _compile_journey(folder) for name, folder in sorted(content.journeys.items())}


def canonical_json(data: object) -> str:
    """Write data so that equal data gives equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def version_of(data: object) -> str:
    """Give the first hex digits of the SHA-256 of the data's canonical JSON."""
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()[:_VERSION_DIGITS]


def _compile_flow(folder: FlowFolder) -> dict[str, Any]:
    flow = folder.model
    guard = flow.model_dump(mode="json", by_alias=True, exclude_none=True, include={"guard"})
    compiled = guard | {
        "name": flow.name,
        "nlu_triggers": list(flow.triggers),
        "first": flow.steps[0].id,
        "slots": {name: slot.model_dump(mode="json", exclude_none=True) for name, slot in flow.slots.items()},
        "steps": _compile_steps(flow.steps),
    }
    wording = {language: _compile_wording(words) for language, words in folder.wording.items()}
    return compiled | {"version": version_of({"flow": compiled, "wording": wording})}


def _compile_team(team: Team) -> dict[str, Any]:
    return team.model_dump(mode="json", exclude={name for name in ("hours", "closed") if not getattr(team, name)})


def _compile_steps(steps: tuple[StepBase, ...]) -> dict[str, Any]:
    ways = options_of(steps)
    return {step.id: compile_step(step, ways[step.id]) for step in steps}


def _compile_wording(wording: Wording[Worded]) -> dict[str, Any]:
    return {name: entry.compiled() for name, entry in wording.entries.items()}


def _compile_language(content: Content, language: str) -> dict[str, Any]:
    flows = {
        name: _compile_wording(flow.wording[language])
        for name, flow in sorted(content.flows.items())
        if language in flow.wording
    }
    patterns = content.patterns.get(language)
    return flows | ({"patterns": _compile_wording(patterns)} if patterns else {})


def _compile_answers(content: Content) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    default = content.default_language
    # The article in the default language comes first: it gives title and link.
    for answer in sorted(content.answers, key=lambda one: (one.about.language or default) != default):
        about = answer.about
        if about.intent is None:
            continue  # only searched
        entry = answers.setdefault(about.intent, {"title": about.title, "link": about.link, "text": {}, "titles": {}})
        entry["text"][about.language or default] = answer.text
        entry["titles"][about.language or default] = about.title
    return answers


def _compile_journey(folder: JourneyFolder) -> dict[str, Any]:
    wording = {language: _compile_wording(words) for language, words in sorted(folder.wording.items())}
    compiled = {**compile_journey(folder.model), "wording": wording}
    return compiled | {"version": version_of(compiled)}


def write_compiled(compiled: Mapping[str, Any], out: Path) -> None:
    """Write compiled data so that a reader sees the old file or the new one, never half of one."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(canonical_json(compiled) + "\n")
        draft.chmod(0o644)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--content", type=_FOLDER, default=DEFAULT_CONTENT, help="Folder with library/ and journeys/.")
@click.option("--knowledge", type=_FOLDER, default=DEFAULT_KNOWLEDGE, help="Folder of knowledge articles.")
@click.option("--intents", type=_FOLDER, default=DEFAULT_INTENTS, help="Folder of training examples.")
@click.option("--out", type=_FILE, required=True, help="File to write the compiled flows to.")
@click.option("--journeys-out", type=_FILE, help="File to write the compiled journeys to.")
def main(content: Path, knowledge: Path, intents: Path, out: Path, journeys_out: Path | None) -> None:
    """Check the content and write it in compiled form."""
    try:
        loaded = load_content(content, knowledge, intents)
    except FlowsRefused as refused:
        click.echo(str(refused), err=True)
        click.echo(f"{len(refused.faults)} faults; nothing was written.", err=True)
        sys.exit(1)
    compiled = compile_flows(loaded)
    write_compiled(compiled, out)
    journeys = compile_journeys(loaded)
    if journeys_out:
        write_compiled(journeys, journeys_out)
    click.echo(f"flows {compiled['version']}: {len(loaded.flows)} flows, {len(journeys)} journeys")


if __name__ == "__main__":
    main()

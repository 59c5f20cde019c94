"""Writes flows and journeys for tests as authors do, in YAML, and whole content folders with one part changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from flows.compiler import DEFAULT_CONTENT, DEFAULT_KNOWLEDGE
from flows.content import Content, FlowFolder, Folder, JourneyFolder, Wording
from flows.errors import FlowError
from flows.journey_models import Journey
from flows.marked_yaml import MarkedYAML, read_marked
from flows.models import Flow, Library, Team
from flows.parsing import parse_model
from flows.wording_models import PATTERNS, FlowWording, JourneyWording, StepWording


def marks_of(data: object, file: str) -> MarkedYAML:
    # JSON is YAML, and unlike a YAML writer json never abbreviates repeated parts by aliases.
    return read_marked(json.dumps(data, indent=1), file)


def flow_folder(flow: dict[str, Any], wording: dict[str, Any]) -> FlowFolder:
    errors: list[FlowError] = []
    marks, words = marks_of(flow, "flow.yml"), marks_of(wording, "wording.en.yml")
    model, entries = parse_model(Flow, marks, errors), parse_model(FlowWording, words, errors)
    assert model is not None, errors
    assert entries is not None, errors
    return Folder(model.flow, model, marks, {"en": Wording(words, entries.root)})


def journey_folder(journey: dict[str, Any], wording: dict[str, Any]) -> JourneyFolder:
    errors: list[FlowError] = []
    marks, words = marks_of(journey, "journey.yml"), marks_of(wording, "wording.en.yml")
    model, entries = parse_model(Journey, marks, errors), parse_model(JourneyWording, words, errors)
    assert model is not None, errors
    assert entries is not None, errors
    return Folder(model.journey, model, marks, {"en": Wording(words, entries.root)})


@cache
def follow_up(channels: tuple[str, ...] = ("email",), **changes: Any) -> JourneyFolder:
    """Give a short valid marketing journey."""
    journey = {
        "journey": "follow_up",
        "name": "Follow-up",
        "description": "Writes once.",
        "purpose": "marketing",
        "exit_when": ["opted_out"],
        "steps": [{"id": "mail", "step": "send", "channels": list(channels)}, {"id": "done", "step": "exit"}],
    }
    return journey_folder(journey | changes, {"mail": {"subject": "Hello", "text": "Good to meet you."}})


@cache
def patterns_wording() -> Wording[StepWording]:
    marks = marks_of({name: {"text": f"About {name}."} for name in PATTERNS}, "library/patterns/wording.en.yml")
    entries = parse_model(FlowWording, marks, [])
    assert entries is not None
    return Wording(marks, entries.root)


def content_of(
    *flows: FlowFolder, journeys: tuple[JourneyFolder, ...] = (), intents: frozenset[str] | None = None
) -> Content:
    return Content(
        library=Library(entry_flow=flows[0].name, default_language="en", teams={"sales": Team()}),
        flows={flow.name: flow for flow in flows},
        journeys={journey.name: journey for journey in journeys},
        patterns={"en": patterns_wording()},
        answers=(),
        intents=None if intents is None else dict.fromkeys(intents, ()),
    )


def copy_content(to: Path) -> tuple[Path, Path]:
    """Copy the shipped content, so that a test can change it; give the content and the knowledge folder."""
    for part in ("library", "journeys"):
        shutil.copytree(DEFAULT_CONTENT / part, to / "flows" / part)
    shutil.copytree(DEFAULT_KNOWLEDGE, to / "knowledge")
    return to / "flows", to / "knowledge"


def edit(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before, f"nothing changed in {path.name}"
    path.write_text(after, encoding="utf-8")

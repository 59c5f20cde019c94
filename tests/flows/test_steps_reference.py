"""What authors look up: the page and the schemas are those of the models, and every example on the page is valid."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from flows.checks import check_content
from flows.compiler import DEFAULT_CONTENT
from flows.content import Content
from flows.editor_schemas import editor_schemas
from flows.field_meanings import meanings_of, summary_of
from flows.marked_yaml import read_marked
from flows.reference_text import Example, read_examples, step_models
from flows.steps_reference import main, stale_files
from tests.flows.authoring import content_of, flow_folder, follow_up
from tests.flows.random_flows import ASIDE, words_for

EXAMPLES = read_examples()
MODELS = step_models()
INTENTS = frozenset({"request_demo", "talk_to_person"})
LIBRARY = sorted((DEFAULT_CONTENT / "library").glob("*/*.yml"))


def plain(text: str) -> Any:
    return read_marked(text, "example.yml").data


def content_for(example: Example) -> Content:
    """Put an example between the steps that its page says stand around it."""
    steps = [{"id": "welcome", "step": "ai_notice"}, *plain(example.steps), {"id": "goodbye", "step": "end"}]
    leads_to_person = "to_person" in example.steps
    steps += [{"id": "to_person", "step": "handoff", "team": "sales"}] if leads_to_person else []
    words = {"welcome": {"text": "An automated assistant speaks."}, **plain(example.wording)}
    words |= {"to_person": {"text": "A colleague takes over."}} if leads_to_person else {}
    flow = {"flow": "example", "name": "Example", "description": "An example.", "language": "en"}
    other = flow_folder(ASIDE | {"flow": "other"}, words_for(ASIDE["steps"], ASIDE["slots"]))
    news = replace(follow_up(journey="news"), name="news")
    folder = flow_folder(flow | {"slots": plain(example.slots), "steps": steps}, words)
    return content_of(folder, other, journeys=(news,), intents=INTENTS)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_example_of_each_step_shows_it_and_passes_the_checks(name):
    example = EXAMPLES[name]

    assert name in {step["step"] for step in plain(example.steps)}
    assert [str(error) for error in check_content(content_for(example))] == []


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_field_of_each_step_says_what_it_means(name):
    model = MODELS[name]

    assert summary_of(model)
    assert set(model.model_fields) - set(meanings_of(model)) == {"step"}


def test_there_are_no_examples_of_steps_that_do_not_exist():
    assert set(EXAMPLES) == set(MODELS)


def test_the_page_and_the_schemas_are_not_stale():
    assert stale_files() == []


def test_the_command_tells_what_is_stale_and_writes_it(tmp_path):
    assert CliRunner().invoke(main, ["--check", "--out", str(tmp_path)]).exit_code == 1
    assert CliRunner().invoke(main, ["--out", str(tmp_path)]).exit_code == 0
    (tmp_path / "flow.schema.json").write_text("{}", encoding="utf-8")

    stale = CliRunner().invoke(main, ["--check", "--out", str(tmp_path)])

    assert stale.exit_code == 1
    assert "flow.schema.json" in stale.stderr
    assert (tmp_path / "flow.schema.json").read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_editor_finds_no_fault_in_the_shipped_library(path: Path):
    kind = path.name.split(".")[0]
    schema = editor_schemas()[f"{kind}.schema.json"]

    jsonschema.Draft202012Validator(schema).validate(plain(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("flow.schema.json", {"flow": "a"}),
        ("flow.schema.json", {"id": "s", "step": "mesage"}),
        ("flow.schema.json", {"id": "s", "step": "ask_text", "slot": "word", "max_lenght": 3}),
        ("flow.schema.json", {"id": "s", "step": "wait_callback", "timeout": "soon", "timed_out": "s"}),
        ("wording.schema.json", {"ask": {"txet": "Hello"}}),
        ("wording.schema.json", {"ask": {"text": {"fax": "Hello"}}}),
        ("tests.schema.json", [{"name": "a", "talk": [{"bot": "a"}], "endings": "qualified"}]),
    ],
)
def test_an_editor_finds_what_is_misspelt(file, written):
    if file.startswith("flow") and "flow" not in written:
        flow = {"flow": "a", "name": "A", "description": "A.", "language": "en"}
        written = flow | {"steps": [written]}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(editor_schemas()[file]).validate(written)


def test_the_schemas_are_schemas():
    for schema in editor_schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert json.loads(json.dumps(schema)) == schema


def test_examples_are_read_the_same_by_any_yaml():
    for example in EXAMPLES.values():
        assert yaml.safe_load(example.steps) == plain(example.steps)

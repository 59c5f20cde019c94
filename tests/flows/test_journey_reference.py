"""What authors of journeys look up: every field says what it means, and every example on the page is valid."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from flows.checks import check_content
from flows.compiler import DEFAULT_CONTENT
from flows.editor_schemas import editor_schemas
from flows.field_meanings import meanings_of, summary_of
from flows.journey_models import Journey
from flows.journey_reference_text import EXAMPLES
from flows.journey_steps import JourneyStep
from flows.journey_test_models import Happening, JourneyTest, Outcome, Person, Sent
from flows.marked_yaml import read_marked
from flows.reference_text import read_examples, step_models
from tests.flows.authoring import content_of, flow_folder, follow_up, journey_folder
from tests.flows.random_flows import ASIDE, words_for

SHOWN = read_examples(EXAMPLES)
MODELS = step_models(JourneyStep)
SHIPPED = sorted((DEFAULT_CONTENT / "journeys").glob("*/*.yml"))
SCHEMAS = {
    "journey": "journey.schema.json",
    "wording": "journey-wording.schema.json",
    "tests": "journey-tests.schema.json",
}
JOURNEY = {
    "journey": "example",
    "name": "Example",
    "description": "An example.",
    "purpose": "marketing",
    "exit_when": ["opted_out"],
    "facts": {"contract_ends_on": "the end of the contract", "first_name": "first name", "company": "company"},
}


def plain(text: str) -> Any:
    return read_marked(text, "example.yml").data


def content_for(name):
    """Put an example between a way in and an end, as its page says."""
    steps, words = plain(SHOWN[name].steps), plain(SHOWN[name].wording)
    if not any(MODELS[step["step"]].enters for step in steps):
        steps = [{"id": "by_hand", "step": "manual_or_api"}, *steps]
    journey = journey_folder(JOURNEY | {"steps": [*steps, {"id": "done", "step": "exit"}]}, words)
    other = flow_folder(ASIDE | {"flow": "other"}, words_for(ASIDE["steps"], ASIDE["slots"]))
    hello = {"flow": "hello", "name": "Hello", "description": "Says hello.", "language": "en"}
    notice = flow_folder(hello | {"steps": [{"id": "hi", "step": "ai_notice"}]}, {"hi": {"text": "Hi"}})
    return content_of(notice, other, journeys=(journey, follow_up(journey="news")))


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_example_of_each_step_shows_it_and_passes_the_checks(name):
    assert name in {step["step"] for step in plain(SHOWN[name].steps)}
    assert [str(error) for error in check_content(content_for(name))] == []


@pytest.mark.parametrize("model", [*MODELS.values(), Journey, JourneyTest, Person, Happening, Outcome, Sent])
def test_every_field_says_what_it_means(model):
    assert summary_of(model)
    assert set(model.model_fields) - set(meanings_of(model)) <= {"step"}


def test_there_are_22_steps_and_an_example_of_each():
    assert len(MODELS) == 22
    assert set(SHOWN) == set(MODELS)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_editor_finds_no_fault_in_the_shipped_journeys(path):
    schema = editor_schemas()[SCHEMAS[path.name.split(".")[0]]]

    jsonschema.Draft202012Validator(schema).validate(plain(path.read_text(encoding="utf-8")))

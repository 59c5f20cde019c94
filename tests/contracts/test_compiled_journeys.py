"""What the compiler of journeys writes, outreach reads in full: a field it did not know would be ignored in silence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from flows.compiler import compile_journeys, load_content
from flows.journey_compiler import compile_journey
from flows.journey_reference_text import EXAMPLES
from flows.journey_steps import JourneyStep
from flows.marked_yaml import read_marked
from flows.reference_text import read_examples, step_models
from outreach.definitions import STEP_KINDS, Goal, JourneyDefinition, Step
from tests.flows.authoring import journey_folder

SHIPPED = compile_journeys(load_content())
MODELS = step_models(JourneyStep)


def known(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def steps_of_the_page() -> dict[str, dict[str, Any]]:
    """Every step of the page of steps, compiled."""
    found = {}
    for name, example in read_examples(EXAMPLES).items():
        steps = [*read_marked(example.steps, "example.yml").data, {"id": "done", "step": "exit"}]
        settings = {"journey": "j", "name": "J", "description": "J.", "purpose": "marketing", "exit_when": []}
        words = read_marked(example.wording, "example.yml").data
        compiled = compile_journey(journey_folder(settings | {"steps": steps}, words).model)
        found[name] = next(step for step in compiled["steps"].values() if step["step"] == name)
    return found


COMPILED = steps_of_the_page()


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_journey_is_read_in_full(name):
    written = SHIPPED[name]

    read = JourneyDefinition.model_validate(written)

    assert set(written) <= known(JourneyDefinition)
    assert set(read.steps) == set(written["steps"])
    for step in written["steps"].values():
        assert set(step) <= known(Step), step


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_field_of_every_step_is_read(name):
    assert set(COMPILED[name]) <= known(Step)


def test_outreach_knows_the_same_steps_as_the_language():
    assert set(STEP_KINDS) == set(MODELS)


def test_a_goal_is_read_in_full():
    assert set(SHIPPED["cart_reminder"]["goal"]) | {"where"} <= known(Goal)

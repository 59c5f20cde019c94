"""What editors make panels of is what the models say: schemas take the examples, and every way out is named."""

from __future__ import annotations

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter

from flows.graph import ways_of
from flows.journey_reference_text import EXAMPLES as JOURNEY_EXAMPLES
from flows.journey_steps import JourneyStep
from flows.reference_text import EXAMPLES, read_examples, step_models
from flows.step_kinds import read_schemas
from flows.steps import Step

SCHEMAS = read_schemas()
KINDS = [(Step, EXAMPLES, kind) for kind in SCHEMAS.flow] + [
    (JourneyStep, JOURNEY_EXAMPLES, kind) for kind in SCHEMAS.journey
]


def test_every_kind_of_step_is_there_once_with_what_it_is_for():
    for kinds, steps in ((SCHEMAS.flow, Step), (SCHEMAS.journey, JourneyStep)):
        assert [kind.kind for kind in kinds] == list(step_models(steps))
        assert [kind.kind for kind in kinds if not kind.description or not kind.title] == []


@pytest.mark.parametrize(("steps", "examples", "kind"), KINDS, ids=[kind.kind for _, _, kind in KINDS])
def test_the_schema_of_a_kind_takes_its_example_and_explains_each_field(steps, examples, kind):
    jsonschema.Draft202012Validator.check_schema(kind.schema)
    validator = jsonschema.Draft202012Validator({**kind.schema, "$defs": SCHEMAS.definitions})
    example = next(one for one in yaml.safe_load(read_examples(examples)[kind.kind].steps) if one["step"] == kind.kind)

    validator.validate(example)

    own = {name: about for name, about in kind.schema["properties"].items() if name != "step"}
    assert [name for name, about in own.items() if not about.get("description")] == []
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**example, "no_such_field": 1})


@pytest.mark.parametrize(("steps", "examples", "kind"), KINDS, ids=[kind.kind for _, _, kind in KINDS])
def test_every_way_out_of_an_example_is_among_those_that_are_named(steps, examples, kind):
    written = yaml.safe_load(read_examples(examples)[kind.kind].steps)
    step = TypeAdapter(steps).validate_python(next(one for one in written if one["step"] == kind.kind))

    for way in ways_of([step])[step.id]:
        if not way.within:
            continue
        named = (
            "next"
            if way.within[0] == "next"
            else ".".join(str(part) if number == 0 or part == "to" else "*" for number, part in enumerate(way.within))
        )
        assert named in kind.leads


def test_what_schemas_refer_to_are_schemas_themselves():
    jsonschema.Draft202012Validator.check_schema({"$defs": SCHEMAS.definitions})


def test_schemas_refer_only_to_what_is_among_the_definitions():
    wanted: set[str] = set()

    def look(part: object) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                wanted.add(part["$ref"].removeprefix("#/$defs/"))
            for one in part.values():
                look(one)
        elif isinstance(part, list):
            for one in part:
                look(one)

    look([kind.schema for _, _, kind in KINDS])
    look([SCHEMAS.flow_settings, SCHEMAS.journey_settings, SCHEMAS.flow_wording, SCHEMAS.journey_wording])
    look(list(SCHEMAS.definitions.values()))

    assert wanted - SCHEMAS.definitions.keys() == set()
    assert "steps" not in SCHEMAS.flow_settings["properties"]
    assert "flow" in SCHEMAS.flow_settings["properties"]


def test_a_step_that_waits_has_the_words_that_it_needs():
    kinds = {kind.kind: kind for kind in SCHEMAS.flow}

    assert kinds["ask_choice"].wording == ("text", "retry", "again", "help", "choices", "also")
    assert kinds["branch"].wording == ()
    assert "cards" in kinds["card_list"].wording
    assert kinds["end"].ends
    assert not kinds["end"].leads

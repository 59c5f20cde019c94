"""The training examples: enough for each intent, really different, and never the ones we evaluate with."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from flows.compiler import DEFAULT_KNOWLEDGE, load_content
from flows.marked_yaml import read_marked

NLU_DATA = DEFAULT_KNOWLEDGE.parent
HELD_OUT = {
    "en": NLU_DATA / "evaluation" / "held_out.yml",
    **{language: NLU_DATA / "evaluation" / f"held_out_{language}.yml" for language in ("de", "es", "fr")},
}
WAYS_TO_STOP = NLU_DATA / "evaluation" / "opt_out.yml"
LANGUAGES = tuple(language for language in HELD_OUT if any((NLU_DATA / "intents").glob(f"*.{language}.yml")))
FEWEST = {"en": 32, "de": 18, "es": 18, "fr": 18}
FEWEST_OUT_OF_SCOPE = 40
FEWEST_HELD_OUT = {"en": 6, "de": 4, "es": 4, "fr": 4}
FEWEST_WAYS_TO_STOP = 40
SPOKEN = {
    "greet",
    "goodbye",
    "thanks",
    "affirm",
    "deny",
    "request_demo",
    "give_details",
    "talk_to_person",
    "opt_out",
    "are_you_a_bot",
    "delete_me",
    "what_do_you_know",
    "why_me",
    "start_over",
    "cancel",
    "out_of_scope",
}


def read_examples(*paths: Path) -> dict[str, list[str]]:
    examples: dict[str, list[str]] = {}
    for path in paths:
        document = read_marked(path.read_text(encoding="utf-8"), path.name).data
        assert document["version"] == "3.1"
        counted = Counter(entry["intent"] for entry in document["nlu"])
        assert max(counted.values()) == 1, f"an intent stands in two places of {path.name}"
        for entry in document["nlu"]:
            lines = entry["examples"].splitlines()
            assert all(line.startswith("- ") for line in lines)
            examples.setdefault(entry["intent"], []).extend(line[2:].strip() for line in lines)
    return examples


def examples_in(language: str) -> dict[str, list[str]]:
    return read_examples(*sorted((NLU_DATA / "intents").glob(f"*.{language}.yml")))


def plain(example: str) -> str:
    return re.sub(r"\W+", " ", example.casefold()).strip() or example


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def training(language):
    return examples_in(language)


@pytest.fixture(scope="module")
def held_out(language):
    return read_examples(HELD_OUT[language])


@pytest.fixture(scope="module")
def ways_to_stop():
    return read_examples(WAYS_TO_STOP)


def test_every_agreed_intent_has_enough_examples_in_every_language(language, training):
    content = load_content()
    knowledge = {answer.about.intent for answer in content.answers} - {None}
    triggers = {intent for flow in content.flows.values() for intent in flow.model.nlu_triggers}

    assert set(training) == SPOKEN | knowledge | triggers
    assert {intent: len(told) for intent, told in training.items() if len(told) < FEWEST[language]} == {}
    assert len(training["out_of_scope"]) >= FEWEST_OUT_OF_SCOPE


def test_every_intent_is_evaluated_with_enough_utterances(language, training, held_out):
    assert set(held_out) == set(training)
    assert {intent for intent, told in held_out.items() if len(told) < FEWEST_HELD_OUT[language]} == set()


def test_opting_out_is_evaluated_with_many_ways_to_say_it(ways_to_stop):
    assert set(ways_to_stop) == {"opt_out"}
    assert len(ways_to_stop["opt_out"]) >= FEWEST_WAYS_TO_STOP


def test_no_example_stands_twice_or_is_also_held_out(language, training, held_out, ways_to_stop):
    parts = (training, held_out, *([ways_to_stop] if language == "en" else []))
    counted = Counter(plain(example) for part in parts for examples in part.values() for example in examples)

    assert [example for example, count in counted.items() if count > 1] == []


def test_no_example_of_one_language_is_held_out_in_another():
    told = {plain(example) for one in LANGUAGES for examples in examples_in(one).values() for example in examples}
    kept = {plain(text) for one in LANGUAGES for texts in read_examples(HELD_OUT[one]).values() for text in texts}

    assert told & kept == set()


def test_what_is_written_alike_in_two_languages_means_the_same_in_both():
    meant: dict[str, set[str]] = {}
    for one in LANGUAGES:
        for intent, examples in examples_in(one).items():
            for example in examples:
                meant.setdefault(plain(example), set()).add(intent)

    assert {example: intents for example, intents in meant.items() if len(intents) > 1} == {}


def test_examples_are_no_templates_with_swapped_words(training):
    for intent, examples in training.items():
        long = [plain(example).split() for example in examples]
        pairs = [
            (" ".join(one), " ".join(other))
            for number, one in enumerate(long)
            for other in long[:number]
            if len(one) == len(other) >= 5 and sum(a != b for a, b in zip(one, other, strict=True)) == 1
        ]
        assert pairs == [], intent


def test_examples_hold_no_entity_marks_or_commands(training, held_out, ways_to_stop):
    for part in (training, held_out, ways_to_stop):
        for examples in part.values():
            assert not [example for example in examples if re.search(r"[\[\]{}]|^/", example)]


def test_every_flow_is_started_by_an_intent_that_has_examples(training):
    triggers = {intent for flow in load_content().flows.values() for intent in flow.model.nlu_triggers}

    assert triggers <= set(training)

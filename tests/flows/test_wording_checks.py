"""Every kind of step has the words it needs, in each language, and none too many or too long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from flows.content import Wording
from flows.length_checks import LONGEST, check_lengths
from flows.parsing import parse_model
from flows.parts import Channel
from flows.wording_checks import PATTERN_NAMES, check_flow_wording, check_placeholders
from flows.wording_models import FlowWording, SpokenOn
from tests.flows.authoring import flow_folder, marks_of
from tests.flows.random_flows import BODY, ON, flow_of, wording_for

END = {"id": "finish", "step": "end"}


def step_of(kind: str) -> dict[str, Any]:
    def settled(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: settled(value) for key, value in part.items()}
        return [settled(one) for one in part] if isinstance(part, list) else "finish" if part == ON else part

    return {"id": "it", "step": kind, **settled(BODY[kind])}


def faults(step: dict[str, Any], words: dict[str, Any]) -> list[tuple[str, str]]:
    folder = flow_folder(flow_of("one", [step, END]), {"it": words} if words else {})
    return [(error.rule, error.problem) for error in check_flow_wording(folder)]


SPEAKING = [kind for kind in BODY if wording_for(step_of(kind)).keys() - {"text"}]


@pytest.mark.parametrize("kind", SPEAKING)
def test_each_part_of_the_words_a_step_needs_is_missed(kind):
    step = step_of(kind)
    words = wording_for(step)

    assert faults(step, words) == []
    for part in words.keys() - {"text"}:
        without = {name: value for name, value in words.items() if name != part}
        assert {rule for rule, _ in faults(step, without)} == {"wording.missing"}, part


@pytest.mark.parametrize("part", ["alt", "closed", "retry", "again", "help"])
def test_words_that_a_message_never_says_are_refused(part):
    step = {"id": "it", "step": "message"}

    assert [rule for rule, _ in faults(step, {"text": "Hello", part: "Unheard"})] == ["wording.unused"]


def test_a_card_nobody_shows_and_a_button_without_a_link_are_refused():
    step = step_of("card_list")
    words = wording_for(step)
    words["cards"] = words["cards"] | {"two": {"title": "Two", "button": "Where?"}, "three": {"title": "Three"}}

    assert [problem for _, problem in faults(step, words)] == [
        "the card two has no link for its button",
        "the step has no card three",
    ]


def test_a_link_without_a_label_is_refused():
    step = step_of("card_list")
    words = wording_for(step) | {"cards": {"one": {"title": "One"}, "two": {"title": "Two"}}}

    assert [rule for rule, _ in faults(step, words)] == ["wording.missing"]


def test_only_the_offer_to_go_elsewhere_may_name_its_code():
    step = step_of("move_channel")
    words = wording_for(step) | {"text": "Write {{ code }} there, or open {{ link }}."}

    assert faults(step, words) == []
    assert [rule for rule, _ in faults({"id": "it", "step": "message"}, {"text": "{{ code }}"})] == ["wording.name"]


def test_labels_of_the_ends_of_a_scale_are_allowed_and_of_its_middle_not():
    step = step_of("rating")
    words = wording_for(step)

    assert faults(step, words | {"choices": {"1": "Badly", "5": "Well"}}) == []
    assert [rule for rule, _ in faults(step, words | {"choices": {"3": "So-so"}})] == ["wording.unused"]


def test_each_language_the_flow_has_needs_all_words():
    step = step_of("ask_choice")
    folder = flow_folder(flow_of("one", [step, END]), {"it": wording_for(step)})
    marks = marks_of({"it": {"text": "Was denn?"}}, "wording.de.yml")
    german = parse_model(FlowWording, marks, [])
    assert german is not None

    found = list(check_flow_wording(replace(folder, wording={**folder.wording, "de": Wording(marks, german.root)})))

    assert {error.file for error in found} == {"wording.de.yml"}
    assert sorted(error.problem for error in found) == [
        "the wording lacks choices.buy",
        "the wording lacks choices.look",
        "the wording lacks retry",
    ]


@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_the_longest_text_is_accepted_and_one_more_character_is_not(channel):
    step, longest = {"id": "it", "step": "message"}, LONGEST[channel]

    assert faults(step, {"text": {"default": "Hello", channel: "x" * longest}}) == []
    assert [rule for rule, _ in faults(step, {"text": {"default": "Hello", channel: "x" * (longest + 1)}})] == [
        "wording.long"
    ]


def test_a_long_text_for_the_web_is_accepted_when_the_other_channels_have_a_shorter_one():
    step = {"id": "it", "step": "message"}
    words = {"text": {"default": "Hello", "web": "x" * 3000}}

    assert faults(step, words) == []


def test_numbered_choices_count_towards_the_length_of_a_text_message():
    step = step_of("ask_choice")
    words = wording_for(step) | {"text": {"default": "Hello", "sms": "x" * 600}}

    assert faults(step, words) == []
    long = words | {"choices": {"buy": "b" * 30, "look": "l" * 30}}
    assert [rule for rule, _ in faults(step, long)] == ["wording.long"]


def test_a_text_may_be_given_for_every_channel_there_is():
    assert set(get_args(SpokenOn)) == {"default", *get_args(Channel)}


def test_the_names_of_what_is_noted_are_never_listed_and_count_for_nothing():
    names = {f"slot_{number}": "n" * 40 for number in range(20)}
    words = {"noted": {"text": "Noted: {{ facts }}.", "choices": names}}
    marks = marks_of(words, "wording.de.yml")
    parsed = parse_model(FlowWording, marks, [])
    assert parsed is not None

    assert list(check_lengths(Wording(marks, parsed.root), None)) == []
    asking = marks_of({"clarify": words["noted"]}, "wording.de.yml")
    clarify = parse_model(FlowWording, asking, [])
    assert clarify is not None
    assert {error.rule for error in check_lengths(Wording(asking, clarify.root), None)} == {"wording.long"}


@pytest.mark.parametrize(("name", "rules"), [("languages", []), ("language", ["wording.name"])])
def test_who_is_told_that_a_language_is_not_spoken_may_be_told_which_are(name, rules):
    marks = marks_of({"language_not_spoken": {"text": f"I write {{{{ {name} }}}}."}}, "wording.en.yml")
    parsed = parse_model(FlowWording, marks, [])
    assert parsed is not None

    known = PATTERN_NAMES["language_not_spoken"]
    assert [error.rule for error in check_placeholders(Wording(marks, parsed.root), known, "value")] == rules

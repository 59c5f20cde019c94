"""What single steps refuse by themselves, and how they are compiled."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from flows.checks import check_content
from flows.compiler import compile_flows
from flows.steps import Step
from tests.flows.authoring import content_of, flow_folder
from tests.flows.random_flows import flow_of, words_for

NOTICE = {"id": "notice", "step": "ai_notice"}
END = {"id": "finish", "step": "end"}
adapter: TypeAdapter[Step] = TypeAdapter(Step)


def compiled(step: dict[str, Any], **more: Any) -> dict[str, Any]:
    steps = [NOTICE, step, END]
    content = content_of(flow_folder(flow_of("one", steps, **more), words_for(steps)))
    assert [str(error) for error in check_content(content)] == []
    return compile_flows(content)["flows"]["one"]


def ask_text(**fields: Any) -> dict[str, Any]:
    return {"id": "it", "step": "ask_text", "slot": "word", **fields}


@pytest.mark.parametrize("pattern", ["[A-Z]{2}[0-9]{6}", "(?:yes|no)", r"\d+(\.\d+)?"])
def test_a_pattern_that_re2_knows_is_accepted(pattern):
    assert adapter.validate_python(ask_text(pattern=pattern)).pattern == pattern


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", r"(a)\1", "[z-a]", "a{3000}", ""])
def test_a_pattern_that_could_take_for_ever_or_means_nothing_is_refused(pattern):
    with pytest.raises(ValidationError):
        adapter.validate_python(ask_text(pattern=pattern))


@pytest.mark.parametrize("path", ["/", "/orders/{{ word }}", "/orders/{{word | none}}/lines", "/a-b_c.json"])
def test_a_path_may_name_slots(path):
    step = {"id": "it", "step": "http", "connector": "shop", "path": path, "failed": "finish"}

    assert compiled(step)["steps"]["it"]["path"] == path


@pytest.mark.parametrize("path", ["orders", "//evil.example/x", "/a?b=c", "/a#b", "/a b", "/{{ a\n}}", "/{x}"])
def test_a_path_with_anything_else_in_it_is_refused(path):
    with pytest.raises(ValidationError):
        adapter.validate_python({"id": "it", "step": "http", "connector": "shop", "path": path, "failed": "finish"})


def test_durations_are_compiled_to_seconds():
    text = ask_text(debounce="4 seconds", no_reply_after={"wait": "20 minutes", "to": "finish"})
    callback = {"id": "it", "step": "wait_callback", "timeout": "2 hours", "timed_out": "finish"}

    assert compiled(text)["steps"]["it"]["debounce"] == 4
    assert compiled(text)["steps"]["it"]["no_reply_after"] == {"seconds": 1200, "to": "finish"}
    assert compiled(callback)["steps"]["it"]["seconds"] == 7200


def test_bounds_are_compiled_as_they_were_written():
    step = {"id": "it", "step": "ask_number", "slot": "amount", "minimum": 1, "maximum": 2.5, "whole": False}

    assert str(compiled(step)["steps"]["it"]["minimum"]) == "1"
    assert compiled(step)["steps"]["it"]["maximum"] == 2.5


@pytest.mark.parametrize("time", [True, False])
def test_a_question_for_a_day_may_ask_for_a_time_too(time):
    asked = compiled({"id": "it", "step": "ask_date", "slot": "day", "time": time})["steps"]["it"]
    assert asked["time"] is time


def test_forgetting_a_slot_is_compiled_as_null():
    assert compiled({"id": "it", "step": "set", "slot": "word", "value": None})["steps"]["it"]["value"] is None


def test_a_step_that_only_leads_aside_does_not_go_on_to_the_next():
    variants = [{"name": "a", "weight": 1, "to": "finish"}, {"name": "b", "weight": 0, "to": "finish"}]

    assert compiled({"id": "it", "step": "split", "goal": "booked", "variants": variants})["steps"]["it"]["next"] == []


def test_a_guard_is_compiled_only_where_there_is_one():
    guard = {"all": [{"slot": "word", "op": "unknown"}, {"not": {"fact": "known_contact", "op": "is", "value": True}}]}

    assert compiled(ask_text(), guard=guard)["guard"] == guard
    assert "guard" not in compiled(ask_text())


@pytest.mark.parametrize(
    ("guard", "rule"),
    [
        ({"slot": "shoe_size", "op": "known"}, "slot.unknown"),
        ({"fact": "weather", "op": "known"}, "fact.unknown"),
        ({"fact": "stage", "op": "is", "value": "guru"}, "condition.value"),
        ({"fact": "tag_", "op": "is", "value": True}, "fact.unknown"),
    ],
)
def test_a_guard_that_compares_what_does_not_exist_is_refused(guard, rule):
    content = content_of(flow_folder(flow_of("one", [NOTICE, END], guard=guard), words_for([NOTICE, END])))

    assert [error.rule for error in check_content(content)] == [rule]


@pytest.mark.parametrize(
    ("second", "rule"),
    [
        ({"name": "news", "purpose": "marketing", "channel": "sms"}, "preference.twice"),
        ({"name": "again", "purpose": "marketing", "channel": "email"}, "preference.twice"),
        ({"name": "done", "purpose": "marketing", "channel": "sms"}, "choice.reserved"),
    ],
)
def test_preferences_are_told_apart(second, rule):
    first = {"name": "news", "purpose": "marketing", "channel": "email"}
    steps = [NOTICE, {"id": "it", "step": "preferences", "items": [first, second]}, END]
    words = words_for(steps)
    words["it"]["choices"][second["name"]] = "Another"
    words["it"]["also"][second["name"]] = ["Another"]
    content = content_of(flow_folder(flow_of("one", steps), words))

    assert [error.rule for error in check_content(content)] == [rule]


def test_flows_may_not_give_a_slot_two_types():
    other = flow_of("two", [NOTICE, END], slots={"word": {"type": "number", "label": "word"}})
    content = content_of(
        flow_folder(flow_of("one", [NOTICE, END]), words_for([NOTICE, END])),
        flow_folder(other, {name: {"text": "Here."} for name in ("notice", "finish")}),
    )

    assert [error.rule for error in check_content(content)] == ["slot.differs"]

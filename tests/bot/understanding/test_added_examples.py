"""Examples are added where they belong, and no other line of any file changes."""

from __future__ import annotations

import pytest
import yaml

from bot.understanding.added_examples import NotAdded, add_examples, language_of
from flows.intent_examples import examples_by_intent
from server.settings import ROOT

FILES = {
    "site.en.yml": """version: "3.1"
# Ours, by hand.
nlu:
- intent: request_demo   # sells
  examples: |
    - show me
    - a demo please

# What people ask about money.
- intent: ask_pricing
  examples: |
    - what does it cost
- intent: greet
  examples: |
    - hi
""",
    "core.es.yml": 'version: "3.1"\nnlu:\n  - intent: greet\n    examples: |\n        - hola',
}
SHIPPED = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "nlu_data" / "intents").glob("*.yml"))}


def test_they_go_below_the_last_example_of_the_intent_and_everything_else_stays() -> None:
    after = add_examples(FILES, "request_demo", "en", ["show it to us", "# 1 demo: now"])
    expected = FILES["site.en.yml"].replace(
        "    - a demo please\n", "    - a demo please\n    - show it to us\n    - # 1 demo: now\n"
    )
    assert after == {**FILES, "site.en.yml": expected}
    assert examples_by_intent(after)["request_demo"] == ("show me", "a demo please", "show it to us", "# 1 demo: now")


def test_they_go_to_the_files_of_their_language() -> None:
    after = add_examples(FILES, "greet", "es", ["buenas"])
    assert after["core.es.yml"] == FILES["core.es.yml"] + "\n        - buenas"
    assert after["site.en.yml"] == FILES["site.en.yml"]


@pytest.mark.parametrize(("intent", "language"), [("ask_shipping", "en"), ("ask_pricing", "es"), ("greet", "fr")])
def test_what_the_language_has_no_examples_of_goes_to_a_file_of_its_own(intent: str, language: str) -> None:
    once = add_examples(FILES, intent, language, ["one"])
    assert {name: once[name] for name in FILES} == FILES
    collected = f"collected.{language}.yml"
    assert examples_by_intent({"": once[collected]}) == {intent: ("one",)}
    again = add_examples(once, intent, language, ["two"])
    assert again[collected].startswith(once[collected])
    other = add_examples(again, "ask_weather", language, ["rain?"])
    assert other[collected].startswith(again[collected])
    assert examples_by_intent({"": other[collected]}) == {intent: ("one", "two"), "ask_weather": ("rain?",)}


def test_lines_that_end_as_on_windows_go_on_so() -> None:
    files = {"site.en.yml": FILES["site.en.yml"].replace("\n", "\r\n")}
    after = add_examples(files, "ask_pricing", "en", ["and for two"])
    assert after["site.en.yml"].replace("    - and for two\r\n", "") == files["site.en.yml"]


def test_a_list_that_is_no_block_is_left_alone() -> None:
    files = {"site.en.yml": 'version: "3.1"\nnlu:\n- intent: greet\n  examples: "- hi\\n- hello\\n"\n'}
    after = add_examples(files, "greet", "en", ["hey"])
    assert after["site.en.yml"] == files["site.en.yml"]
    assert examples_by_intent(after) == {"greet": ("hi", "hello", "hey")}


@pytest.mark.parametrize(
    "collected", ["nlu: [a", "nlu: 3\n", "nlu:\n- intent: x\n  examples: |\n    - y\nresponses: {}\n"]
)
def test_a_file_that_cannot_take_them_is_named_and_not_spoilt(collected: str) -> None:
    with pytest.raises(NotAdded, match=r"collected\.en\.yml"):
        add_examples({"collected.en.yml": collected}, "ask_shipping", "en", ["a"])


def test_a_text_that_no_file_keeps_is_refused() -> None:
    with pytest.raises(NotAdded):
        add_examples(FILES, "greet", "en", ["bell \x07"])


@pytest.mark.parametrize("intent", sorted(examples_by_intent(SHIPPED)))
def test_every_shipped_intent_can_be_added_to_without_another_line_changing(intent: str) -> None:
    for language in ("en", "es", "de"):
        added = "what about the moon: - |"
        after = add_examples(SHIPPED, intent, language, [added])
        (changed,) = [name for name in after if after[name] != SHIPPED.get(name)]
        assert language_of(changed) == language
        if changed in SHIPPED:
            lines = after[changed].split("\n")
            lines.remove(next(line for line in lines if line.strip() == f"- {added}"))
            assert "\n".join(lines) == SHIPPED[changed]
        assert yaml.safe_load(after[changed])["nlu"]

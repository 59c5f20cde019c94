"""Changes are told in words a marketer reads, and line by line for who wants them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.publishing.changes_in_words import describe_changes
from bot.publishing.differences import difference_of_versions, unified_diffs
from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from tests.bot.publishing.small_site import EXAMPLES, FLOW, LIBRARY, TESTS, WORDS, hello, reworded, small_site

_ASK_COMPANY = "  - id: ask_company\n    step: ask_text\n    slot: company\n"
_ASK_SIZE = "  - id: ask_size\n    step: ask_choice\n    slot: size\n    choices: [small, large]\n"


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (FLOW.replace(_ASK_COMPANY, ""), ["step ask_company removed"]),
        (
            FLOW.replace(_ASK_COMPANY, _ASK_COMPANY + "  - {id: thanks, step: message}\n"),
            ["step thanks (message) added after ask_company"],
        ),
        (FLOW.replace("[small, large]", "[small, huge]"), ["step ask_size changed (choices)"]),
        (FLOW.replace(_ASK_SIZE + _ASK_COMPANY, _ASK_COMPANY + _ASK_SIZE), ["step ask_company moved after notice"]),
        (FLOW.replace("label: size", "label: number of people"), ["slot size changed (label)"]),
        (FLOW.replace("  size: {", "  age: {type: number, label: age}\n  size: {"), ["slot age added"]),
        (FLOW.replace("name: Hello", "name: Hi"), ["name changed"]),
        (FLOW.replace("nlu_triggers: [request_demo]\n", ""), ["nlu_triggers removed"]),
        ("# A comment.\n" + FLOW, ["flow.yml: only comments or layout changed"]),
    ],
)
def test_a_changed_flow_is_told_step_by_step(flow: str, words: list[str]) -> None:
    told = describe_changes("library/hello", hello(), hello(flow))
    if words == ["step ask_company moved after notice"]:
        assert told in (words, ["step ask_size moved after ask_company"])
    else:
        assert told == words


def test_wording_tests_teams_articles_and_examples_are_told_apart() -> None:
    reworded_now = WORDS.replace("Small or large?", "Which?") + "thanks: {text: Thanks.}\n"
    assert describe_changes("library/hello", hello(), hello(words=reworded_now, tests=TESTS + "\n- name: two\n")) == [
        "tests.yml changed",
        "wording en: ask_size changed (retry)",
        "wording en: thanks added",
    ]
    teams = LIBRARY.replace("sales: {}", "support: {zone: Europe/Berlin}")
    assert describe_changes("library", {"library.yml": LIBRARY}, {"library.yml": teams}) == [
        "team sales removed",
        "team support added",
    ]
    articles = ({"a.md": "1", "b.md": "1"}, {"a.md": "2", "c.md": "1"})
    assert describe_changes("knowledge", *articles) == [
        "article a changed", "article b removed", "article c added",
    ]  # fmt: skip
    examples = (
        EXAMPLES.replace("- show me\n", "- show it\n    - show us\n") + "- intent: bye\n  examples: |\n    - bye\n"
    )
    assert describe_changes("intents", {"a.yml": EXAMPLES}, {"b.yml": examples}) == [
        "intent bye added",
        "intent request_demo: 2 examples added, 1 removed",
    ]


def test_new_and_removed_items_and_files_are_told_as_such() -> None:
    assert describe_changes("library/hello", None, hello()) == ["library/hello added"]
    assert describe_changes("library/hello", hello(), None) == ["library/hello removed"]
    german = hello() | {"wording.de.yml": WORDS}
    assert describe_changes("library/hello", hello(), german) == ["wording.de.yml added"]


def test_a_file_that_cannot_be_read_is_told_and_still_compared_line_by_line() -> None:
    broken = hello(flow="flow: [")
    (told,) = describe_changes("library/hello", hello(), broken)
    assert told.startswith("flow.yml changed; one of the two cannot be read (line ")
    assert "+flow: [" in unified_diffs(hello(), broken)["flow.yml"]
    (about,) = describe_changes("intents", {"a.yml": EXAMPLES}, {"a.yml": "nlu: ["})
    assert "cannot be read" in about


_steps = st.permutations(["a", "b", "c", "d", "e", "f"])


def _flow_of(names: list[str]) -> dict[str, str]:
    steps = "".join(f"  - {{id: {name}, step: message}}\n" for name in names)
    return {"flow.yml": f"flow: x\nsteps:\n{steps}"}


@settings(max_examples=60)
@given(before=_steps, after=_steps)
def test_moving_the_steps_that_are_told_as_moved_makes_the_new_order(before: list[str], after: list[str]) -> None:
    told = describe_changes("library/x", _flow_of(before), _flow_of(after))
    moved = {line.split()[1] for line in told if " moved " in line}
    assert [name for name in before if name not in moved] == [name for name in after if name not in moved]
    assert bool(told) == (before != after)


def test_a_unified_diff_names_files_that_are_new_or_gone() -> None:
    texts = unified_diffs({"a.md": "one\n"}, {"b.md": "two"})
    assert texts["a.md"].splitlines()[:2] == ["--- a/a.md", "+++ /dev/null"]
    assert texts["b.md"].endswith("+two\n\\ No newline at end of file\n")
    assert unified_diffs({"a.md": "one"}, {"a.md": "one"}) == {}


async def test_two_versions_are_compared_by_number(publisher: Publisher, shop: Workshop) -> None:
    await publisher.publish(small_site(), author="Ada")
    await publisher.publish(reworded("How many are you?"), author="Ada")
    async with shop.sessions() as session:
        found = await difference_of_versions(session, "library/hello", 1, 2)
    assert found.words == ["wording en: ask_size changed (text)"]
    assert "+  text: How many are you?" in found.texts["wording.en.yml"]

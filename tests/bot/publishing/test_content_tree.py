"""Content as texts: every tree that may be kept comes back from its folders; every other name is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.compiler import DEFAULT_CONTENT, DEFAULT_KNOWLEDGE
from flows.content_tree import (
    MAX_FILE,
    NotContent,
    changed_items,
    check_files,
    check_item,
    check_tree,
    digest_of,
    read_tree,
    write_tree,
)
from tests.bot.publishing.small_site import small_site

_texts = st.dictionaries(
    st.sampled_from(["flow.yml", "tests.yml", "wording.en.yml", "wording.de-AT.yml"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40),
    min_size=1,
)


@settings(max_examples=30)
@given(trees=st.dictionaries(st.from_regex(r"library/[a-z][a-z0-9_]{0,10}", fullmatch=True), _texts, max_size=4))
def test_what_is_written_is_read_back_letter_by_letter(
    tmp_path_factory: pytest.TempPathFactory, trees: dict[str, dict[str, str]]
) -> None:
    trees.pop("library/patterns", None)
    folder = tmp_path_factory.mktemp("content")
    write_tree(trees, folder)
    assert read_tree(folder, folder) == trees


def test_the_shipped_content_is_a_tree() -> None:
    tree = read_tree(DEFAULT_CONTENT, DEFAULT_KNOWLEDGE.parent)
    assert {"library", "library/patterns", "library/demo_request", "knowledge", "intents"} <= set(tree)


@pytest.mark.parametrize(
    "item",
    ["", ".", "..", "library/", "library/../x", "library/a/b", "/etc", "library\\x", "library/A", "journeys",
     "library/x\n", "library/" + "a" * 61, "evaluation", "knowledge/x"],
)  # fmt: skip
def test_a_name_that_is_no_items_is_refused(item: str) -> None:
    with pytest.raises(NotContent):
        check_item(item)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("library/hello", "../flow.yml"),
        ("library/hello", "sub/flow.yml"),
        ("library/hello", "wording.english.yml"),
        ("library/hello", "flow.yml\n"),
        ("library/patterns", "flow.yml"),
        ("library", "other.yml"),
        ("knowledge", ".hidden.md"),
        ("knowledge", "pricing.yml"),
        ("intents", "..yml"),
        ("intents", "/etc/x.yml"),
    ],
)
def test_a_file_that_an_item_cannot_hold_is_refused(item: str, name: str) -> None:
    with pytest.raises(NotContent, match="cannot have a file"):
        check_files(item, {name: "text"})


@pytest.mark.parametrize("text", ["\0", "\ud800", "a" * (MAX_FILE + 1), "é" * (MAX_FILE // 2 + 1)])
def test_a_text_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(NotContent):
        check_tree({"knowledge": {"a.md": text}})


def test_an_item_without_files_is_refused() -> None:
    with pytest.raises(NotContent):
        check_files("knowledge", {})


def test_nothing_is_written_of_a_tree_with_one_bad_name(tmp_path: Path) -> None:
    with pytest.raises(NotContent):
        write_tree({"knowledge": {"good.md": "x"}, "library/../out": {"flow.yml": "x"}}, tmp_path)
    assert list(tmp_path.rglob("*.md")) == []


def test_a_file_that_is_not_utf_8_or_misnamed_is_named(tmp_path: Path) -> None:
    (tmp_path / "library" / "hello").mkdir(parents=True)
    (tmp_path / "library" / "hello" / "flow.yml").write_bytes(b"\xff")
    with pytest.raises(NotContent, match=r"library/hello/flow\.yml is not UTF-8"):
        read_tree(tmp_path, tmp_path)
    (tmp_path / "library" / "hello" / "flow.yml").rename(tmp_path / "library" / "hello" / "flows.yml")
    (tmp_path / "library" / "hello" / "flows.yml").write_text("x")
    with pytest.raises(NotContent, match="flows"):
        read_tree(tmp_path, tmp_path)


def test_notes_and_hidden_files_of_authors_are_no_content(tmp_path: Path) -> None:
    write_tree(small_site(), tmp_path)
    for name in ("library/hello/.flow.yml.swp", "library/hello/notes.txt", "knowledge/_draft.md"):
        (tmp_path / name).write_text("x")
    assert read_tree(tmp_path, tmp_path) == small_site()


def test_the_digest_tells_texts_and_names_apart_and_not_their_order() -> None:
    assert digest_of({"a.md": "1", "b.md": "2"}) == digest_of({"b.md": "2", "a.md": "1"})
    assert len({digest_of(files) for files in ({"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": ""})}) == 4


def test_changed_items_are_those_new_gone_or_other() -> None:
    before = {"knowledge": {"a.md": "1"}, "intents": {"a.yml": "1"}, "library": {"library.yml": "1"}}
    after = {"knowledge": {"a.md": "2"}, "library": {"library.yml": "1"}, "library/x": {"flow.yml": "1"}}
    assert changed_items(before, after) == ["intents", "knowledge", "library/x"]

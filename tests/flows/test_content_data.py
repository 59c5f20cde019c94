"""Content as data for editors: nothing is lost on the way there and back, and what cannot be written is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.publishing.checking import look_at
from flows.compiler import DEFAULT_CONTENT, DEFAULT_INTENTS
from flows.content_data import ContentData, NotEditable, NotWritable, read_data, same, write_data
from flows.content_tree import NotContent, read_tree

SHIPPED = read_tree(DEFAULT_CONTENT, DEFAULT_INTENTS.parent)
EDITED = sorted(item for item in SHIPPED if "/" in item)

_TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("item", EDITED)
def test_what_ships_is_read_as_data_and_kept_to_the_letter_where_nothing_is_changed(item):
    data = read_data(item, SHIPPED[item])

    assert write_data(item, data, SHIPPED[item]) == SHIPPED[item]
    rewritten = write_data(item, data)
    assert rewritten.keys() == SHIPPED[item].keys()
    assert same(vars(read_data(item, rewritten)), vars(data))


def test_what_ships_written_anew_is_compiled_to_the_same_version():
    anew = {item: write_data(item, read_data(item, files)) if "/" in item else files for item, files in SHIPPED.items()}

    before, after = look_at(SHIPPED), look_at(anew)

    assert (list(before.faults), list(after.faults)) == ([], [])
    assert after.compiled() == before.compiled()


def test_only_the_file_in_which_something_changed_is_written_anew():
    files = SHIPPED["library/demo_request"]
    data = read_data("library/demo_request", files)
    german = {**data.wording["de"], "ask_goal": {**data.wording["de"]["ask_goal"], "text": "Was denn?"}}

    written = write_data(
        "library/demo_request",
        ContentData(data.settings, data.steps, {**data.wording, "de": german}, data.tests),
        files,
    )

    assert [name for name in files if written[name] != files[name]] == ["wording.de.yml"]


@given(st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=8), _VALUE, max_size=5))
def test_whatever_data_is_written_is_read_again_as_it_was_or_refused(settings):
    settings.pop("steps", None)
    data = ContentData(settings, [{"id": "one", "step": "end"}])
    try:
        files = write_data("library/one", data)
    except (NotWritable, NotContent):
        return
    assert same(read_data("library/one", files).settings, settings)


@pytest.mark.parametrize(
    "text", ["yes", "no", "on", "0o14", "1_000", "12:30", "2026-11-28", "~", "null", "=", "1e3", "- a", "#"]
)
def test_a_text_that_looks_like_something_else_stays_a_text(text):
    files = write_data("library/one", ContentData({"flow": text, text: "x"}, [{"id": "a", "step": "end"}]))

    assert read_data("library/one", files).settings == {"flow": text, text: "x"}


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([{"step": "end"}], "has no id"),
        ([{"id": "", "step": "end"}], "has no id"),
        ([{"id": 3, "step": "end"}], "has no id"),
        ([{"id": "one"}, {"id": "one"}], "Two steps have the id one"),
    ],
)
def test_a_step_without_an_id_of_its_own_is_refused(steps, problem):
    with pytest.raises(NotWritable, match=problem):
        write_data("library/one", ContentData({}, steps))


def test_what_no_reader_would_give_back_is_refused():
    for value in (float("inf"), 1e300, 10**30, "a\0b", "\ud800"):
        with pytest.raises((NotWritable, NotContent)):
            write_data("library/one", ContentData({"name": value}, []))
    deep: list = []
    for _ in range(60):
        deep = [deep]
    with pytest.raises(NotWritable, match="cannot be written"):
        write_data("library/one", ContentData({"name": deep}, []))
    with pytest.raises(NotWritable, match="among the settings"):
        write_data("library/one", ContentData({"steps": []}, []))


def test_a_file_that_is_no_yaml_is_told_with_its_line():
    with pytest.raises(NotEditable, match=r"library/one/flow.yml cannot be read: line 2"):
        read_data("library/one", {"flow.yml": "name: x\nsteps: [\n"})
    with pytest.raises(NotEditable, match="no list of steps"):
        read_data("library/one", {"flow.yml": "steps: {a: b}\n"})
    with pytest.raises(NotEditable, match="no map"):
        read_data("library/one", {"flow.yml": "- a\n"})
    with pytest.raises(NotEditable, match="no list of tests"):
        read_data("library/one", {"flow.yml": "", "tests.yml": "a: b\n"})

"""The YAML reader keeps lines, reads words as words, and refuses what could surprise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.marked_yaml import UnreadableYAML, read_marked


def test_each_part_knows_its_line():
    marks = read_marked("a: 1\nsteps:\n  - id: x\n    next:\n      - {to: y}\n", "f.yml")

    assert marks.line_of(("steps", 0, "next", 0, "to")) == 5
    assert marks.line_of(("steps", 0, "ask_choice", "missing")) == 3
    assert marks.line_of(("nothing",)) == 1


def test_words_and_dates_stay_text():
    data = read_marked(
        "{yes: no, on: 2026-01-02, size: 10-49, clock: 10:30, octal: 010, n: 7, t: true, z: null}", "f"
    ).data

    assert data == {
        "yes": "no",
        "on": "2026-01-02",
        "size": "10-49",
        "clock": "10:30",
        "octal": "010",
        "n": 7,
        "t": True,
        "z": None,
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [", 2),
        ("a: 1\na: 2\n", 2),
        ("a: &x 1\nb: *x\n", 2),
        ("a: !!python/object:os.system {}\n", 1),
        ("a: 1\nb: !secret x\n", 2),
        ("a: !!int many\n", 1),
        ("? [a]\n: 1\n", 1),
        ("a: \x00", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("[" * 5000, 1),
    ],
)
def test_what_could_surprise_is_refused_with_its_line(text, line):
    with pytest.raises(UnreadableYAML) as refused:
        read_marked(text, "f.yml")

    assert refused.value.line == line
    assert refused.value.problem


@given(text=st.text())
def test_any_text_is_read_or_refused(text):
    try:
        marks = read_marked(text, "f.yml")
    except UnreadableYAML:
        return
    assert all(1 <= line <= len(text) + 1 for line in marks.lines.values())


def test_a_zero_byte_is_refused_however_it_is_written():
    for text in ('a: 1\nb: "x\\0"', 'a: 1\n"\\x00": y', 'a: 1\nb: ["\\u0000"]'):
        with pytest.raises(UnreadableYAML) as refused:
            read_marked(text, "f.yml")
        assert refused.value.line == 2

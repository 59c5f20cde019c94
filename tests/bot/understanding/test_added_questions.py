"""Questions are added above an article in whatever way it is written, and no other line of it changes."""

from __future__ import annotations

import json
import re

import pytest

from bot.understanding.added_questions import QuestionsNotAdded, add_questions
from flows.errors import FlowsRefused
from flows.knowledge import parse_article
from server.settings import ROOT

BODY = "\nIt costs ten euros.\n\n---\n\nSo it is.\n"
NEW = ['How "much" is it: per seat?', "# and in May?"]


def article(front: str) -> str:
    return f"---\n{front}---\n{BODY}"


def questions(text: str) -> tuple[str, ...]:
    answer = parse_article(text, "knowledge/pricing.md", [])
    assert answer is not None
    assert answer.body == BODY.replace("\r", "")
    return answer.about.questions


@pytest.mark.parametrize(
    ("front", "before"),
    [
        ("title: Prices\n", ()),
        ("title: Prices\nquestions: []\nlink: https://a.example/\n", ()),
        ("title: Prices\nquestions: [a b, 'c, d']  # by hand\n", ("a b", "c, d")),
        ("title: Prices\nquestions: [a b,\n  'c, d',\n]\n", ("a b", "c, d")),
        ("questions:\n  - a b   # by hand\n  - 'c, d'\n\n# more\ntitle: Prices\n", ("a b", "c, d")),
        ("title: Prices\nquestions:\n- a b\n- c, d\n", ("a b", "c, d")),
        ("title: Prices\nquestions:\n- a\n  b\n- >-\n  c,\n  d\nlink: https://a.example/\n", ("a b", "c, d")),
    ],
)
def test_they_follow_those_that_are_there(front: str, before: tuple[str, ...]) -> None:
    text = article(front)
    added = add_questions(text, "knowledge/pricing.md", NEW)
    assert questions(added) == (*before, *NEW)
    if "[" not in front:
        lines = text.split("\n")
        assert [line for line in added.split("\n") if line in lines] == lines
    written = [json.dumps(one, ensure_ascii=False) for one in NEW]
    rest = re.sub("|".join(map(re.escape, written)), "", added)
    assert _bare(rest) == _bare(text)


def _bare(text: str) -> str:
    """What is left without the marks of a list and its key."""
    return re.sub(r"[-,\s]|^questions:$", "", text, flags=re.MULTILINE)


def test_lines_that_end_as_on_windows_go_on_so() -> None:
    text = article("title: Prices\nquestions:\n  - a b\n").replace("\n", "\r\n")
    added = add_questions(text, "knowledge/pricing.md", NEW)
    assert added.count("\n") == added.count("\r\n") == text.count("\n") + 2


def test_an_article_with_faults_or_too_many_questions_is_refused() -> None:
    with pytest.raises(FlowsRefused, match="front matter"):
        add_questions("no front", "knowledge/pricing.md", NEW)
    with pytest.raises(FlowsRefused, match="questions"):
        add_questions(article("title: Prices\n"), "knowledge/pricing.md", [f"question {n}" for n in range(201)])


def test_what_cannot_be_added_to_by_lines_is_left_alone() -> None:
    with pytest.raises(QuestionsNotAdded):
        add_questions(article("title: Prices\nquestions: [a # by hand\n  ]\n"), "knowledge/pricing.md", NEW)


@pytest.mark.parametrize("path", sorted((ROOT / "nlu_data" / "knowledge").glob("*.md")), ids=lambda path: path.stem)
def test_every_shipped_article_can_be_added_to(path) -> None:
    text = path.read_text("utf-8")
    added = add_questions(text, f"knowledge/{path.name}", NEW)
    lines = text.split("\n")
    assert [line for line in added.split("\n") if line in lines] == lines

"""Adds questions to what stands above an article: every line that is there stays as it is. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import yaml

from base.errors import Conflict
from flows.errors import FlowError, FlowsRefused
from flows.knowledge import Answer, parse_article

_FRONT_MATTER = re.compile(r"\A---(?P<ending>\r?\n)(?P<front>.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)


class QuestionsNotAdded(Conflict):
    """The article cannot be added to as it is: mend what stands above it first."""

    code = "questions_not_added"


def add_questions(text: str, file: str, questions: Sequence[str]) -> str:
    """The article with more questions that it answers.

    Raises:
        FlowsRefused: the article has faults, or too many questions with these.
        QuestionsNotAdded: its questions are written in a way that cannot be added to.
    """
    before = _read(text, file)
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise QuestionsNotAdded
    front = _extend(match["front"], [json.dumps(one, ensure_ascii=False) for one in questions], match["ending"])
    written = text[: match.start("front")] + front + text[match.end("front") :]
    after = _read_added(written, file)
    if after is None or after.about.questions != (*before.about.questions, *questions) or after.body != before.body:
        raise QuestionsNotAdded(
            f"The questions of {file} cannot be added to: write them one a line, each after a dash."
        )
    return written


def _extend(front: str, questions: Sequence[str], ending: str) -> str:
    node = yaml.compose(front, Loader=yaml.SafeLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    for key, value in pairs:
        if key.value == "questions" and isinstance(value, yaml.SequenceNode):
            return _extend_list(front, value, questions, ending)
    return front + f"questions:{ending}" + _items("  ", questions, ending)


def _extend_list(front: str, node: yaml.SequenceNode, questions: Sequence[str], ending: str) -> str:
    if not node.flow_style:
        last = node.value[-1].end_mark
        return _insert(
            front, last.line + (1 if last.column else 0), _items(" " * node.start_mark.column, questions, ending)
        )
    kept = front[: node.end_mark.index - 1].rstrip()  # without the bracket
    joint = "" if kept.endswith("[") else " " if kept.endswith(",") else ", "
    return f"{kept}{joint}{', '.join(questions)}{front[len(kept) :]}"


def _items(indent: str, questions: Sequence[str], ending: str) -> str:
    return "".join(f"{indent}- {question}{ending}" for question in questions)


def _insert(front: str, line: int, added: str) -> str:
    lines = front.split("\n")
    return "\n".join([*lines[:line], added + "\n".join(lines[line:])])


def _read_added(text: str, file: str) -> Answer | None:
    """The article as it was added to; None when that is no YAML any more."""
    try:
        return _read(text, file)
    except FlowsRefused as refused:
        if any(fault.rule == "yaml" for fault in refused.faults):
            return None
        raise


def _read(text: str, file: str) -> Answer:
    errors: list[FlowError] = []
    answer = parse_article(text, file, errors)
    if answer is None:
        raise FlowsRefused(errors)
    return answer

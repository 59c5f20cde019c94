"""Articles about to be taken in: their text, their name, and what is wrong with them. Writes no file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from flows.errors import FlowError
from flows.knowledge import parse_article

LONGEST_NAME = 80
LONGEST_LINE = 200  # what a title or a question may have

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"})


@dataclass(frozen=True)
class Drafted:
    """One article.

    Attributes:
        source, line: the file it was made of, and where in it it began.
    """

    source: str
    line: int
    title: str
    body: str
    link: str | None = None
    language: str | None = None
    questions: Sequence[str] = ()

    def text(self) -> str:
        """The article as a file."""
        front: dict[str, Any] = {"title": one_line(self.title)}
        if self.link:
            front["link"] = self.link
        if self.language:
            front["language"] = self.language
        if self.questions:
            front["questions"] = [one_line(question) for question in self.questions]
        head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=10_000)
        return f"---\n{head}---\n{self.body.strip()}\n"

    def faults(self) -> list[FlowError]:
        """What speaks against it, at the place it came from."""
        errors: list[FlowError] = []
        parse_article(self.text(), self.source, errors)
        return [FlowError(self.source, self.line, None, one.rule, one.problem, one.remedy) for one in errors]


def one_line(text: str) -> str:
    """A title or a question of it: no line break, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 2].rstrip() + " …"


def file_name(title: str, taken: Container[str]) -> str:
    """A name for the article's file that nobody has yet."""
    letters = unicodedata.normalize("NFKD", title.casefold().translate(_LIGATURES))
    name = _NOT_IN_NAMES.sub("_", letters.encode("ascii", "ignore").decode()).strip("_")[:LONGEST_NAME] or "article"
    number, free = 1, f"{name}.md"
    while free in taken:
        number += 1
        free = f"{name}_{number}.md"
    return free

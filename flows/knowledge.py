"""Reads knowledge articles: front matter (intent, title, link) and a short plain-text answer. Searches nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from flows.errors import FlowError
from flows.parsing import parse_model, parse_text
from flows.parts import Identifier, Language, Line, Part

LONGEST_ANSWER = 1200  # characters; an answer in a chat, not a page

_FRONT_MATTER = re.compile(r"\A---\r?\n(?P<front>.*?)^---[ \t]*\r?\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
_MARKUP = re.compile(r"</?[a-zA-Z]|\]\(|^#{1,6} |\*\*", re.MULTILINE)


class FrontMatter(Part):
    """What stands above an article. Without a language it is in the library's default one."""

    intent: Identifier
    title: Line
    link: Annotated[str, StringConstraints(pattern=r"^https://[^\s\"<>]+$", max_length=500)]
    language: Language | None = None


@dataclass(frozen=True)
class Answer:
    """One article, ready to be said."""

    file: str
    about: FrontMatter
    text: str


def parse_article(text: str, file: str, errors: list[FlowError]) -> Answer | None:
    """Read one article; add every fault to `errors` and give None if there is one."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        remedy = "Begin the file with --- lines around intent, title and link"
        errors.append(FlowError(file, 1, None, "article.front_matter", "the article has no front matter", remedy))
        return None
    marks = parse_text(match["front"], file, errors, first_line=2)
    about = parse_model(FrontMatter, marks, errors) if marks else None
    body = _unwrap(match["body"])
    faults = _check_body(body, match["body"], file, first_line=text.count("\n", 0, match.start("body")) + 1)
    errors.extend(faults)
    return Answer(file, about, body) if about and not faults else None


def _unwrap(body: str) -> str:
    """Join the lines of each paragraph, so that a line break in the file is none in the chat."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", body))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _check_body(body: str, raw: str, file: str, *, first_line: int) -> list[FlowError]:
    if not body:
        return [FlowError(file, first_line, None, "article.empty", "the article says nothing", "Write the answer")]
    faults = []
    if len(body) > LONGEST_ANSWER:
        problem = f"the answer has {len(body)} characters, more than {LONGEST_ANSWER}"
        faults.append(FlowError(file, first_line, None, "article.long", problem, "Shorten it; the link has the rest"))
    if markup := _MARKUP.search(raw):
        line = first_line + raw.count("\n", 0, markup.start())
        faults.append(FlowError(file, line, None, "article.markup", "the answer holds markup", "Write plain text"))
    return faults

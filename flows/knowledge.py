"""Reads knowledge articles: front matter and a Markdown text, with a short answer where an intent asks for it.

Searches nothing and splits nothing: `bot/knowledge` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from flows.errors import FlowError
from flows.markdown_blocks import Block, find_html, join_blocks, read_blocks
from flows.parsing import parse_model, parse_text
from flows.parts import Identifier, Language, Line, Part

LONGEST_ANSWER = 1200  # characters; an answer in a chat, not a page
LONGEST_ARTICLE = 100_000  # characters
MOST_QUESTIONS = 200

_FRONT_MATTER = re.compile(r"\A---\r?\n(?P<front>.*?)^---[ \t]*\r?\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
_MARKUP = re.compile(r"\]\(|^#{1,6} |\*\*|`|^\s*([-*+]|\d+[.)]) |^\s*\||^    |^>", re.MULTILINE)


class FrontMatter(Part):
    """What stands above an article. Without a language it is in the library's default one.

    Attributes:
        intent: what it answers at once, by a short answer; without one it is only searched.
        questions: what people ask that it answers, in their words.
    """

    intent: Identifier | None = None
    title: Line
    link: Annotated[str, StringConstraints(pattern=r"^https://[^\s\"<>]+$", max_length=500)] | None = None
    language: Language | None = None
    questions: tuple[Line, ...] = Field((), max_length=MOST_QUESTIONS)


@dataclass(frozen=True)
class Answer:
    """One article.

    Attributes:
        text: the short answer, plain; of an article without an intent, its beginning.
        body: all of it, in Markdown.
    """

    file: str
    about: FrontMatter
    text: str
    body: str

    @property
    def name(self) -> str:
        """What the article is called: its file without `.md`."""
        return self.file.rpartition("/")[2].removesuffix(".md")


def parse_article(text: str, file: str, errors: list[FlowError]) -> Answer | None:
    """Read one article; add every fault to `errors` and give None if there is one."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        remedy = "Begin the file with --- lines around its title"
        errors.append(FlowError(file, 1, None, "article.front_matter", "the article has no front matter", remedy))
        return None
    marks = parse_text(match["front"], file, errors, first_line=2)
    about = parse_model(FrontMatter, marks, errors) if marks else None
    body = match["body"]
    short = _shorten(body)
    first_line = text.count("\n", 0, match.start("body")) + 1
    faults = _check_body(body, short, file, first_line=first_line, answers=bool(about and about.intent))
    errors.extend(faults)
    return Answer(file, about, short, body) if about and not faults else None


def _shorten(body: str) -> str:
    """The body if it is short and plain, else as many of its first blocks as an answer may have."""
    unwrapped = _unwrap(body)
    if len(unwrapped) <= LONGEST_ANSWER and not _MARKUP.search(body):
        return unwrapped
    kept: list[Block] = []
    for block in read_blocks(body):
        if block.kind == "heading" and not kept:
            continue  # an answer begins with what it says, not with what it is about
        if len(join_blocks([*kept, block])) > LONGEST_ANSWER:
            break
        kept.append(block)
    while kept and kept[-1].kind == "heading":
        kept.pop()
    return join_blocks(kept)


def _unwrap(body: str) -> str:
    """Join the lines of each paragraph, so that a line break in the file is none in the chat."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", body))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _check_body(body: str, short: str, file: str, *, first_line: int, answers: bool) -> list[FlowError]:
    def fault(line: int, rule: str, problem: str, remedy: str) -> FlowError:
        return FlowError(file, line, None, rule, problem, remedy)

    if len(body) > LONGEST_ARTICLE:
        problem = f"the article has {len(body)} characters, more than {LONGEST_ARTICLE}"
        return [fault(first_line, "article.long", problem, "Make several articles of it")]
    if all(block.kind == "heading" for block in read_blocks(body)):
        return [fault(first_line, "article.empty", "the article says nothing", "Write the answer")]
    faults = []
    if answers and not short:
        problem = f"its first paragraph has more than {LONGEST_ANSWER} characters: too long for a chat"
        faults.append(fault(first_line, "article.long", problem, "Begin with a short answer; the rest may follow"))
    if (line := find_html(body)) is not None:
        remedy = "Write Markdown; `parley knowledge import` makes it of web pages"
        faults.append(fault(first_line + line - 1, "article.markup", "the article holds HTML", remedy))
    return faults

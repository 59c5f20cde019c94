"""Cuts an article into passages that can be embedded, found and quoted. Pure: reads no file and no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from flows.markdown_blocks import Block, join_blocks, read_blocks

ENOUGH_WORDS = 80
"""A passage of as many is closed where the next paragraph would make it long."""
MOST_WORDS = 180
MOST_CHARACTERS = 1_600

_SENTENCE_END = re.compile(r"(?<=[.!?…。])[\"'”’»)]*\s+(?=[\"'“‘„«(¿¡]*[^\W_a-z])")
_LONG_FROM = 120
"""Words from which on a passage that has enough is not added to."""


@dataclass(frozen=True)
class Passage:
    """A part of an article.

    Attributes:
        kind: `question` for a text that only leads to the article: what people ask, or its title.
        heading: those above it, the outer one first; empty before the first.
    """

    number: int
    kind: Literal["passage", "question"]
    heading: str
    text: str


def cut(title: str, markdown: str, questions: Sequence[str] = ()) -> list[Passage]:
    """Give the passages of an article, then the title and the questions that lead to it."""
    texts = [(heading, text) for heading, blocks in _sections(read_blocks(markdown)) for text in _pack(blocks)]
    passages = [Passage(number, "passage", heading, text) for number, (heading, text) in enumerate(texts)]
    asked = dict.fromkeys(text for text in (title, *questions) if text)
    return passages + [Passage(number, "question", "", text) for number, text in enumerate(asked, len(passages))]


def text_to_embed(title: str, passage: Passage) -> str:
    """Give what a passage's vector is made of: what it is about comes first, so that nothing cuts it off."""
    if passage.kind == "question":
        return passage.text
    return "\n".join(part for part in (title, passage.heading, passage.text) if part)


def _sections(blocks: Iterable[Block]) -> Iterator[tuple[str, list[Block]]]:
    path: list[Block] = []
    section: list[Block] = []
    for block in blocks:
        if block.kind != "heading":
            section.append(block)
            continue
        if section:
            yield _name(path), section
        elif path and block.level <= path[-1].level:
            # A heading with nothing below it says something by itself.
            yield _name(path[:-1]), [Block("paragraph", path[-1].text, path[-1].line)]
        path = [*(one for one in path if one.level < block.level), block]
        section = []
    if section:
        yield _name(path), section
    elif path:
        yield _name(path[:-1]), [Block("paragraph", path[-1].text, path[-1].line)]


def _name(path: Iterable[Block]) -> str:
    return " – ".join(block.text for block in path)


def _pack(blocks: Iterable[Block]) -> Iterator[str]:
    """Puts neighbouring blocks together; never more than a passage may hold."""
    packed: list[list[Block]] = []
    for block in (piece for whole in blocks for piece in _pieces(whole)):
        last = packed[-1] if packed else None
        if last is None or not _fits([*last, block]) or (_words(last) >= ENOUGH_WORDS and _is_long([*last, block])):
            packed.append([block])
        else:
            last.append(block)
    if len(packed) > 1 and _words(packed[-1]) < ENOUGH_WORDS and _fits([*packed[-2], *packed[-1]]):
        rest = packed.pop()
        packed[-1] += rest
    return (join_blocks(group) for group in packed)


def _pieces(block: Block) -> Iterator[Block]:
    """The block, cut at sentences where it is too long, and within a sentence where that is."""
    if _fits([block]):
        yield block
        return
    kept = ""
    for part in (part for sentence in _SENTENCE_END.split(block.text) for part in _fragments(sentence)):
        joined = f"{kept} {part}".strip()
        if kept and not _fits([Block(block.kind, joined, block.line)]):
            yield Block(block.kind, kept, block.line)
            joined = part
        kept = joined
    if kept:
        yield Block(block.kind, kept, block.line)


def _fragments(sentence: str) -> Iterator[str]:
    """Words put together as long as they fit; a word that is too long by itself is cut."""
    most = MOST_CHARACTERS // 2
    kept: list[str] = []
    size = 0
    for word in (long[at : at + most] for long in sentence.split() for at in range(0, len(long), most)):
        if kept and (len(kept) >= MOST_WORDS or size + len(word) >= MOST_CHARACTERS - 2):
            yield " ".join(kept)
            kept, size = [], 0
        kept.append(word)
        size += len(word) + 1
    if kept:
        yield " ".join(kept)


def _fits(blocks: Sequence[Block]) -> bool:
    return _words(blocks) <= MOST_WORDS and len(join_blocks(blocks)) <= MOST_CHARACTERS


def _is_long(blocks: Sequence[Block]) -> bool:
    return _words(blocks) > _LONG_FROM


def _words(blocks: Sequence[Block]) -> int:
    return sum(len(block.text.split()) for block in blocks)

"""Answers the need `knowledge` from the articles of a content, without a database: for tests and talks in the terminal.

The search nears that of the index (`bot.knowledge.search`): the same passages and confidence, but words are compared by
their beginnings, since only PostgreSQL knows their stems.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.knowledge.answering import MOST_PASSAGES, NOTHING, as_json
from bot.knowledge.confidence import rate, read_calibration
from bot.knowledge.filling import VectorSource
from bot.knowledge.passages import Passage, cut, text_to_embed
from bot.knowledge.search import BEGINNING, RARE, Found
from bot.turn_shapes import Need
from bot.vectors import read_vector
from flows.content import Content
from flows.knowledge import Answer

SURE = 0.9
"""The confidence of an article that a test says is found."""

_BEGINNING = 6  # letters of a word
_WORD = re.compile(r"\w+")


def find_named(content: Content, name: str) -> Mapping[str, Any]:
    """The result that finds the article of this name for sure; what is quoted is its first passage."""
    answer = next((one for one in content.answers if one.name == name), None)
    passage = next(iter(_passages(answer)), None) if answer is not None else None
    if answer is None or passage is None:
        return NOTHING
    found = _found(answer, passage, content.default_language, cosine=None, coverage=1.0)
    return {"passages": [as_json(found, SURE)], "sure": True}


@dataclass(frozen=True)
class _Row:
    """A passage of an article, with its words and what it means."""

    answer: Answer
    passage: Passage
    words: frozenset[str]
    vector: Sequence[float]


_Scored = tuple[_Row, float | None, float]
"""A passage with its cosine and coverage."""


class ContentArticles:
    """Searches the articles of a content, whose meanings are made with the first question."""

    def __init__(self, content: Content, source: VectorSource, language: str) -> None:
        self._content = content
        self._source = source
        self._language = language
        self._rows: list[_Row] | None = None
        self._encoder = ""

    async def __call__(self, need: Need) -> Mapping[str, Any]:
        """The result as the protocol has it.

        Raises:
            DialogueUnavailable, DialogueFailed: no dialogue process made the vectors.
        """
        rows = self._rows = await self._read() if self._rows is None else self._rows
        query = need.query if isinstance(need.query, str) else ""
        meaning = read_vector(need.vector) if need.vector and need.encoder == self._encoder else None
        found = self._search(rows, query, meaning)
        rated = sorted(((one, rate(one, self._language)) for one in found), key=lambda pair: -pair[1])
        best = rated[: max(1, min(need.count or 1, MOST_PASSAGES))]
        return {
            "passages": [as_json(*pair) for pair in best],
            "sure": bool(best) and best[0][1] >= read_calibration().bar,
        }

    async def _read(self) -> list[_Row]:
        parts = [(answer, part) for answer in self._content.answers for part in _cut(answer)]
        texts = [text_to_embed(answer.about.title, part) for answer, part in parts]
        if not texts:
            return []
        made = await self._source.vectors(texts)
        self._encoder = made.encoder
        return [
            _Row(answer, part, _words(text), vector)
            for (answer, part), text, vector in zip(parts, texts, made.rows, strict=True)
        ]

    def _search(self, rows: Sequence[_Row], query: str, meaning: Sequence[float] | None) -> Iterator[Found]:
        """Each article with its best evidence and the passage to quote."""
        weights = _weights(_words(query), rows)
        total = sum(weights.values()) or 1.0
        by_article: dict[str, list[_Scored]] = {}
        for row in rows:
            cosine = None if meaning is None else _cosine(meaning, row.vector)
            covered = sum(weights[word] for word in weights.keys() & row.words) / total
            by_article.setdefault(row.answer.file, []).append((row, cosine, covered))
        for scored in by_article.values():
            quotable = [one for one in scored if one[0].passage.kind == "passage"]
            if quotable:
                row = _pick(scored, quotable)
                nearest = None if meaning is None else max(cosine or 0.0 for _, cosine, _ in scored)
                coverage = max(covered for _, _, covered in scored)
                yield _found(row.answer, row.passage, self._content.default_language, cosine=nearest, coverage=coverage)


def _found(answer: Answer, passage: Passage, default: str, *, cosine: float | None, coverage: float) -> Found:
    about = answer.about
    return Found(
        answer.name, about.title, about.link, about.language or default, passage.heading, passage.text, 0.0,
        cosine, coverage, 0.0,
    )  # fmt: skip


def _pick(scored: Sequence[_Scored], quotable: Sequence[_Scored]) -> _Row:
    """The passage to quote: as in search.sql."""
    nearest, cosine, _ = max(scored, key=lambda one: one[1] or 0.0)
    is_title = nearest.passage.kind == "question" and nearest.passage.text == nearest.answer.about.title
    more = BEGINNING if is_title and cosine is not None else 0.0

    def worth(one: _Scored) -> float:
        row, near, covered = one
        return (near or 0.0) + covered / 2 + (more if row.passage.number == 0 else 0.0)

    return max(quotable, key=worth)[0]


def _cut(answer: Answer) -> list[Passage]:
    return cut(answer.about.title, answer.body, answer.about.questions)


def _passages(answer: Answer) -> Iterator[Passage]:
    return (part for part in _cut(answer) if part.kind == "passage")


def _words(text: str) -> frozenset[str]:
    return frozenset(word[:_BEGINNING] for word in _WORD.findall(text.casefold()))


def _weights(words: frozenset[str], rows: Sequence[_Row]) -> dict[str, float]:
    """What each word of a question weighs: rare ones more, as in the index."""
    shares = {word: sum(word in row.words for row in rows) / max(1, len(rows)) for word in words}
    return {word: math.log(1 + 1 / (share or RARE)) for word, share in shares.items()}


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / (math.hypot(*one) * math.hypot(*other) or 1.0)

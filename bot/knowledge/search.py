"""Finds the articles that answer a question, by meaning and by words in one statement. Judges no confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgvector import Vector
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.knowledge.languages import configuration_of
from bot.knowledge.models import INDEXED_DIMENSIONS

NEAREST = 20
"""Passages that are looked at by meaning, and as many by words."""

_MOST_WORDS = 24  # of a question; the rarest
_MOST_HOLDING = 500  # passages; a word that stands in more of them finds nothing by itself
RARE = 0.002  # the share of passages taken for a word of which it is not known
_DAMPING = 60  # of reciprocal rank fusion, as its authors chose it
BEGINNING = 0.1  # what an article's first passage has more when the question is nearest to the title
_ELSEWHERE = 0.75  # what the score of an article in another language than the talk's is worth
_BEGIN = text("""
    SELECT array(SELECT DISTINCT language FROM knowledge_articles WHERE live),
           set_config('hnsw.iterative_scan', 'strict_order', true),
           set_config('statement_timeout', '3s', true)
""")
"""A turn waits for this; and vectors that are not live do not make the index find fewer."""
_STATEMENT = (Path(__file__).parent / "search.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Question:
    """What is asked, in which language, and what it means if that is known.

    Attributes:
        encoder: what made the vector; only passages with vectors of the same are compared.
    """

    text: str
    language: str
    vector: Sequence[float] | None = None
    encoder: str | None = None


@dataclass(frozen=True)
class Found:
    """An article with the passage to quote, and what speaks for it.

    Attributes:
        article: its name, without `.md`.
        score: of the fusion; tells which is before which and nothing else.
        cosine: how near the nearest of its passages is; None when none could be compared.
        coverage: how much of the question's words stand in one of its passages, rare words counting more, 0 to 1.
        named: how much of them stands in a title or heading.
    """

    article: str
    title: str
    link: str | None
    language: str
    heading: str
    text: str
    score: float
    cosine: float | None
    coverage: float
    named: float


async def search(session: AsyncSession, question: Question, *, limit: int) -> list[Found]:
    """The articles that answer the question most likely, the best first; only live ones."""
    vector = question.vector if question.encoder else None
    languages = await session.scalar(_BEGIN)
    rows = await session.execute(
        statement_for(None if vector is None else len(vector)),
        parameters_of(question, languages or [], limit=limit),
    )
    return [_found(row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public name for it


def statement_for(dimensions: int | None) -> TextClause:
    """The statement for vectors of this length; those of the usual one are found by the index."""
    if dimensions is None:
        return text(_STATEMENT.format(nearness="NULL::float8", comparable="FALSE"))
    kind = f"vector({dimensions})"
    nearness = f"(embedding::{kind}) <=> CAST(:vector AS {kind})"
    if dimensions != INDEXED_DIMENSIONS:
        # A cast of another length would fail: what is not comparable is never cast.
        comparable = f"vector_dims(embedding) = {dimensions}"
        nearness = f"(CASE WHEN {comparable} THEN {nearness} END)"
    return text(_STATEMENT.format(nearness=nearness, comparable=f"vector_dims(embedding) = {dimensions}"))


def parameters_of(question: Question, languages: Sequence[str], *, limit: int) -> dict[str, Any]:
    """What the statement is given.

    Args:
        languages: those of the live articles.
    """
    known = {configuration_of(language) for language in languages}
    own = configuration_of(question.language)
    return {
        "question": question.text,
        "language": question.language,
        # Where no article is in the language of the talk, others may still have names and numbers of the question.
        "configurations": [own] if own in known else sorted({own, *known}),
        "vector": None if question.vector is None else Vector(list(question.vector)).to_text(),
        "encoder": question.encoder,
        "nearest": NEAREST,
        "candidates": limit,
        "damping": _DAMPING,
        "elsewhere": _ELSEWHERE,
        "most_words": _MOST_WORDS,
        "most_holding": _MOST_HOLDING,
        "rare": RARE,
        "beginning": BEGINNING,
    }


def _found(row: Any) -> Found:
    return Found(
        article=row["file"].removesuffix(".md"),
        title=row["title"],
        link=row["link"],
        language=row["language"],
        heading=row["heading"],
        text=row["text"],
        score=float(row["score"]),
        cosine=row["cosine"],
        coverage=float(row["coverage"] or 0),
        named=float(row["named"] or 0),
    )

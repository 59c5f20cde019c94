"""Gives live passages the vectors they lack, batch by batch: broken off at any time, it goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.tables import table_of
from bot.dialogue import DialogueFailed
from bot.knowledge.models import KnowledgeArticle, KnowledgePassage
from bot.knowledge.passages import Passage, text_to_embed
from bot.turn_shapes import Vectors

BATCH = 64
"""Passages that are sent and kept together."""

_SOMETHING = ("encoder",)  # a text to learn by which encoder there is


class VectorSource(Protocol):
    """Who makes vectors: the dialogue processes."""

    async def vectors(self, texts: Sequence[str]) -> Vectors:
        """What the texts mean, in the same order."""
        ...


class Progress(NamedTuple):
    """How many of the live passages have a vector of the present encoder."""

    done: int
    all: int


def tell_nobody(_progress: Progress) -> None:
    """For callers who do not watch."""


async def fill_vectors(
    sessions: Sessions, source: VectorSource, clock: Clock, told: Callable[[Progress], None] = tell_nobody
) -> int:
    """Makes the vectors that live passages lack; returns how many it made.

    Raises:
        DialogueUnavailable, DialogueFailed: no dialogue process made them. What was made before is kept.
    """
    encoder = (await source.vectors(_SOMETHING)).encoder
    made = 0
    while True:
        async with sessions() as session:
            told(await count_filled(session, encoder))
            batch = await _next_batch(session, encoder)
        if not batch:
            return made
        found = await source.vectors([wanted.text for wanted in batch])
        if found.encoder != encoder:
            raise DialogueFailed("The dialogue processes do not have one and the same encoder.")
        async with transaction(sessions) as session:
            await _keep(session, batch, found, clock.now())
        made += len(batch)


async def count_filled(session: AsyncSession, encoder: str) -> Progress:
    """How far the vectors of this encoder are."""
    live = KnowledgePassage.live
    counts = select(func.count().filter(KnowledgePassage.encoder == encoder), func.count()).where(live)
    return Progress(*(await session.execute(counts)).one())


async def lacks_vectors(session: AsyncSession) -> bool:
    """Whether any live passage has no vector at all."""
    lacking = exists().where(KnowledgePassage.live, KnowledgePassage.encoder.is_(None))
    return bool(await session.scalar(select(lacking)))


class _Wanted(NamedTuple):
    id: UUID
    article: str
    text: str


async def _next_batch(session: AsyncSession, encoder: str) -> list[_Wanted]:
    passage, article = KnowledgePassage, KnowledgeArticle
    rows = await session.execute(
        select(passage.id, passage.article_sha256, passage.kind, passage.heading, passage.text, article.title)
        .join(article, article.sha256 == passage.article_sha256)
        .where(passage.live, passage.encoder.is_distinct_from(encoder))
        .order_by(passage.article_sha256, passage.number)
        .limit(BATCH)
    )
    return [
        _Wanted(
            row.id, row.article_sha256, text_to_embed(row.title, Passage(0, row.kind, row.heading, row.text))
        )
        for row in rows
    ]  # fmt: skip


async def _keep(session: AsyncSession, batch: Sequence[_Wanted], found: Vectors, now: datetime) -> None:
    rows: list[dict[str, Any]] = [
        {"of": wanted.id, "vector": row, "made_by": found.encoder}
        for wanted, row in zip(batch, found.rows, strict=True)
    ]
    table = table_of(KnowledgePassage)
    statement = (
        update(table)
        .where(table.c.id == bindparam("of"))
        .values(embedding=bindparam("vector"), encoder=bindparam("made_by"))
    )
    await (await session.connection()).execute(statement, rows)
    await session.execute(
        update(KnowledgeArticle)
        .where(KnowledgeArticle.sha256.in_({wanted.article for wanted in batch}), ~_lacking(found.encoder))
        .values(encoder=found.encoder, indexed_at=now)
        .execution_options(synchronize_session=False)
    )


def _lacking(encoder: str) -> ColumnElement[bool]:
    passage = KnowledgePassage
    return exists().where(
        and_(passage.article_sha256 == KnowledgeArticle.sha256, passage.encoder.is_distinct_from(encoder))
    )

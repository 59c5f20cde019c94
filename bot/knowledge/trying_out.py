"""Answers from articles as if others were live: the real index and search, in a transaction that is taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from base.clock import Clock
from base.database import Sessions
from bot.knowledge.answering import MOST_PASSAGES, Answered, answer
from bot.knowledge.filling import VectorSource, fill_vectors
from bot.knowledge.indexing import index_articles
from bot.knowledge.search import Question
from bot.turn_shapes import Vectors
from flows.content_tree import Files


class Asked(NamedTuple):
    """A question to be tried, and its language."""

    text: str
    language: str


async def ask_live(sessions: Sessions, asked: Sequence[Asked], meanings: Vectors) -> list[Answered]:
    """What the live articles say to each question."""
    async with sessions() as session:
        return await _ask(session, asked, meanings)


@asynccontextmanager
async def as_if_live(
    engine: AsyncEngine, files: Files, *, default_language: str, source: VectorSource, clock: Clock
) -> AsyncIterator[Sessions]:
    """Sessions in which these articles are the live ones, for as long as the block runs; nobody else sees them.

    Publications wait meanwhile, so nothing long may be done in the block.
    """
    async with engine.connect() as connection:
        outer = await connection.begin()
        try:
            sessions = Sessions(
                bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False, autoflush=False
            )
            async with sessions() as session, session.begin():
                await index_articles(session, files, default_language=default_language, now=clock.now())
            await fill_vectors(sessions, source, clock)
            yield sessions
        finally:
            await outer.rollback()


async def _ask(session: AsyncSession, asked: Sequence[Asked], meanings: Vectors) -> list[Answered]:
    return [
        await answer(session, Question(one.text, one.language, row, meanings.encoder), limit=MOST_PASSAGES)
        for one, row in zip(asked, meanings.rows, strict=True)
    ]

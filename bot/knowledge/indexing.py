"""Takes the articles of a publication into the index, in its transaction, and marks those that are live.

Asks no encoder: vectors are filled in afterwards (`bot.knowledge.filling`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from bot.knowledge.languages import configuration_of
from bot.knowledge.models import KnowledgeArticle, KnowledgePassage
from bot.knowledge.passages import cut
from flows.content_tree import KNOWLEDGE, Files
from flows.knowledge import Answer, parse_article

KEPT = timedelta(days=30)
"""How long an article that is not live any more is kept, so that going back to it costs nothing."""

_FORMAT = "1"  # another one cuts and weighs every article anew
_ADD_PASSAGE = text("""
    INSERT INTO knowledge_passages (id, article_sha256, number, kind, language, heading, text, search)
    VALUES (:id, :article_sha256, :number, :kind, :language, :heading, :text,
            setweight(to_tsvector(CAST(:configuration AS regconfig), CAST(:title AS text)), 'A')
            || setweight(to_tsvector(CAST(:configuration AS regconfig), CAST(:heading AS text)), 'B')
            || setweight(to_tsvector(CAST(:configuration AS regconfig), CAST(:text AS text)), 'C'))
""")


async def index_articles(session: AsyncSession, files: Files, *, default_language: str, now: datetime) -> int:
    """Makes exactly these articles the live ones.

    Args:
        files: the articles by file name, as published; one that cannot be read is left out.

    Returns:
        How many were not in the index yet.
    """
    articles = dict(_read(files, default_language))
    fresh = await _add_articles(session, articles)
    rows = [row for sha256 in fresh for row in _passages(sha256, *articles[sha256])]
    if rows:
        await session.execute(_ADD_PASSAGE, rows)
    await _mark_live(session, sorted(articles), now)
    if fresh:
        # How rare a word is comes from the statistics, which are else made some time later.
        await session.execute(text("ANALYZE knowledge_passages"))
    return len(fresh)


async def drop_old(session: AsyncSession, now: datetime) -> int:
    """Deletes what has not been live for long; returns how many articles."""
    old = delete(KnowledgeArticle).where(~KnowledgeArticle.live, KnowledgeArticle.indexed_at < now - KEPT)
    return len((await session.execute(old.returning(KnowledgeArticle.sha256))).all())


def address_of(file: str, language: str, content: str) -> str:
    """What an article is known by: other text, other address."""
    parts = f"{_FORMAT}\x00{language}\x00{file}\x00{content}"
    return hashlib.sha256(parts.encode()).hexdigest()


def _read(files: Files, default_language: str) -> Iterator[tuple[str, tuple[Answer, str]]]:
    for name, content in sorted(files.items()):
        answer = parse_article(content, f"{KNOWLEDGE}/{name}", [])
        if answer is not None:
            language = answer.about.language or default_language
            yield address_of(name, language, content), (answer, language)


async def _add_articles(session: AsyncSession, articles: Mapping[str, tuple[Answer, str]]) -> Sequence[str]:
    if not articles:
        return []
    rows = [
        {
            "sha256": sha256, "file": answer.file.rpartition("/")[2], "title": answer.about.title,
            "link": answer.about.link, "language": language, "intent": answer.about.intent,
        }
        for sha256, (answer, language) in articles.items()
    ]  # fmt: skip
    statement = insert(KnowledgeArticle).values(rows).on_conflict_do_nothing()
    return (await session.scalars(statement.returning(KnowledgeArticle.sha256))).all()


def _passages(sha256: str, answer: Answer, language: str) -> Iterator[dict[str, Any]]:
    about = answer.about
    for passage in cut(about.title, answer.body, about.questions):
        yield {
            "id": new_id(), "article_sha256": sha256, "number": passage.number, "kind": passage.kind,
            "language": language, "heading": passage.heading, "text": passage.text, "title": about.title,
            "configuration": configuration_of(language),
        }  # fmt: skip


async def _mark_live(session: AsyncSession, live: Sequence[str], now: datetime) -> None:
    article, passage = KnowledgeArticle, KnowledgePassage
    came = update(article).where(article.sha256.in_(live), ~article.live).values(live=True)
    went = update(article).where(article.sha256.not_in(live), article.live).values(live=False, indexed_at=now)
    await session.execute(came)
    await session.execute(went)
    # Only rows that change are written: each is entered into the index of vectors anew.
    for is_live in (True, False):
        same = select(article.sha256).where(article.live == is_live)
        changed = update(passage).where(passage.article_sha256.in_(same), passage.live != is_live)
        await session.execute(changed.values(live=is_live).execution_options(synchronize_session=False))

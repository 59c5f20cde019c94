"""Tables of the knowledge index: made from published articles, addressed by their content, made anew at any time."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

INDEXED_DIMENSIONS = 384
"""Vectors of this length are found by the HNSW index; those of other encoders by looking at each live passage."""


class KnowledgeArticle(Table):
    """One article as it was published. `sha256` is that of language, file name and text.

    `live` marks those of the live publication. `encoder` is the one its passages have vectors of; null until then.
    `indexed_at` is when that was last brought about, or when it ceased to be live.
    """

    __tablename__ = "knowledge_articles"
    __table_args__ = (Index("ix_knowledge_articles_live", "file", postgresql_where=sql("live")),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    file: Mapped[str]
    title: Mapped[str]
    link: Mapped[str | None]
    language: Mapped[str]
    intent: Mapped[str | None]
    live: Mapped[bool] = mapped_column(default=False, server_default=sql("false"))
    encoder: Mapped[str | None]
    indexed_at: Mapped[datetime | None]


class KnowledgePassage(Table):
    """A part of an article that can be quoted, or a question that it answers (`kind`).

    `text` is what is quoted (for a question: the question, which points at the article's first passage).
    `search` is made from title, heading and text by the configuration of the language.
    `live` and `encoder` repeat the article's, so that the partial index needs no join.
    """

    __tablename__ = "knowledge_passages"
    __table_args__ = (
        UniqueConstraint("article_sha256", "number"),
        Index(
            "ix_knowledge_passages_embedding",
            literal_column(f"(embedding::vector({INDEXED_DIMENSIONS}))").label("nearest"),
            postgresql_ops={"nearest": "vector_cosine_ops"},
            postgresql_using="hnsw",
            postgresql_where=sql(f"live AND vector_dims(embedding) = {INDEXED_DIMENSIONS}"),
        ),
        Index("ix_knowledge_passages_search", "search", postgresql_using="gin", postgresql_where=sql("live")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    article_sha256: Mapped[str] = mapped_column(ForeignKey("knowledge_articles.sha256", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(default="passage", server_default="passage")
    language: Mapped[str]
    heading: Mapped[str]
    text: Mapped[str]
    search: Mapped[Any] = mapped_column(TSVECTOR)
    live: Mapped[bool] = mapped_column(default=False, server_default=sql("false"))
    encoder: Mapped[str | None]
    embedding: Mapped[Any | None] = mapped_column(VECTOR())

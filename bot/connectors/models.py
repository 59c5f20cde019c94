"""Tables of connectors. A secret stands only in `headers_sealed`; an answer is kept so that no call is made twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_COLUMN = "connectors.headers_sealed"


class Connector(Table):
    """Another system that flows may call: where, with which methods and paths, how often a day.

    `allow_private` lets it stand in the operator's own network; else only public addresses are called.
    """

    __tablename__ = "connectors"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    base_url: Mapped[str]
    headers_sealed: Mapped[bytes | None]
    key_id: Mapped[str | None]
    methods: Mapped[list[str]]
    paths: Mapped[list[str]]
    allow_private: Mapped[bool] = mapped_column(default=False, server_default="false")
    calls_a_day: Mapped[int] = mapped_column(default=1000, server_default="1000")
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ConnectorCall(Table):
    """One call: the egress log, and what makes a repeated turn find the answer instead of calling again."""

    __tablename__ = "connector_calls"
    __table_args__ = (
        UniqueConstraint("idempotency_key"),
        CheckConstraint("state in ('calling','answered','failed')", name="state"),
        Index("ix_connector_calls_connector_id_started_at", "connector_id", "started_at"),
        Index("ix_connector_calls_conversation_id", "conversation_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    connector_id: Mapped[UUID] = mapped_column(ForeignKey("connectors.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    idempotency_key: Mapped[str]
    method: Mapped[str]
    path: Mapped[str]
    state: Mapped[str]
    status: Mapped[int | None]
    problem: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Callback(Table):
    """An address given to another system, good for one call to one waiting step."""

    __tablename__ = "callbacks"
    __table_args__ = (UniqueConstraint("token_sha256"), Index("ix_callbacks_conversation_id", "conversation_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    token_sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

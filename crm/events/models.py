"""Tables of the kinds of events an operator added, and of the sources events come from."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_SECRET = "event_sources.secret_sealed"  # noqa: S105  # the name of a column


class EventKind(Table):
    """A kind of events beside the shipped ones: `properties` maps names to types, `required` lists those needed."""

    __tablename__ = "event_kinds"

    name: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    properties: Mapped[dict[str, Any]]
    required: Mapped[list[str]]
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class EventSource(Table):
    """A system that sends events. It shows who it is by a token (`api`) or by signing with a secret (`webhook`).

    `mapping` says how the payloads of a webhook become events. A source that was revoked sends nothing any more.
    """

    __tablename__ = "event_sources"
    __table_args__ = (
        UniqueConstraint("name"),
        UniqueConstraint("token_sha256"),
        CheckConstraint("way in ('api','webhook','mqtt','import')", name="way"),
        CheckConstraint("unknown_people in ('refuse','create')", name="unknown_people"),
        Index("ix_event_sources_key_id", "key_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    way: Mapped[str]
    unknown_people: Mapped[str] = mapped_column(default="refuse", server_default="refuse")
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    token_sha256: Mapped[bytes | None]
    secret_sealed: Mapped[bytes | None]
    key_id: Mapped[str | None]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

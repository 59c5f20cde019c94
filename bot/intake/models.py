"""The table of what providers delivered. The words stand in `messages` once it is processed; until then sealed here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_COLUMN = "inbound_events.sealed"


class InboundEvent(Table):
    """One thing a provider told us. `provider_id` is unique for the account: the same one again changes nothing.

    `sender_index` is the blind index of who wrote: their events are processed in the order of `id`.
    """

    __tablename__ = "inbound_events"
    __table_args__ = (
        UniqueConstraint("account_id", "provider_id"),
        CheckConstraint("state in ('pending','done','failed')", name="state"),
        CheckConstraint("state <> 'pending' or sealed is not null", name="pending_is_sealed"),
        Index("ix_inbound_events_pending", "sender_index", "id", postgresql_where=sql("state = 'pending'")),
        Index("ix_inbound_events_key_id", "key_id", postgresql_where=sql("sealed is not null")),
        Index(
            "ix_inbound_events_conversation_id", "conversation_id", postgresql_where=sql("conversation_id is not null")
        ),
        Index("ix_inbound_events_received_at", "received_at"),
        Index("ix_inbound_events_sender_index_received_at", "sender_index", "received_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    channel: Mapped[str]
    provider_id: Mapped[str]
    sender_index: Mapped[bytes]
    sealed: Mapped[bytes | None]
    key_id: Mapped[str | None]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[str | None]
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"))
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

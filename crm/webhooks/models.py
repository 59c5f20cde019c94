"""Tables of outward webhooks. A trigger writes a delivery in the transaction that writes its event, so none is lost.

A delivery names its event and holds nothing of it: what is sent is read when it is sent.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_SECRETS = "webhook_endpoints.secrets_sealed"  # the name of a column


class WebhookEndpoint(Table):
    """Another system that is sent events of some kinds. `secrets_sealed` is JSON: see `crm.webhooks.secrets`.

    One that is `disabled_at` is sent nothing, and what happens meanwhile is not kept for it; it can be replayed.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("disabled_why in ('colleague','failures','gone')", name="disabled_why"),
        CheckConstraint("(disabled_at is null) = (disabled_why is null)", name="disabled_has_why"),
        Index("ix_webhook_endpoints_key_id", "key_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    kinds: Mapped[list[str]]
    with_addresses: Mapped[bool]
    secrets_sealed: Mapped[bytes]
    key_id: Mapped[str]
    made_by: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_why: Mapped[str | None]
    told_at: Mapped[datetime | None]
    """When whoever made it was told that it was switched off."""


class WebhookDelivery(Table):
    """One event for one endpoint. `void`: the event was erased before it could be sent."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state in ('waiting','sending','delivered','failed','void')", name="state"),
        Index(
            "ix_webhook_deliveries_due",
            "endpoint_id",
            "due_at",
            postgresql_where=text("state in ('waiting','sending')"),
        ),
        Index(
            "ix_webhook_deliveries_tried",
            "endpoint_id",
            "claimed_at",
            "event_id",
            postgresql_where=text("claimed_at is not null"),
        ),
        Index("ix_webhook_deliveries_created_at", "created_at"),
        Index("ix_webhook_deliveries_contact_id", "contact_id"),
        Index("ix_webhook_deliveries_conversation_id", "conversation_id"),
    )

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID | None]
    conversation_id: Mapped[UUID | None]
    kind: Mapped[str]
    state: Mapped[str]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    fence: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_at: Mapped[datetime | None]
    status: Mapped[int | None]
    problem: Mapped[str | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

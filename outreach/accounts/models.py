"""Tables of channel accounts and of how fast each may send. A secret stands only in `secrets_sealed`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_COLUMN = "channel_accounts.secrets_sealed"


class ChannelAccount(Table):
    """A number, a bot or a mailbox of the operator's.

    `address` is its public one (E.164, the bot's name, the mailbox). `settings` holds what is no secret.
    `checked_at` is when it was last tried, `problem` what was wrong then, in words.
    """

    __tablename__ = "channel_accounts"
    __table_args__ = (
        UniqueConstraint("channel", "name"),
        UniqueConstraint("channel", "address"),
        CheckConstraint("channel in ('sms','telegram','voice','email')", name="channel"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    secrets_sealed: Mapped[bytes]
    key_id: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True, server_default="true")
    checked_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SendBucket(Table):
    """How many messages an account may send at once now: a token bucket that all workers share."""

    __tablename__ = "send_buckets"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("channel_accounts.id", ondelete="CASCADE"), primary_key=True)
    tokens: Mapped[float]
    filled_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    """The provider asked us to wait this long (429)."""

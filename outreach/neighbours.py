"""The columns outreach reads of the bot's tables, which it may not import. Read only; `bot.models` owns them."""

from __future__ import annotations

from sqlalchemy import DateTime, Text, Uuid, column, table
from sqlalchemy.dialects.postgresql import JSONB

conversations = table(
    "conversations",
    column("id", Uuid()),
    column("channel", Text()),
    column("contact_id", Uuid()),
    column("status", Text()),
    column("language", Text()),
    column("time_zone", Text()),
    column("account_id", Uuid()),
    column("contact_point_id", Uuid()),
    column("thread", JSONB()),
)

messages = table(
    "messages",
    column("conversation_id", Uuid()),
    column("author", Text()),
    column("kind", Text()),
    column("created_at", DateTime(timezone=True)),
)

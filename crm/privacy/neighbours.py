"""The columns privacy always reads of the bot's tables, which crm may not import. Read only; `bot.models` owns them."""

from __future__ import annotations

from sqlalchemy import Text, Uuid, column, table

conversations = table(
    "conversations",
    column("id", Uuid()),
    column("channel", Text()),
    column("contact_id", Uuid()),
    column("contact_point_id", Uuid()),
)

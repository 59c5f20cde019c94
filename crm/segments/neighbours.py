"""The columns segments read of the bot's tables, which crm may not import. Read only; the bot's models own them."""

from __future__ import annotations

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Text, Uuid, column, table

conversations = table("conversations", column("id", Uuid()), column("contact_id", Uuid()))

messages = table("messages", column("id", Uuid()), column("conversation_id", Uuid()))

gaps = table(
    "understanding_gaps", column("message_id", Uuid()), column("encoder", Text()), column("embedding", VECTOR())
)
"""What was not understood, with its vector: of what somebody wrote, only this has one that is kept."""

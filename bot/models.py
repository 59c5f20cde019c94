"""Tables of conversations and their messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Conversation(Table):
    """A talk on one channel. `state` is what the last turn returned; `turn_fence` guards it against a stale turn.

    `turn_claimed_until` is set while a process works on a turn; a claim that ran out may be taken by any process.
    `turn_claimed_by` is that process's number, if it has one (`bot.presence`): one that died loses its claims at once.
    `next_seq` numbers the messages 1, 2, 3 … .
    `debounce_ms` is how long the open question waits for more text, `turn_not_before` until when it does now.
    `timer` is what happens when the person stays silent until `timer_due_at`.
    `publication` is the number of the publication whose flows wrote `state`: an older one must not read it.
    `moved_to` is the conversation in which this one goes on.
    `language_from` says how `language` is known: told by the page, detected in what was written, or chosen.
    Where a provider is behind the channel, `account_id` is our own number, bot or mailbox, `contact_point_id` the very
    address they write from, and `thread` what an answer needs to land in the same place.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint("status in ('open','handed_off','closed')", name="status"),
        CheckConstraint("language_from in ('page','detected','chosen')", name="language_from"),
        Index("ix_conversations_contact_id", "contact_id"),
        Index("ix_conversations_handed_off", "contact_id", postgresql_where=sql("status = 'handed_off'")),
        Index("ix_conversations_moved_to", "moved_to", postgresql_where=sql("moved_to is not null")),
        Index(
            "ix_conversations_contact_point_id",
            "contact_point_id",
            postgresql_where=sql("contact_point_id is not null"),
        ),
        Index("ix_conversations_timer_due_at", "timer_due_at", postgresql_where=sql("timer_due_at is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    state: Mapped[dict[str, Any] | None]
    language: Mapped[str]
    language_from: Mapped[str] = mapped_column(default="page", server_default="page")
    time_zone: Mapped[str | None]
    page_url: Mapped[str | None]
    next_seq: Mapped[int] = mapped_column(default=1, server_default="1")
    turn_fence: Mapped[int] = mapped_column(default=0, server_default="0")
    turn_claimed_until: Mapped[datetime | None]
    turn_claimed_by: Mapped[int | None]
    debounce_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    turn_not_before: Mapped[datetime | None]
    timer_due_at: Mapped[datetime | None]
    timer: Mapped[dict[str, Any] | None]
    publication: Mapped[int | None]
    moved_to: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"))
    account_id: Mapped[UUID | None]
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_points.id", ondelete="SET NULL"))
    thread: Mapped[dict[str, Any] | None]
    last_message_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Message(Table):
    """One message. Inbound ones carry `turn_state`: `pending` until their turn is committed.

    The opening of a chat is a message of kind `start` with seq 0, which nobody is shown; nor is one of author `system`,
    which says that time is up (`no_reply`, `timed_out`), that a callback came or that the talk moved here (`resume`).
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "client_id"),
        CheckConstraint("author in ('visitor','bot','person','follow_up','system')", name="author"),
        CheckConstraint("turn_state in ('pending','done','failed')", name="turn_state"),
        Index("ix_messages_created_at", "created_at", postgresql_using="brin"),
        Index("ix_messages_pending", "conversation_id", "seq", postgresql_where=sql("turn_state = 'pending'")),
        # Figures ask of every talk when somebody last said something.
        Index(
            "ix_messages_said",
            "conversation_id",
            "created_at",
            postgresql_where=sql("author = 'visitor' and kind <> 'start'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    seq: Mapped[int]
    author: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=sql("'{}'"))
    client_id: Mapped[UUID | None]
    turn_state: Mapped[str | None]
    turn_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]


class ResumeCode(Table):
    """A code that opens a conversation on another channel, once."""

    __tablename__ = "resume_codes"
    __table_args__ = (Index("ix_resume_codes_conversation_id", "conversation_id"),)

    code_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    channels: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

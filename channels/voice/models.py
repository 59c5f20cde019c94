"""Tables of calls and of what each of their webhooks was answered with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Call(Table):
    """A call with a person on the line. Its id is that of the event by which Twilio told of it first.

    `turn` is the number of the last webhook that was begun; `heard_seq` the last message of the conversation that was
    put into an answer, `asked_seq` the first of the last answer. `quiet` counts silences in a row.
    `relays` counts the sockets of ConversationRelay that were announced; `relay_opened` is the last that came.
    `answered_by` is what Twilio's answering machine detection found. `outbox_id` is the message a call of ours carries.
    """

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("direction in ('inbound','outbound')", name="direction"),
        CheckConstraint("recording in ('off','asked','on','refused')", name="recording"),
        Index("uq_calls_account_id_call_sid", "account_id", "call_sid", unique=True),
        Index("ix_calls_conversation_id", "conversation_id"),
        Index("ix_calls_outbox_id", "outbox_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    call_sid: Mapped[str]
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    outbox_id: Mapped[UUID | None]
    direction: Mapped[str]
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    heard_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    asked_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    quiet: Mapped[int] = mapped_column(default=0, server_default="0")
    relays: Mapped[int] = mapped_column(default=0, server_default="0")
    relay_opened: Mapped[int] = mapped_column(default=0, server_default="0")
    recording: Mapped[str] = mapped_column(default="off", server_default="off")
    answered_by: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CallAnswer(Table):
    """What one webhook of a call was answered with: the same one again gets the same. Goes when the call is over."""

    __tablename__ = "call_answers"

    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    twiml: Mapped[str]
    created_at: Mapped[datetime]

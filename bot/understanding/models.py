"""Tables of the gaps list: messages that were not understood, their groups, and what is proposed to mend them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Gap(Table):
    """A message that was missed, clarified or answered below the bar. Its words stay in `messages` only.

    `intent` and `confidence` are the likeliest; `embedding` is the message's vector, by `encoder`.
    `status`: `open`, `used` (its words went into a proposal that was accepted) or `dismissed`.
    """

    __tablename__ = "understanding_gaps"
    __table_args__ = (
        CheckConstraint("reason in ('missed','clarified','below_bar')", name="reason"),
        CheckConstraint("status in ('open','used','dismissed')", name="status"),
        Index("ix_understanding_gaps_open", "language", "created_at", postgresql_where=sql("status = 'open'")),
        Index("ix_understanding_gaps_group_id", "group_id"),
    )

    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str]
    reason: Mapped[str]
    intent: Mapped[str | None]
    confidence: Mapped[float]
    encoder: Mapped[str | None]
    embedding: Mapped[Any | None] = mapped_column(VECTOR())
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    group_id: Mapped[UUID | None] = mapped_column(ForeignKey("understanding_gap_groups.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class GapGroup(Table):
    """Open gaps of one meaning, with a proposed name. Made anew with each grouping.

    `size` is how many gaps it was made of; where fewer are left, messages were erased, and the name may be of their
    words.
    """

    __tablename__ = "understanding_gap_groups"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    language: Mapped[str]
    size: Mapped[int]
    example_message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    nearest_intent: Mapped[str | None]
    created_at: Mapped[datetime]


class Grouping(Table):
    """One run of the grouping, asked for by a user or by the clock (`asked_by`). At most one waits or runs.

    `claimed_until` is set while a process works on it; a claim that ran out may be taken by any process.
    `gaps` is how many were looked at; `problem` says why the last try came to nothing.
    """

    __tablename__ = "understanding_groupings"
    __table_args__ = (
        CheckConstraint("status in ('waiting','done','failed')", name="status"),
        Index("ix_understanding_groupings_waiting", "status", unique=True, postgresql_where=sql("status = 'waiting'")),
        Index("ix_understanding_groupings_asked_at", "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    gaps: Mapped[int | None]
    problem: Mapped[str | None]
    done_at: Mapped[datetime | None]


class Proposal(Table):
    """Examples for an intent, or questions for an article, with what they would change in the evaluation.

    `target` is the intent, or the article's file without `.md`; a new article has `title` and `body`.
    `based_on` is the publication it was measured against; `before` and `after` are reports of the same evaluation.
    `status`: `waiting` (to be measured), `measuring`, `ready`, `failed`, `publishing`, `accepted` or `rejected`.
    `claimed_until` and `attempts` are as for a grouping. `publication` is the one that made it live.
    """

    __tablename__ = "understanding_proposals"
    __table_args__ = (
        CheckConstraint("kind in ('intent','article')", name="kind"),
        CheckConstraint(
            "status in ('waiting','measuring','ready','failed','publishing','accepted','rejected')", name="status"
        ),
        Index("ix_understanding_proposals_created_at", "created_at"),
        Index(
            "ix_understanding_proposals_open",
            "created_at",
            postgresql_where=sql("status in ('waiting','measuring','publishing')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    target: Mapped[str]
    language: Mapped[str]
    title: Mapped[str | None]
    body: Mapped[str | None]
    texts: Mapped[list[str]]
    message_ids: Mapped[list[str]]
    status: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    based_on: Mapped[int]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None]
    author: Mapped[str]
    created_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    publication: Mapped[int | None]

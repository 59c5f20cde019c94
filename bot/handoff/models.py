"""Tables of the inbox. A colleague stands here as an id only: users are the admin room's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Team(Table):
    """Colleagues who share talks. `name` is what flows call it by (`teams` of the content, where its hours stand).

    `routing`: who is given a talk at once: the contact's owner, whoever had none for the longest, or nobody.
    """

    __tablename__ = "inbox_teams"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("routing in ('owner','round_robin','nobody')", name="routing"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    routing: Mapped[str]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]


class TeamMember(Table):
    """A colleague in a team, and when they were last given a talk in turn."""

    __tablename__ = "inbox_team_members"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("inbox_teams.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_given_at: Mapped[datetime | None]


class RoutingRule(Table):
    """Which team gets a talk, whatever team the flow named: the first rule in order whose conditions all hold."""

    __tablename__ = "inbox_rules"
    __table_args__ = (
        Index("ix_inbox_rules_team_id", "team_id"),
        Index("ix_inbox_rules_segment_id", "segment_id", postgresql_where=sql("segment_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("inbox_teams.id", ondelete="CASCADE"))
    channel: Mapped[str | None]
    language: Mapped[str | None]
    segment_id: Mapped[UUID | None] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"))


class AwayColleague(Table):
    """A colleague who is given no talks for now."""

    __tablename__ = "inbox_away"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    since_at: Mapped[datetime]


class Handoff(Table):
    """That a person was asked for in a talk, or took it, until they gave it back. A talk has one that is not `done`.

    While it has, the conversation's status is `handed_off` and the bot is silent. `user_id` without `taken`: it was
    given to them, and they have not taken it yet. `answered_at` is a person's first answer.
    """

    __tablename__ = "handoffs"
    __table_args__ = (
        CheckConstraint("state in ('waiting','taken','done')", name="state"),
        CheckConstraint("ended_how in ('handed_back','closed')", name="ended_how"),
        CheckConstraint("(state = 'done') = (ended_at is not null)", name="done_has_ended"),
        CheckConstraint("rating between 1 and 5", name="rating"),
        Index("uq_handoffs_open", "conversation_id", unique=True, postgresql_where=sql("state <> 'done'")),
        Index("ix_handoffs_conversation_id_asked_at", "conversation_id", "asked_at"),
        Index("ix_handoffs_asked_at_id", "asked_at", "id"),
        Index("ix_handoffs_ended_at_id", "ended_at", "id", postgresql_where=sql("state = 'done'")),
        Index("ix_handoffs_team_id", "team_id", postgresql_where=sql("team_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("inbox_teams.id", ondelete="SET NULL"))
    user_id: Mapped[UUID | None]
    state: Mapped[str]
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_how: Mapped[str | None]
    rating: Mapped[int | None]
    rated_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class Note(Table):
    """What a colleague noted in a talk for other colleagues. Never sent to anybody."""

    __tablename__ = "inbox_notes"
    __table_args__ = (Index("ix_inbox_notes_conversation_id", "conversation_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    user_id: Mapped[UUID]
    text: Mapped[str]
    created_at: Mapped[datetime]


class CannedReply(Table):
    """A text that colleagues answer with again and again, in one language; `{{ first_name | there }}` is filled in."""

    __tablename__ = "canned_replies"
    __table_args__ = (UniqueConstraint("name", "language"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    language: Mapped[str]
    text: Mapped[str]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    updated_at: Mapped[datetime]


class Reading(Table):
    """Up to which message a colleague has read a talk."""

    __tablename__ = "inbox_readings"
    __table_args__ = (Index("ix_inbox_readings_conversation_id", "conversation_id"),)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(default=0, server_default=sql("0"))

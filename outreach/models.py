"""Tables of journeys, enrolments, the outbox and the gate's decisions.

The database itself refuses a row in `sending` that no gate decision stands behind, and a second row for the same
occurrence.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table
from outreach.accounts.models import ChannelAccount


class Journey(Table):
    """A journey and the version that new enrolments follow.

    `state`: nobody enters one that is `draining`; in one that is `paused` nobody goes on either. While `landing`, who
    is on an older version is brought to the live one, in the order of contacts, up to `landed_to`; `places` says where
    from steps that are gone: `{version: {step: step}}`. Entries by date are made up to `dates_done_to`.
    """

    __tablename__ = "journeys"
    __table_args__ = (CheckConstraint("state in ('running','paused','draining')", name="state"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    live_version: Mapped[str]
    state: Mapped[str] = mapped_column(default="running", server_default="running")
    landing: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    landed_to: Mapped[UUID | None]
    places: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    dates_done_to: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class JourneyVersion(Table):
    """A published version, never changed: `definition` is what `flows.compiler.compile_journeys` gives."""

    __tablename__ = "journey_versions"

    journey: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]


class Enrolment(Table):
    """A contact in a journey, standing on `step` until `due_at`.

    `begun_at` is when the step was begun; None until it is. `entry` is the step they came in by, `remembered` what
    steps keep of events. `held_out`: they would be in it, but for the share that is held back. `parked_due_at` is when
    they were due, while the journey is paused. `goal_at`, `goal_value`: when they did what the journey is for, also
    after they left or when they were held out, and what it was worth.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        CheckConstraint("state in ('active','exited','held_out')", name="state"),
        CheckConstraint("(state = 'active') = (due_at is not null)", name="active_is_due"),
        Index("uq_enrolments_active", "journey", "contact_id", unique=True, postgresql_where=text("state = 'active'")),
        Index("ix_enrolments_due", "due_at", "id", postgresql_where=text("state = 'active'")),
        Index("ix_enrolments_contact_id", "contact_id"),
        Index("ix_enrolments_conversation_id", "conversation_id", postgresql_where=text("conversation_id is not null")),
        Index("ix_enrolments_parked", "journey", postgresql_where=text("parked_due_at is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    journey: Mapped[str]
    version: Mapped[str]
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID | None]
    step: Mapped[str]
    arrivals: Mapped[int] = mapped_column(default=0, server_default="0")
    """Steps entered so far: makes each arrival at a step a different occurrence."""
    state: Mapped[str] = mapped_column(default="active", server_default="active")
    exit_reason: Mapped[str | None]
    due_at: Mapped[datetime | None]
    begun_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    remembered: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    entry: Mapped[str | None]
    parked_due_at: Mapped[datetime | None]
    goal_at: Mapped[datetime | None]
    goal_value: Mapped[float | None]
    entered_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OutboxMessage(Table):
    """A message that should leave, and what became of it.

    `occurrence` names the intent (enrolment, step, arrival, channel): a second planner run makes no second row.
    States: planned, deferred → sending → accepted → delivered → read; or failed, unknown, skipped (refused by the
    gate), cancelled (opted out, exited), undelivered. Once it has left it only moves up `base.delivery_states`.
    Of an answer in a talk, `message_id` is the message it is a part of; such leave in the order of their ids.
    `contact_point_id` is the very address it goes to and `account_id` what it is sent from; where they are empty, the
    contact's best address and the channel's own account. `content` is what a channel shows beside the text.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("occurrence"),
        CheckConstraint(
            "state in ('planned','deferred','sending','accepted','delivered','failed','unknown','skipped','cancelled',"
            "'undelivered','read')",
            name="state",
        ),
        CheckConstraint("state <> 'sending' or gate_decision_id is not null", name="gate_before_sending"),
        CheckConstraint("message_class in ('promotional','requested','web')", name="message_class"),
        CheckConstraint("frequency_class in ('essential','normal','occasional')", name="frequency_class"),
        Index("ix_outbox_due", "due_at", "id", postgresql_where=text("state in ('planned','deferred')")),
        Index("ix_outbox_sending", "claimed_at", postgresql_where=text("state = 'sending'")),
        Index("ix_outbox_look_at", "look_at", postgresql_where=text("state = 'unknown' and look_at is not null")),
        Index("ix_outbox_contact_id_created_at", "contact_id", "created_at"),
        Index("ix_outbox_created_at_id", "created_at", "id"),
        Index("ix_outbox_due_at_id", "due_at", "id"),
        # Of what did not go out: few among all, and looked for by the state.
        Index(
            "ix_outbox_state_due_at_id",
            "state",
            "due_at",
            "id",
            postgresql_where=text("state in ('skipped','cancelled','undelivered','failed','unknown')"),
        ),
        Index(
            "ix_outbox_answers_waiting",
            "conversation_id",
            "id",
            postgresql_where=text("message_id is not null and state in ('planned','deferred','sending')"),
        ),
        Index(
            "ix_outbox_answers_due",
            "due_at",
            "id",
            postgresql_where=text("message_id is not null and state in ('planned','deferred')"),
        ),
        # For what is erased: each row that goes is looked for among those that point at it.
        Index("ix_outbox_conversation_id", "conversation_id", postgresql_where=text("conversation_id is not null")),
        Index("ix_outbox_contact_point_id", "contact_point_id", postgresql_where=text("contact_point_id is not null")),
        Index("ix_outbox_gate_decision_id", "gate_decision_id", postgresql_where=text("gate_decision_id is not null")),
        Index(
            "ix_outbox_journey_reason_rule",
            "journey",
            "reason_rule",
            postgresql_where=text("journey is not null and reason_rule is not null"),
        ),
        Index("ix_outbox_provider_id", "channel", "provider_id", postgresql_where=text("provider_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    occurrence: Mapped[str]
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID | None]
    enrolment_id: Mapped[UUID | None]
    journey: Mapped[str | None]
    step: Mapped[str | None]
    channel: Mapped[str]
    purpose: Mapped[str]
    message_class: Mapped[str]
    frequency_class: Mapped[str] = mapped_column(default="normal", server_default="normal")
    """That of its journey when it was planned."""
    subject: Mapped[str | None]
    text: Mapped[str]
    message_id: Mapped[UUID | None]
    content: Mapped[dict[str, Any] | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey(ChannelAccount.id, ondelete="SET NULL"))
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_points.id", ondelete="SET NULL"))
    state: Mapped[str]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    fence: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_at: Mapped[datetime | None]
    unbegun: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Claimed with others, and its turn has not come: it has surely not left. False where that is not known."""
    wired_at: Mapped[datetime | None]
    """When it was last let go to its provider."""
    look_at: Mapped[datetime | None]
    """When the provider is asked whether a message that is in doubt has left."""
    crashes: Mapped[int] = mapped_column(default=0, server_default="0")
    """Senders that ended while they held it."""
    gate_decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("gate_decisions.id", use_alter=True))
    provider_id: Mapped[str | None]
    reason_rule: Mapped[str | None]
    reason: Mapped[str | None]
    deferred_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class GateDecision(Table):
    """An answer of `may_send` and what it was given."""

    __tablename__ = "gate_decisions"
    __table_args__ = (
        CheckConstraint("stage in ('plan','claim','wire')", name="stage"),
        CheckConstraint("answer in ('allow','defer','deny')", name="answer"),
        Index("ix_gate_decisions_outbox_id_decided_at", "outbox_id", "decided_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    outbox_id: Mapped[UUID] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"))
    stage: Mapped[str]
    answer: Mapped[str]
    rule: Mapped[str]
    reason: Mapped[str]
    until: Mapped[datetime | None]
    pack_version: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    decided_at: Mapped[datetime]

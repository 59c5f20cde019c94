"""Rights: requests, marks that limit what may be done, and erasures"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())
_POINTING = (
    ("outbox", "conversation_id"),
    ("outbox", "contact_point_id"),
    ("outbox", "gate_decision_id"),
    ("enrolments", "conversation_id"),
    ("conversations", "moved_to"),
    ("conversations", "contact_point_id"),
    ("inbound_events", "conversation_id"),
)
"""Columns that point at rows which are erased: without an index each row that goes would cost a look at all."""


def upgrade() -> None:
    op.create_table(
        "privacy_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("detail", _JSON, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extended_for", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('access','rectify','erase','object_marketing','object_profiling','restrict','unrestrict',"
            "'human_review','why_contacted')",
            name=op.f("ck_privacy_requests_kind"),
        ),
        sa.CheckConstraint("status in ('unverified','open','done','refused')", name=op.f("ck_privacy_requests_status")),
        sa.CheckConstraint(
            "(status in ('done','refused')) = (closed_at is not null)", name=op.f("ck_privacy_requests_closed_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_requests")),
    )
    op.create_index("ix_privacy_requests_received_at_id", "privacy_requests", ["received_at", "id"])
    op.create_index("ix_privacy_requests_contact_id", "privacy_requests", ["contact_id"])
    op.create_index(
        "ix_privacy_requests_due", "privacy_requests", ["due_at"], postgresql_where=sa.text("closed_at is null")
    )
    op.create_table(
        "privacy_marks",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mark in ('restricted','human_review','minor')", name=op.f("ck_privacy_marks_mark")),
        sa.PrimaryKeyConstraint("contact_id", "mark", name=op.f("pk_privacy_marks")),
    )
    op.create_table(
        "privacy_erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("recipients", _JSON, nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_erasures")),
    )
    op.create_index("ix_privacy_erasures_contact_id", "privacy_erasures", ["contact_id"])
    for table, column in _POINTING:
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_where=sa.text(f"{column} is not null"))
    for column in ("contact_id", "conversation_id"):
        op.create_index(f"ix_opt_out_reviews_{column}", "opt_out_reviews", [column])


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

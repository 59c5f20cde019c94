"""Calls: who is on the line, and what each webhook was answered with"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_sid", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heard_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quiet", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("relays", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("relay_opened", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recording", sa.Text(), server_default="off", nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("direction in ('inbound','outbound')", name=op.f("ck_calls_direction")),
        sa.CheckConstraint("recording in ('off','asked','on','refused')", name=op.f("ck_calls_recording")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_calls_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index("uq_calls_account_id_call_sid", "calls", ["account_id", "call_sid"], unique=True)
    op.create_index("ix_calls_conversation_id", "calls", ["conversation_id"], unique=False)
    op.create_index("ix_calls_outbox_id", "calls", ["outbox_id"], unique=False)
    op.create_table(
        "call_answers",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("twiml", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_answers_call_id_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "number", name=op.f("pk_call_answers")),
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

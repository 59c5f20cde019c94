"""Who is mailed the weekly digest and which went to whom; which talks came through which flows, kept by day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("admin_users", sa.Column("digest_wanted_at", _MOMENT, nullable=True))
    op.add_column("admin_users", sa.Column("language", sa.Text(), server_default="en", nullable=False))
    op.add_column("admin_users", sa.Column("time_zone", sa.Text(), nullable=True))
    op.create_table(
        "digests",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("held_until", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.CheckConstraint("state in ('held','sending','sent','refused','in_doubt')", name=op.f("ck_digests_state")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["admin_users.id"], name=op.f("fk_digests_user_id_admin_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "week", name=op.f("pk_digests")),
    )
    op.create_table(
        "flow_visits",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_flow_visits_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("day", "conversation_id", "flow", name=op.f("pk_flow_visits")),
    )
    op.create_index("ix_flow_visits_conversation_id", "flow_visits", ["conversation_id"])
    op.create_index(
        "ix_messages_said",
        "messages",
        ["conversation_id", "created_at"],
        postgresql_where=sa.text("author = 'visitor' and kind <> 'start'"),
    )
    op.create_table(
        "kept_days",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_kept_days")),
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

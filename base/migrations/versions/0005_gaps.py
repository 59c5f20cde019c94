"""Gaps: runs of the grouping, articles that are proposed, claims of those who measure"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "understanding_groupings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gaps", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status in ('waiting','done','failed')", name=op.f("ck_understanding_groupings_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_understanding_groupings")),
    )
    op.create_index(
        "ix_understanding_groupings_waiting",
        "understanding_groupings",
        ["status"],
        unique=True,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("ix_understanding_groupings_asked_at", "understanding_groupings", ["asked_at"], unique=False)
    for column in (
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("understanding_proposals", column)
    op.drop_constraint(op.f("ck_understanding_proposals_status"), "understanding_proposals")
    op.create_check_constraint(
        op.f("ck_understanding_proposals_status"),
        "understanding_proposals",
        "status in ('waiting','measuring','ready','failed','publishing','accepted','rejected')",
    )
    op.create_index(
        "ix_understanding_proposals_open",
        "understanding_proposals",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status in ('waiting','measuring','publishing')"),
    )
    op.drop_index("ix_understanding_gaps_open", "understanding_gaps")
    op.create_index(
        "ix_understanding_gaps_open",
        "understanding_gaps",
        ["language", "created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

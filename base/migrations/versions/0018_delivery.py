"""Delivery: whether a claimed message was let go to its provider, when, and how often its sender died"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # False unless a process says so: what an older one holds may have left.
    op.add_column("outbox", sa.Column("unbegun", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("wired_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outbox_look_at",
        "outbox",
        ["look_at"],
        postgresql_where=sa.text("state = 'unknown' and look_at is not null"),
    )
    op.add_column("outbox", sa.Column("crashes", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

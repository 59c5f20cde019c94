"""Whose claim on a conversation it is: the number under which its process holds a lock while it lives"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("turn_claimed_by", sa.BigInteger(), nullable=True), if_not_exists=True)


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

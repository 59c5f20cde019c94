"""Stops that were said again: who is parted from another takes them along"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppressions", sa.Column("again_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

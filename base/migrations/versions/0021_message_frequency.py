"""The frequency class of a message: what is occasional gives way to what is not"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("frequency_class", sa.Text(), server_default="normal", nullable=False))
    # Nothing breaks it yet: rows that are there have the default.
    op.execute(
        "ALTER TABLE outbox ADD CONSTRAINT ck_outbox_frequency_class"
        " CHECK (frequency_class in ('essential','normal','occasional')) NOT VALID"
    )
    op.execute("ALTER TABLE outbox VALIDATE CONSTRAINT ck_outbox_frequency_class")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

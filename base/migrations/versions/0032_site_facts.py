"""What holds for the whole site: which programs run on this schema, a quarantine, the latest back-up"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_site_facts")),
    )
    # From here on a program of 0031 or later runs beside a newer schema (base/schema_version.py). A migration that
    # takes something away which such a program uses must raise this in the same transaction.
    op.execute("""INSERT INTO site_facts (name, value, set_at) VALUES ('schema', '{"runs_since": "0031"}', now())""")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

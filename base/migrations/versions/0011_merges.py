"""Merges: contacts that turned out to be one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "principal_links",
        sa.Column("principal_ref", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("joined_ref", sa.Uuid(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal_ref", name=op.f("pk_principal_links")),
    )
    op.create_index("ix_principal_links_contact_id", "principal_links", ["contact_id"])


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

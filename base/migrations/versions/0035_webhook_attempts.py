"""The last attempts of a webhook, found by an index that is built while others write"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_DROP_UNFINISHED = """
    DO $$ BEGIN
        IF EXISTS (
            SELECT FROM pg_index WHERE indexrelid = to_regclass('ix_webhook_deliveries_tried') AND NOT indisvalid
        ) THEN
            DROP INDEX ix_webhook_deliveries_tried;
        END IF;
    END $$
"""
"""What is left of an attempt that was broken off is there, but not of use."""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(_DROP_UNFINISHED)
        # It waits for transactions that began before it, and holds up nobody meanwhile.
        op.execute("SET lock_timeout = 0")
        op.create_index(
            "ix_webhook_deliveries_tried",
            "webhook_deliveries",
            ["endpoint_id", "claimed_at", "event_id"],
            unique=False,
            postgresql_where=sa.text("claimed_at is not null"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("SET lock_timeout = '4s'")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

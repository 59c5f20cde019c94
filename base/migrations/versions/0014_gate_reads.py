"""What the gate reads of a contact's timeline, by an index of its own: however long the timeline is"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_timeline_events_claims",
        "timeline_events",
        ["contact_id"],
        postgresql_where=sa.text("kind = 'address_claimed'"),
    )


def downgrade() -> None:
    op.drop_index("ix_timeline_events_claims", "timeline_events")

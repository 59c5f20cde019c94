"""Calendars that were removed, and erasures in bulk"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calendars", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("uq_calendars_name"), "calendars", type_="unique")
    op.create_index(
        "uq_calendars_name", "calendars", ["name"], unique=True, postgresql_where=sa.text("removed_at is null")
    )
    op.drop_constraint(op.f("ck_bulk_operations_operation"), "bulk_operations", type_="check")
    op.create_check_constraint(
        op.f("ck_bulk_operations_operation"),
        "bulk_operations",
        "operation in ('add_tag','remove_tag','set_stage','set_owner','enrol','export','erase')",
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

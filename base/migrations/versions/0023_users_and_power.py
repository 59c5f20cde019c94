"""Users and power: roles, second steps, API tokens, the audit log"""

from __future__ import annotations

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

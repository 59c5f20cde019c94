"""Imports as jobs: the file that came, how it is taken, how far a worker is, and what was wrong with which row"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())
_STATES = "state in ('uploaded','waiting','running','done','failed','cancelled','undoing','undone')"
_OPEN = "state in ('waiting','running','undoing')"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_contact_imports_state"), "contact_imports", type_="check")
    op.create_check_constraint(op.f("ck_contact_imports_state"), "contact_imports", _STATES)
    for column in (
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("stored_as", sa.Text(), nullable=True),
        sa.Column("options", _JSON, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("rows_expected", sa.BigInteger(), nullable=True),
        sa.Column("rows_a_second", sa.BigInteger(), nullable=True),
        sa.Column("last_row", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("problems", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("removed", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("contact_imports", column)
    op.create_index("ix_contact_imports_started_at_id", "contact_imports", ["started_at", "id"])
    op.create_index("ix_contact_imports_open", "contact_imports", ["started_at"], postgresql_where=sa.text(_OPEN))
    op.create_table(
        "import_problems",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["contact_imports.id"], name=op.f("fk_import_problems_import_id_contact_imports")
        ),
        sa.PrimaryKeyConstraint("import_id", "row_number", "place", name=op.f("pk_import_problems")),
    )
    op.create_index("ix_import_problems_created_at", "import_problems", ["created_at"])


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

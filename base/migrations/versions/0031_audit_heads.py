"""Signed heads of the audit log, and whether everybody must sign in by two steps"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["consent_keys.key_id"], name=op.f("fk_audit_heads_key_id_consent_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
    )
    op.execute(
        "CREATE TRIGGER audit_heads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_heads "
        "FOR EACH STATEMENT EXECUTE FUNCTION parley_refuse_change()"
    )
    op.create_table(
        "sign_in_rules",
        sa.Column("id", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("second_step_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_sign_in_rules_only_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_rules")),
    )
    op.execute("INSERT INTO sign_in_rules DEFAULT VALUES")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

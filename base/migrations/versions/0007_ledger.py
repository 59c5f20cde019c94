"""Ledger: brands, double opt-in, expiry, receipts and signed heads

What is added may be null: rows of the release before it keep their schema version and their hash.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    for column in (
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("purposes", _JSON, nullable=True),
        sa.Column("data_categories", _JSON, nullable=True),
        sa.Column("jurisdiction", sa.Text(), nullable=True),
    ):
        op.add_column("consent_events", column)
    op.create_index(
        "ix_consent_events_valid_until",
        "consent_events",
        ["valid_until"],
        postgresql_where=sa.text("valid_until is not null"),
    )
    op.create_table(
        "consent_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_consent_keys")),
    )
    op.create_table(
        "consent_heads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["consent_keys.key_id"], name=op.f("fk_consent_heads_key_id_consent_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_heads")),
    )
    op.create_table(
        "consent_confirmations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("requested_event_id", sa.Uuid(), nullable=False),
        sa.Column("address_hmac", sa.Text(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_event_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_consent_confirmations_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_confirmations")),
        sa.UniqueConstraint("requested_event_id", name=op.f("uq_consent_confirmations_requested_event_id")),
    )
    op.create_index("ix_consent_confirmations_contact_id", "consent_confirmations", ["contact_id"])
    op.create_index("ix_consent_confirmations_conversation_id", "consent_confirmations", ["conversation_id"])
    op.create_index(
        "ix_consent_confirmations_to_mail",
        "consent_confirmations",
        ["created_at"],
        postgresql_where=sa.text("mailed_at is null"),
    )
    for table in ("consent_keys", "consent_heads"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION parley_refuse_change()"
        )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

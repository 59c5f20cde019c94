"""Channels: accounts, what comes in by provider id, answers by the outbox, delivery states

What is widened (checks, columns that may be null) is read by the release before it as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATES = (
    "'planned','deferred','sending','accepted','delivered','failed','unknown','skipped','cancelled',"
    "'undelivered','read'"
)


def upgrade() -> None:
    op.create_table(
        "channel_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("secrets_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel in ('sms','telegram','voice','email')", name=op.f("ck_channel_accounts_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_accounts")),
        sa.UniqueConstraint("channel", "name", name=op.f("uq_channel_accounts_channel_name")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_channel_accounts_channel_address")),
    )
    op.create_table(
        "send_buckets",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_send_buckets_account_id_channel_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_send_buckets")),
    )
    op.create_table(
        "inbound_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("sender_index", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('pending','done','failed')", name=op.f("ck_inbound_events_state")),
        sa.CheckConstraint(
            "state <> 'pending' or sealed is not null", name=op.f("ck_inbound_events_pending_is_sealed")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_inbound_events_conversation_id_conversations"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_events")),
        sa.UniqueConstraint("account_id", "provider_id", name=op.f("uq_inbound_events_account_id_provider_id")),
    )
    op.create_index(
        "ix_inbound_events_pending",
        "inbound_events",
        ["sender_index", "id"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_inbound_events_key_id", "inbound_events", ["key_id"], postgresql_where=sa.text("sealed is not null")
    )
    op.create_index("ix_inbound_events_received_at", "inbound_events", ["received_at"])
    op.create_index("ix_inbound_events_sender_index_received_at", "inbound_events", ["sender_index", "received_at"])
    op.create_table(
        "email_links",
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_email_links_outbox_id_outbox"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("outbox_id", "number", name=op.f("pk_email_links")),
    )

    op.drop_constraint(op.f("ck_contact_points_kind"), "contact_points", type_="check")
    op.create_check_constraint(op.f("ck_contact_points_kind"), "contact_points", "kind in ('email','phone','telegram')")
    # The bot's tables do not refer to those of outreach: the two rooms do not know each other.
    op.add_column("conversations", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.add_column("outbox", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_outbox_account_id_channel_accounts"),
        "outbox",
        "channel_accounts",
        ["account_id"],
        ["id"],
        ondelete="SET NULL",
    )
    for table in ("conversations", "outbox"):
        op.add_column(table, sa.Column("contact_point_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_contact_point_id_contact_points"),
            table,
            "contact_points",
            ["contact_point_id"],
            ["id"],
            ondelete="SET NULL",
        )
    op.add_column("conversations", sa.Column("thread", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("outbox", sa.Column("message_id", sa.Uuid(), nullable=True))
    op.add_column("outbox", sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.drop_constraint(op.f("ck_outbox_state"), "outbox", type_="check")
    op.create_check_constraint(op.f("ck_outbox_state"), "outbox", f"state in ({_STATES})")
    op.create_index(
        "ix_outbox_answers_waiting",
        "outbox",
        ["conversation_id", "id"],
        postgresql_where=sa.text("message_id is not null and state in ('planned','deferred','sending')"),
    )
    op.create_index(
        "ix_outbox_answers_due",
        "outbox",
        ["due_at", "id"],
        postgresql_where=sa.text("message_id is not null and state in ('planned','deferred')"),
    )
    op.create_index(
        "ix_outbox_provider_id",
        "outbox",
        ["channel", "provider_id"],
        postgresql_where=sa.text("provider_id is not null"),
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

"""Outward webhooks: where events are sent to, and what of them is still to be sent"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_QUEUE_DELIVERIES = (
    # No foreign key: an event must not fail because somebody removes an endpoint at the same moment.
    """
CREATE FUNCTION parley_queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_deliveries
        (endpoint_id, event_id, contact_id, conversation_id, kind, state, due_at, created_at)
    SELECT e.id, n.id, n.contact_id, n.conversation_id, n.kind, 'waiting', n.received_at, n.received_at
    FROM new_rows n JOIN webhook_endpoints e ON e.disabled_at IS NULL AND e.kinds ? n.kind;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER timeline_events_webhooks AFTER INSERT ON timeline_events
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_queue_webhooks()
""",
)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", JSONB(), nullable=False),
        sa.Column("with_addresses", sa.Boolean(), nullable=False),
        sa.Column("secrets_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("failing_since", _MOMENT, nullable=True),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.Column("disabled_why", sa.Text(), nullable=True),
        sa.Column("told_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "disabled_why in ('colleague','failures','gone')", name=op.f("ck_webhook_endpoints_disabled_why")
        ),
        sa.CheckConstraint(
            "(disabled_at is null) = (disabled_why is null)", name=op.f("ck_webhook_endpoints_disabled_has_why")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("name", name=op.f("uq_webhook_endpoints_name")),
    )
    op.create_index("ix_webhook_endpoints_key_id", "webhook_endpoints", ["key_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_at", _MOMENT, nullable=True),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "state in ('waiting','sending','delivered','failed','void')", name=op.f("ck_webhook_deliveries_state")
        ),
        sa.PrimaryKeyConstraint("endpoint_id", "event_id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["endpoint_id", "due_at"],
        postgresql_where=sa.text("state in ('waiting','sending')"),
    )
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    op.create_index("ix_webhook_deliveries_contact_id", "webhook_deliveries", ["contact_id"])
    op.create_index("ix_webhook_deliveries_conversation_id", "webhook_deliveries", ["conversation_id"])
    for statement in _QUEUE_DELIVERIES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

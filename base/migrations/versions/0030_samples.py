"""A sample workspace: which people and things of it are made up, and that nothing reacts to them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_STATEMENTS = (
    # There is one at most.
    "CREATE UNIQUE INDEX uq_sample_workspaces_one ON sample_workspaces ((true))",
    # Nothing reacts to what happens to made-up people: no journey, no score, no other system hears of it.
    """
CREATE OR REPLACE FUNCTION parley_queue_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event_queue (event_id, kind, contact_id, occurred_at)
    SELECT n.id, n.kind, n.contact_id, n.occurred_at FROM new_rows n
    WHERE n.contact_id IS NOT NULL AND NOT EXISTS (SELECT FROM sample_people s WHERE s.contact_id = n.contact_id)
    ORDER BY n.id;
    IF FOUND THEN
        PERFORM pg_notify('parley_events', '');
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE OR REPLACE FUNCTION parley_queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_deliveries
        (endpoint_id, event_id, contact_id, conversation_id, kind, state, due_at, created_at)
    SELECT e.id, n.id, n.contact_id, n.conversation_id, n.kind, 'waiting', n.received_at, n.received_at
    FROM new_rows n JOIN webhook_endpoints e ON e.disabled_at IS NULL AND e.kinds ? n.kind
    WHERE NOT EXISTS (SELECT FROM sample_people s WHERE s.contact_id = n.contact_id);
    RETURN NULL;
END $$
""",
    # Whoever a sample's own import makes is made up from the first moment.
    """
CREATE FUNCTION parley_mark_imported_samples() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sample_people (contact_id, name)
    SELECT n.contact_id, t.name || ':' || n.row_number
    FROM new_rows n JOIN sample_things t ON t.kind = 'import' AND t.thing_id = n.import_id;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER imported_contacts_samples AFTER INSERT ON imported_contacts
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_mark_imported_samples()
""",
)


def upgrade() -> None:
    op.create_table(
        "sample_workspaces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", _MOMENT, nullable=True),
        sa.CheckConstraint("state in ('adding','ready','removing','failed')", name=op.f("ck_sample_workspaces_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_workspaces")),
    )
    op.create_table(
        "sample_people",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_sample_people_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_sample_people")),
        sa.UniqueConstraint("name", name=op.f("uq_sample_people_name")),
    )
    op.create_table(
        "sample_things",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind in ('company','segment','import')", name=op.f("ck_sample_things_kind")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_sample_things")),
    )
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

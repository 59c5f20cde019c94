"""Lists of contacts that answer quickly at any size, and bulk operations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# Marked immutable, as an index must be: what small letters are depends on the database's language alone. Whoever looks
# for a part of a name also compares the name itself, so that a piece too many finds nobody too many.
#
# Two spaces before each word make its first letter, and its first two, a piece of three as well. Letters of scripts that
# part no words (three bytes each) are words of their own.
PADDED = r"""
CREATE FUNCTION name_padded(told text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(
    CASE WHEN octet_length(told) < length(told) + 2 THEN lower(translate(told, '-.,;:/&()''"', '           '))
    ELSE regexp_replace(
        lower(translate(told, '-.,;:/&()''"', '           ')), '([\u2e80-\ud7ff\uf900-\ufaff])', ' \1', 'g')
    END, ' +', '  ', 'g')
"""
PIECES = """
CREATE FUNCTION name_pieces(told text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 500
BEGIN ATOMIC
    SELECT coalesce(array_agg(substr(padded, at, 3)), '{}')
    FROM (SELECT name_padded(' ' || told || ' ') AS padded OFFSET 0) AS once, generate_series(1, length(padded) - 2) AS at;
END
"""
# Bodies that are parsed when they are made: while an index is built PostgreSQL finds no function by its name alone.
CONTACT_PIECES = """
CREATE FUNCTION contact_name_pieces(fields jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 500
RETURN name_pieces(coalesce(fields ->> 'first_name', '') || ' ' || coalesce(fields ->> 'last_name', '') || ' '
    || coalesce(fields ->> 'company', ''))
"""
# What a part of a name that somebody looks for must have among its pieces: of one or two letters the beginning of a word.
WANTED = """
CREATE FUNCTION name_pieces_wanted(part text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT substr(padded, at, 3)), '{}')
    FROM (
        SELECT name_padded(CASE WHEN length(part) < 3 THEN ' ' || part ELSE part END) AS padded OFFSET 0
    ) AS once, generate_series(1, length(padded) - 2) AS at;
END
"""
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for function in (PADDED, PIECES, CONTACT_PIECES, WANTED):
        op.execute(function)
    op.execute("CREATE INDEX ix_contacts_name_pieces ON contacts USING gin (contact_name_pieces(fields))")
    op.execute("CREATE INDEX ix_companies_name_pieces ON companies USING gin (name_pieces(name))")
    op.execute("CREATE INDEX ix_contacts_tags ON contacts USING gin (tags jsonb_path_ops)")
    op.execute("CREATE INDEX ix_contacts_fields ON contacts USING gin (fields jsonb_path_ops)")
    op.create_index("ix_contacts_stage_created_at_id", "contacts", ["stage", "created_at", "id"])
    op.create_index("ix_audit_entries_action_at_id", "audit_entries", ["action", "at", "id"])
    op.create_index(
        "ix_conversations_handed_off",
        "conversations",
        ["contact_id"],
        postgresql_where=sa.text("status = 'handed_off'"),
    )
    op.create_index(
        "ix_outbox_state_due_at_id",
        "outbox",
        ["state", "due_at", "id"],
        postgresql_where=sa.text("state in ('skipped','cancelled','undelivered','failed','unknown')"),
    )
    # Room in each page, so that a score can change beside its old row, and no index hears of it.
    op.execute("ALTER TABLE contacts SET (fillfactor = 85)")
    _create_bulk_operations()


def _create_bulk_operations() -> None:
    op.create_table(
        "bulk_operations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("selection", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stopped", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gone", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reached_to", sa.Uuid(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", _MOMENT, nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_by_token", sa.Uuid(), nullable=True),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "operation in ('add_tag','remove_tag','set_stage','set_owner','enrol','export')",
            name=op.f("ck_bulk_operations_operation"),
        ),
        sa.CheckConstraint(
            "state in ('waiting','running','done','failed','cancelled')", name=op.f("ck_bulk_operations_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_operations")),
    )
    op.create_index("ix_bulk_operations_made_at_id", "bulk_operations", ["made_at", "id"])
    op.create_index(
        "ix_bulk_operations_open",
        "bulk_operations",
        ["made_at"],
        postgresql_where=sa.text("state in ('waiting','running')"),
    )
    op.create_table(
        "bulk_contacts",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["bulk_operations.id"],
            name=op.f("fk_bulk_contacts_operation_id_bulk_operations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_bulk_contacts_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("operation_id", "contact_id", name=op.f("pk_bulk_contacts")),
    )
    op.create_index("ix_bulk_contacts_contact_id", "bulk_contacts", ["contact_id"])


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

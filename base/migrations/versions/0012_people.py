"""People: who may be the same, kinds of fields, who looks after whom, companies"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())

# One statement a statement of the caller, however many rows it has: people are imported by the thousand.
# A contact that is made is noted with its first address or field: imported ones would be noted twice else.
# A conversation that changes a contact adds a row and waits for nobody: rows are told apart by an id of their own.
_NOTE_CHANGES = (
    """
CREATE FUNCTION parley_note_changed_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contact_due_looks (contact_id)
    SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.fields IS DISTINCT FROM o.fields;
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION parley_note_changed_points() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO contact_due_looks (contact_id) SELECT DISTINCT contact_id FROM new_rows;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        -- Addresses that go with their contact leave nobody to look at.
        INSERT INTO contact_due_looks (contact_id)
        SELECT DISTINCT o.contact_id FROM old_rows o JOIN contacts c ON c.id = o.contact_id;
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER contacts_updated_look AFTER UPDATE ON contacts
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION parley_note_changed_contacts()
""",
    """
CREATE TRIGGER contact_points_inserted_look AFTER INSERT ON contact_points
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_note_changed_points()
""",
    """
CREATE TRIGGER contact_points_updated_look AFTER UPDATE ON contact_points
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION parley_note_changed_points()
""",
    """
CREATE TRIGGER contact_points_deleted_look AFTER DELETE ON contact_points
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_note_changed_points()
""",
    """
INSERT INTO contact_due_looks (contact_id)
SELECT id FROM contacts c
WHERE fields <> '{}' OR EXISTS (SELECT FROM contact_points p WHERE p.contact_id = c.id)
""",
)


def upgrade() -> None:
    _create_likeness()
    _create_fields()
    _create_companies()
    for statement in _NOTE_CHANGES:
        op.execute(statement)


def _create_likeness() -> None:
    op.create_table(
        "contact_due_looks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_due_looks_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_due_looks")),
    )
    op.create_index("ix_contact_due_looks_contact_id", "contact_due_looks", ["contact_id"])
    op.create_table(
        "contact_likeness_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_contact_likeness_keys_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", "contact_id", name=op.f("pk_contact_likeness_keys")),
    )
    op.create_index("ix_contact_likeness_keys_contact_id", "contact_likeness_keys", ["contact_id"])
    op.create_table(
        "merge_candidates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="open"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_merge_candidates_order")),
        sa.CheckConstraint("state in ('open','refused','confirmed')", name=op.f("ck_merge_candidates_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_candidates")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_merge_candidates_first_id_second_id")),
    )
    op.create_index("ix_merge_candidates_second_id", "merge_candidates", ["second_id"])
    op.create_index(
        "ix_merge_candidates_open",
        "merge_candidates",
        ["probability", "id"],
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_fields() -> None:
    op.create_table(
        "contact_fields",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("choices", _JSON, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("sensitivity", sa.Text(), nullable=False, server_default="personal"),
        sa.Column("keep_days", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "type in ('text','number','date','choice','yes_no','url')", name=op.f("ck_contact_fields_type")
        ),
        sa.CheckConstraint(
            "sensitivity in ('plain','personal','sensitive')", name=op.f("ck_contact_fields_sensitivity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_fields")),
        sa.UniqueConstraint("name", name=op.f("uq_contact_fields_name")),
    )


def _create_companies() -> None:
    op.create_table(
        "contact_owners",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_owners_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_owners")),
    )
    op.create_index("ix_contact_owners_user_id", "contact_owners", ["user_id"])
    op.create_table(
        "companies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fields", _JSON, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
    )
    op.create_index("ix_companies_created_at_id", "companies", ["created_at", "id"])
    op.create_table(
        "company_domains",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_company_domains_company_id_companies"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_company_domains")),
    )
    op.create_index("ix_company_domains_company_id", "company_domains", ["company_id"])
    op.create_table(
        "contact_companies",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source in ('domain','person')", name=op.f("ck_contact_companies_source")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_companies_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_contact_companies_company_id_companies"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_companies")),
    )
    op.create_index("ix_contact_companies_company_id", "contact_companies", ["company_id"])


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

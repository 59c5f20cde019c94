"""While an upgrade rolls, programs of the version before run on the new schema: it must leave them what they use.

What is to go is taken away by a migration of a later version, once no program uses it any more. Where a statement looks
worse than it is, it stands here with the reason.
"""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import op

from tests.base.expand_only import find_objections, list_revisions, sql_of, sql_of_upgrade

SINCE = "0031"
"""From the version with this schema on upgrades roll."""

HARMLESS: dict[tuple[str, str], str] = {
    ("0034", "DROP CONSTRAINT uq_calendars_name"): "An index of the same name refuses the same, but for removed ones.",
    (
        "0034",
        "CREATE UNIQUE INDEX uq_calendars_name",
    ): "Narrower than the constraint in whose place it is; on few rows.",
    ("0034", "DROP CONSTRAINT ck_bulk_operations_operation"): "It is made again at once with one more operation.",
    ("0034", "ADD CONSTRAINT ck_bulk_operations_operation"): "It lets through all that the one before did.",
}
"""By the revision and a part of the statement."""


def objections() -> list[tuple[str, str, str]]:
    return [
        (revision, statement, problem)
        for revision in list_revisions(SINCE)
        for statement, problem in find_objections(sql_of(revision))
    ]


def test_every_migration_only_expands_or_says_why_it_does_no_harm() -> None:
    unexplained = [
        f"{revision}: {problem}: {statement}"
        for revision, statement, problem in objections()
        if not any(revision == known and part in statement for known, part in HARMLESS)
    ]
    assert unexplained == [], "expand now, contract in a later version; or say in HARMLESS why it does no harm"


def test_what_is_called_harmless_is_still_there() -> None:
    known = {
        (revision, part)
        for revision, part in HARMLESS
        if any(revision == one and part in statement for one, statement, _ in objections())
    }
    present = {one for one in HARMLESS if one[0] in list_revisions(SINCE)}
    assert known == present


@pytest.mark.parametrize(
    "upgrade",
    [
        lambda: op.drop_column("contacts", "stage"),
        lambda: op.drop_table("outbox"),
        lambda: op.rename_table("outbox", "messages"),
        lambda: op.alter_column("contacts", "stage", new_column_name="phase"),
        lambda: op.alter_column("contacts", "stage", nullable=False),
        lambda: op.alter_column("contacts", "stage", type_=sa.Integer()),
        lambda: op.alter_column("contacts", "stage", server_default=None),
        lambda: op.add_column("contacts", sa.Column("rank", sa.Integer(), nullable=False)),
        lambda: op.create_check_constraint("ck", "contacts", sa.text("stage <> ''")),
        lambda: op.create_unique_constraint("uq", "contacts", ["stage"]),
        lambda: op.create_foreign_key("fk", "outbox", "contacts", ["contact_id"], ["id"]),
        lambda: op.create_index("uq", "contacts", ["stage"], unique=True),
        lambda: op.create_index("ix", "contacts", ["stage"]),
        lambda: op.create_index("ix", "contacts", ["stage"], if_not_exists=True),
        lambda: op.drop_constraint("uq_outbox_occurrence", "outbox"),
        lambda: op.drop_index("ix_outbox_due", "outbox"),
        lambda: op.execute("ALTER TABLE contacts ADD COLUMN rank integer NOT NULL"),
        lambda: op.execute("SELECT 1; ALTER TABLE ONLY contacts\n  ADD CONSTRAINT ck CHECK (stage <> ';')"),
        lambda: op.execute("TRUNCATE outbox"),
        lambda: op.execute("CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$ BEGIN; END; $$ LANGUAGE plpgsql"),
        lambda: op.execute("CREATE TRIGGER t BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION f()"),
    ],
)
def test_what_the_version_before_could_not_live_with_is_found(upgrade) -> None:
    assert list(find_objections(sql_of_upgrade(upgrade)))


def expand() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("text <> ''", name="ck_notes_text"),
    )
    op.create_index("uq_notes_text", "notes", ["text"], unique=True)
    op.create_foreign_key("fk_notes", "notes", "contacts", ["id"], ["id"])
    op.execute("CREATE TRIGGER t BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION parley_refuse_change()")
    op.add_column("contacts", sa.Column("rank", sa.Integer(), nullable=True))
    op.add_column("contacts", sa.Column("kind", sa.Text(), nullable=False, server_default="person"))
    op.create_index("ix_notes_id", "notes", ["id"])
    op.create_index("ix_contacts_rank", "contacts", ["rank"], postgresql_concurrently=True, if_not_exists=True)
    op.execute("CREATE FUNCTION g() RETURNS void AS $$ BEGIN DROP TABLE x; END; $$ LANGUAGE plpgsql")
    op.execute("INSERT INTO notes SELECT id, 'renamed; drop column' FROM contacts")


def test_an_expansion_is_none_of_it() -> None:
    assert list(find_objections(sql_of_upgrade(expand))) == []

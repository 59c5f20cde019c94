"""Segments: their rules and members; triggers that note what they are to look at again; indexes they are counted by"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())

# One statement a statement of the caller. Rows are added and nobody waits. What no segment speaks of is not noted.
# A person who objects to profiling, or agrees, is in other segments at once: `profiling` is always noted.
_ABOUT_EVENTS = """
    INSERT INTO segment_looks (contact_id, topic)
    SELECT DISTINCT r.contact_id, 'event:' || r.kind FROM {rows} r
    JOIN segment_topics t ON t.topic = 'event:' || r.kind
    WHERE r.contact_id IS NOT NULL;
    INSERT INTO segment_looks (contact_id, topic)
    SELECT DISTINCT coalesce(r.contact_id, c.contact_id), 'profiling' FROM {rows} r
    LEFT JOIN conversations c ON c.id = r.conversation_id
    WHERE r.kind = 'opt_out_signal_received' AND coalesce(r.contact_id, c.contact_id) IS NOT NULL;
"""
_ABOUT_POINTS = "INSERT INTO segment_looks (contact_id, topic) SELECT DISTINCT contact_id, 'points' FROM {rows};"
_ABOUT_MARKS = "INSERT INTO segment_looks (contact_id, topic) SELECT DISTINCT contact_id, 'profiling' FROM {rows};"
# Whoever turned out to be two contacts, or one, is asked about by every segment.
_ABOUT_LINKS = "INSERT INTO segment_looks (contact_id, topic) SELECT DISTINCT contact_id, 'new' FROM {rows};"
_ABOUT_CONSENTS = """
    INSERT INTO segment_looks (contact_id, topic)
    SELECT DISTINCT coalesce(l.contact_id, r.principal_ref), 'consent' FROM {rows} r
    LEFT JOIN principal_links l ON l.principal_ref = r.principal_ref;
"""
_ABOUT_SCORES = """
    INSERT INTO segment_looks (contact_id, topic)
    SELECT DISTINCT contact_id, 'score' FROM {rows} WHERE EXISTS (SELECT FROM segment_topics WHERE topic = 'score');
"""
_ABOUT_MEANINGS = """
    INSERT INTO segment_looks (contact_id, topic)
    SELECT DISTINCT c.contact_id, 'meaning' FROM {rows} r
    JOIN messages m ON m.id = r.message_id JOIN conversations c ON c.id = m.conversation_id
    WHERE c.contact_id IS NOT NULL AND EXISTS (SELECT FROM segment_topics WHERE topic = 'meaning');
"""
_NOTED = (
    # table, what is noted, on which changes
    ("timeline_events", _ABOUT_EVENTS, ("INSERT", "UPDATE", "DELETE")),
    ("contact_points", _ABOUT_POINTS, ("INSERT", "UPDATE", "DELETE")),
    ("privacy_marks", _ABOUT_MARKS, ("INSERT", "UPDATE", "DELETE")),
    ("consent_events", _ABOUT_CONSENTS, ("INSERT",)),
    ("principal_links", _ABOUT_LINKS, ("INSERT", "UPDATE", "DELETE")),
    ("contact_scores", _ABOUT_SCORES, ("INSERT", "UPDATE")),
    ("understanding_gaps", _ABOUT_MEANINGS, ("INSERT", "UPDATE")),
)
_TABLES_OF = {
    "INSERT": ("NEW TABLE AS new_rows", ("new_rows",)),
    "UPDATE": ("OLD TABLE AS old_rows NEW TABLE AS new_rows", ("old_rows", "new_rows")),
    "DELETE": ("OLD TABLE AS old_rows", ("old_rows",)),
}
_CONTACTS = (
    """
CREATE FUNCTION parley_look_contacts_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO segment_looks (contact_id, topic) SELECT id, 'new' FROM new_rows;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER contacts_look_insert AFTER INSERT ON contacts
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_look_contacts_insert()
""",
    """
CREATE FUNCTION parley_look_contacts_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO segment_looks (contact_id, topic)
    SELECT n.id, 'contact' FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE (n.stage, n.qualification, n.language, n.time_zone, n.fields, n.tags, n.created_at)
        IS DISTINCT FROM (o.stage, o.qualification, o.language, o.time_zone, o.fields, o.tags, o.created_at);
    INSERT INTO segment_looks (contact_id, topic)
    SELECT n.id, 'score' FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.score <> o.score AND EXISTS (SELECT FROM segment_topics WHERE topic = 'score');
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER contacts_look_update AFTER UPDATE ON contacts
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION parley_look_contacts_update()
""",
    # A talk that turns out to be a contact's brings its signals and what was said in it.
    """
CREATE FUNCTION parley_look_conversations_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO segment_looks (contact_id, topic)
    SELECT one, topic FROM unnest(ARRAY[OLD.contact_id, NEW.contact_id]) one, unnest(ARRAY['profiling', 'meaning']) topic
    WHERE one IS NOT NULL;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER conversations_look_update AFTER UPDATE ON conversations
FOR EACH ROW WHEN (OLD.contact_id IS DISTINCT FROM NEW.contact_id)
EXECUTE FUNCTION parley_look_conversations_update()
""",
    "INSERT INTO segment_looks (contact_id, topic) SELECT id, 'new' FROM contacts",
)


def upgrade() -> None:
    _create_segments()
    _create_upkeep()
    # Events of a kind in a stretch of time, whoever they are about.
    op.create_index("ix_timeline_events_kind_occurred_at", "timeline_events", ["kind", "occurred_at", "contact_id"])
    op.create_index("ix_contact_points_kind_contact_id", "contact_points", ["kind", "contact_id", "verified_at"])
    for table, noted, changes in _NOTED:
        for change in changes:
            _note(table, change, noted)
    for statement in _CONTACTS:
        op.execute(statement)


def _note(table: str, change: str, noted: str) -> None:
    transition, rows = _TABLES_OF[change]
    name = f"parley_look_{table}_{change.lower()}"
    body = "\n".join(noted.format(rows=one) for one in rows)
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n{body}\nRETURN NULL;\nEND $$")
    op.execute(
        f"CREATE TRIGGER {table}_look_{change.lower()} AFTER {change} ON {table} REFERENCING {transition} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _contact(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_contact_id_contacts")
    return sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=name, ondelete="CASCADE")


def _segment(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_segment_id_segments")
    return sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=name, ondelete="CASCADE")


def _create_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tree", _JSON, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("state", sa.Text(), nullable=False, server_default="building"),
        sa.Column("built_to", sa.Uuid(), nullable=True),
        sa.Column("built", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('building','live')", name=op.f("ck_segments_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("name", name=op.f("uq_segments_name")),
    )
    op.create_index("ix_segments_building", "segments", ["updated_at"], postgresql_where=sa.text("state = 'building'"))
    op.create_table(
        "segment_topics",
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        _segment("segment_topics"),
        sa.PrimaryKeyConstraint("segment_id", "topic", name=op.f("pk_segment_topics")),
    )
    op.create_index("ix_segment_topics_topic", "segment_topics", ["topic"])
    op.create_table(
        "segment_members",
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        _segment("segment_members"),
        _contact("segment_members"),
        sa.PrimaryKeyConstraint("segment_id", "contact_id", name=op.f("pk_segment_members")),
    )
    op.create_index("ix_segment_members_contact_id", "segment_members", ["contact_id"])
    op.create_index(
        "ix_segment_members_segment_id_entered_at_contact_id",
        "segment_members",
        ["segment_id", "entered_at", "contact_id"],
    )
    op.create_table(
        "segment_vectors",
        sa.Column("text_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("embedding", VECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("text_sha256", "encoder", name=op.f("pk_segment_vectors")),
    )


def _create_upkeep() -> None:
    op.create_table(
        "segment_due",
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        _segment("segment_due"),
        _contact("segment_due"),
        sa.PrimaryKeyConstraint("segment_id", "contact_id", name=op.f("pk_segment_due")),
    )
    op.create_index("ix_segment_due_due_at", "segment_due", ["due_at"])
    op.create_index("ix_segment_due_contact_id", "segment_due", ["contact_id"])
    op.create_table(
        "segment_looks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment_looks")),
    )
    op.create_index("ix_segment_looks_contact_id", "segment_looks", ["contact_id"])
    op.create_table(
        "segment_people",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True),
        _contact("segment_people"),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_segment_people")),
    )
    op.create_index(
        "ix_segment_people_allowed", "segment_people", ["contact_id"], postgresql_where=sa.text("refusal is null")
    )
    op.create_index(
        "ix_segment_people_recheck_at",
        "segment_people",
        ["recheck_at"],
        postgresql_where=sa.text("recheck_at is not null"),
    )
    op.create_table(
        "segment_consents",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('given','refused','withdrawn','expired')", name=op.f("ck_segment_consents_state")
        ),
        _contact("segment_consents"),
        sa.PrimaryKeyConstraint("contact_id", "purpose", "channel", name=op.f("pk_segment_consents")),
    )
    op.create_index(
        "ix_segment_consents_scope",
        "segment_consents",
        ["purpose", "channel", "state", "contact_id", "valid_until"],
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

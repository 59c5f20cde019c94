"""Events from everywhere, what reacts to them, who sends them; scores, their rules, and what people are to do"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())

# One statement a statement of the caller, however many events it writes. Who reacts is woken when the writer commits.
_QUEUE_EVENTS = (
    """
CREATE FUNCTION parley_queue_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event_queue (event_id, kind, contact_id, occurred_at)
    SELECT id, kind, contact_id, occurred_at FROM new_rows WHERE contact_id IS NOT NULL ORDER BY id;
    IF FOUND THEN
        PERFORM pg_notify('parley_events', '');
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER timeline_events_queue AFTER INSERT ON timeline_events
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_queue_events()
""",
)


def upgrade() -> None:
    _widen_timeline()
    _create_sources()
    _widen_scores()
    _create_tasks()
    for statement in _QUEUE_EVENTS:
        op.execute(statement)


def _widen_timeline() -> None:
    op.add_column("timeline_events", sa.Column("source", sa.Text(), nullable=False, server_default="platform"))
    op.add_column("timeline_events", sa.Column("source_id", sa.Text(), nullable=True))
    op.add_column(
        "timeline_events",
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_check_constraint(
        op.f("ck_timeline_events_source"),
        "timeline_events",
        "source in ('conversation','web','api','import','webhook','mqtt','calendar','platform')",
    )
    op.create_index(
        "uq_timeline_events_source_source_id",
        "timeline_events",
        ["source", "source_id"],
        unique=True,
        postgresql_where=sa.text("source_id is not null"),
    )
    op.create_index(
        "ix_timeline_events_contact_id_kind_occurred_at", "timeline_events", ["contact_id", "kind", "occurred_at"]
    )
    op.create_table(
        "event_queue",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event_queue")),
    )
    op.create_index("ix_event_queue_contact_id", "event_queue", ["contact_id"])


def _create_sources() -> None:
    op.create_table(
        "event_kinds",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("properties", _JSON, nullable=False),
        sa.Column("required", _JSON, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_event_kinds")),
    )
    op.create_table(
        "event_sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("unknown_people", sa.Text(), nullable=False, server_default="refuse"),
        sa.Column("mapping", _JSON, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("way in ('api','webhook','mqtt','import')", name=op.f("ck_event_sources_way")),
        sa.CheckConstraint("unknown_people in ('refuse','create')", name=op.f("ck_event_sources_unknown_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_event_sources_name")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_event_sources_token_sha256")),
    )
    op.create_index("ix_event_sources_key_id", "event_sources", ["key_id"])


def _widen_scores() -> None:
    op.add_column("score_entries", sa.Column("score", sa.Text(), nullable=False, server_default="fit"))
    op.add_column("score_entries", sa.Column("cap_group", sa.Text(), nullable=True))
    op.add_column("score_entries", sa.Column("amount", sa.Double(), nullable=True))
    op.add_column("score_entries", sa.Column("half_life", sa.BigInteger(), nullable=True))
    op.add_column("score_entries", sa.Column("valued_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("score_entries", sa.Column("event_id", sa.Uuid(), nullable=True))
    op.create_table(
        "contact_scores",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("scores", _JSON, nullable=False),
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_scores_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_scores")),
    )
    # What everybody scores until now; the worker counts them anew, by facts and events, in sets.
    op.execute(
        "INSERT INTO contact_scores (contact_id, scores, book, counted_at, due_at) "
        "SELECT id, jsonb_build_object('total', score), 0, now(), now() FROM contacts"
    )
    op.create_index("ix_contact_scores_due_at", "contact_scores", ["due_at"])
    op.create_index("ix_contact_scores_book", "contact_scores", ["book"])
    op.create_table(
        "score_books",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("book", _JSON, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_score_books")),
    )


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("data", _JSON, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_tasks_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_contact_id", "tasks", ["contact_id"])
    op.create_index("ix_tasks_open", "tasks", ["owner_id", "made_at"], postgresql_where=sa.text("done_at is null"))


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

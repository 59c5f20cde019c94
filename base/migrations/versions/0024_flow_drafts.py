"""Drafts of flows: their saved states, layout, comments, and publishing as jobs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "content_revisions",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("files", _JSON),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("saved_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("item", "revision", name=op.f("pk_content_revisions")),
    )
    # Drafts that are in work now can be merged with, too.
    op.execute(
        "INSERT INTO content_revisions (item, revision, files, author, saved_at) "
        "SELECT item, revision, files, author, updated_at FROM content_drafts"
    )
    op.create_table(
        "content_layouts",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("positions", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_content_layouts")),
    )
    op.create_table(
        "content_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("step", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_notes")),
    )
    op.create_index("ix_content_notes_item_created_at", "content_notes", ["item", "created_at"])
    # Figures of flows read the messages of a period. A block range index costs next to nothing to keep.
    op.create_index("ix_messages_created_at", "messages", ["created_at"], postgresql_using="brin")
    op.create_table(
        "publish_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("wish", _JSON, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("lines", _JSON, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("outcome", _JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("publication", sa.BigInteger()),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", _MOMENT),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("began_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.CheckConstraint("kind in ('try','publish','rollback')", name=op.f("ck_publish_jobs_kind")),
        sa.CheckConstraint(
            "status in ('waiting','running','done','refused','failed')", name=op.f("ck_publish_jobs_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publish_jobs")),
    )
    op.create_index("ix_publish_jobs_asked_at", "publish_jobs", ["asked_at"])
    op.create_index(
        "ix_publish_jobs_open",
        "publish_jobs",
        ["asked_at"],
        postgresql_where=sa.text("status in ('waiting','running')"),
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

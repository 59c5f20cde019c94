"""Calendars that are read and written by CalDAV"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("meetings", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("meetings", sa.Column("time_zone", sa.Text(), nullable=True))
    op.add_column("meetings", sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("meetings", sa.Column("told_sequence", sa.BigInteger(), nullable=True))
    op.add_column("meetings", sa.Column("changed_at", _AT, nullable=True))
    op.add_column("meetings", sa.Column("changed_by", sa.Text(), nullable=True))
    op.add_column("calendars", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    # Whoever booked before there were mails of it is not mailed now.
    op.execute("UPDATE meetings SET told_sequence = 0 WHERE state = 'booked'")
    op.create_index("ix_meetings_state_ends_at", "meetings", ["state", "ends_at"], unique=False)
    op.create_table(
        "calendar_links",
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("access_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("linked_at", _AT, nullable=False),
        sa.Column("sync_token", sa.Text(), nullable=True),
        sa.Column("look_at", _AT, nullable=False),
        sa.Column("looked_at", _AT, nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendars.id"], name=op.f("fk_calendar_links_calendar_id_calendars"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("calendar_id", name=op.f("pk_calendar_links")),
    )
    op.create_index("ix_calendar_links_key_id", "calendar_links", ["key_id"], unique=False)
    op.create_table(
        "calendar_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", _AT, nullable=False),
        sa.Column("held_until", _AT, nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("starts_at", _AT, nullable=True),
        sa.Column("ends_at", _AT, nullable=True),
        sa.Column("clashes", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "state in ('to_write','failed','written','removed')", name=op.f("ck_calendar_entries_state")
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendars.id"],
            name=op.f("fk_calendar_entries_calendar_id_calendars"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_calendar_entries_meeting_id_meetings"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_entries")),
    )
    op.create_index(
        "ix_calendar_entries_due_at",
        "calendar_entries",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state in ('to_write','failed')"),
    )
    op.create_index(
        "ix_calendar_entries_calendar_id_ends_at", "calendar_entries", ["calendar_id", "ends_at"], unique=False
    )
    op.create_index("ix_calendar_entries_meeting_id", "calendar_entries", ["meeting_id"], unique=False)


def downgrade() -> None:
    op.drop_table("calendar_entries")
    op.drop_table("calendar_links")
    op.drop_index("ix_meetings_state_ends_at", table_name="meetings")
    op.drop_column("calendars", "version")
    for column in ("changed_by", "changed_at", "told_sequence", "sequence", "time_zone", "language"):
        op.drop_column("meetings", column)

"""The inbox: talks that people have, teams, notes, canned replies, what was read"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_teams()
    _create_handoffs()
    _create_aids()
    op.execute("""
        INSERT INTO handoffs (id, conversation_id, state, reason, asked_at, changed_at)
        SELECT gen_random_uuid(), id, 'waiting', '', coalesce(last_message_at, created_at), now()
        FROM conversations WHERE status = 'handed_off'
    """)


def _create_teams() -> None:
    op.create_table(
        "inbox_teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("routing", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("routing in ('owner','round_robin','nobody')", name=op.f("ck_inbox_teams_routing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_inbox_teams_name")),
    )
    op.create_table(
        "inbox_team_members",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("last_given_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"], ["inbox_teams.id"], name=op.f("fk_inbox_team_members_team_id_inbox_teams"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_inbox_team_members")),
    )
    op.create_table(
        "inbox_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("segment_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"], ["inbox_teams.id"], name=op.f("fk_inbox_rules_team_id_inbox_teams"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_inbox_rules_segment_id_segments"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_rules")),
    )
    op.create_index("ix_inbox_rules_team_id", "inbox_rules", ["team_id"])
    op.create_index(
        "ix_inbox_rules_segment_id",
        "inbox_rules",
        ["segment_id"],
        postgresql_where=sa.text("segment_id is not null"),
    )
    op.create_table(
        "inbox_away",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("since_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_inbox_away")),
    )


def _create_handoffs() -> None:
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=True),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.Column("rating", sa.BigInteger(), nullable=True),
        sa.Column("rated_at", _MOMENT, nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.CheckConstraint("state in ('waiting','taken','done')", name=op.f("ck_handoffs_state")),
        sa.CheckConstraint("ended_how in ('handed_back','closed')", name=op.f("ck_handoffs_ended_how")),
        sa.CheckConstraint("(state = 'done') = (ended_at is not null)", name=op.f("ck_handoffs_done_has_ended")),
        sa.CheckConstraint("rating between 1 and 5", name=op.f("ck_handoffs_rating")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_handoffs_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["inbox_teams.id"], name=op.f("fk_handoffs_team_id_inbox_teams"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
    )
    op.create_index(
        "uq_handoffs_open", "handoffs", ["conversation_id"], unique=True, postgresql_where=sa.text("state <> 'done'")
    )
    op.create_index("ix_handoffs_conversation_id_asked_at", "handoffs", ["conversation_id", "asked_at"])
    op.create_index("ix_handoffs_asked_at_id", "handoffs", ["asked_at", "id"])
    op.create_index(
        "ix_handoffs_ended_at_id", "handoffs", ["ended_at", "id"], postgresql_where=sa.text("state = 'done'")
    )
    op.create_index("ix_handoffs_team_id", "handoffs", ["team_id"], postgresql_where=sa.text("team_id is not null"))


def _create_aids() -> None:
    op.create_table(
        "inbox_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_inbox_notes_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_notes")),
    )
    op.create_index("ix_inbox_notes_conversation_id", "inbox_notes", ["conversation_id"])
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_replies")),
        sa.UniqueConstraint("name", "language", name=op.f("uq_canned_replies_name_language")),
    )
    op.create_table(
        "inbox_readings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_inbox_readings_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "conversation_id", name=op.f("pk_inbox_readings")),
    )
    op.create_index("ix_inbox_readings_conversation_id", "inbox_readings", ["conversation_id"])


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

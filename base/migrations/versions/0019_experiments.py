"""Experiments: what is compared, who goes which way, and who did what it is for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("journey", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("design", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("winner", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("looked_at", _MOMENT, nullable=False),
        sa.CheckConstraint("(winner is null) = (decided_at is null)", name=op.f("ck_experiments_decided")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("journey", "step", "fingerprint", name=op.f("uq_experiments_journey_step_fingerprint")),
    )
    op.create_table(
        "experiment_people",
        sa.Column("experiment_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("assigned_at", _MOMENT, nullable=False),
        sa.Column("goal_at", _MOMENT, nullable=True),
        sa.Column("goal_value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_experiment_people_experiment_id_experiments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_experiment_people_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "contact_id", name=op.f("pk_experiment_people")),
    )
    op.create_index("ix_experiment_people_contact_id", "experiment_people", ["contact_id"])


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

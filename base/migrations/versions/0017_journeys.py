"""Journeys: their state, where people of older versions land, holdout, goals, entries by date, backfills, calls"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())
_EMPTY = sa.text("'{}'")
_MOMENT = sa.DateTime(timezone=True)

# Days that journeys count from, copied out of the contacts' fields: only of fields that a journey names.
_COPY_DATES = """
    INSERT INTO contact_dates (contact_id, field, zone, day, yearly)
    SELECT c.id, f.field, coalesce(c.time_zone, ''), d.day,
        (extract(month FROM d.day) * 100 + extract(day FROM d.day))::bigint
    FROM {rows} c
    JOIN date_fields f ON c.fields ? f.field
    CROSS JOIN LATERAL (
        SELECT CASE WHEN left(c.fields ->> f.field, 10) ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'
            AND pg_input_is_valid(left(c.fields ->> f.field, 10), 'date')
            THEN left(c.fields ->> f.field, 10)::date END AS day
    ) d
    WHERE d.day IS NOT NULL
"""
_DATES = (
    f"""
CREATE FUNCTION parley_contact_dates_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_COPY_DATES.format(rows="new_rows")};
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER contacts_dates_insert AFTER INSERT ON contacts
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_contact_dates_insert()
""",
    f"""
CREATE FUNCTION parley_contact_dates_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM date_fields) THEN
        RETURN NULL;
    END IF;
    DELETE FROM contact_dates d USING new_rows n JOIN old_rows o ON o.id = n.id
    WHERE d.contact_id = n.id AND (n.fields, n.time_zone) IS DISTINCT FROM (o.fields, o.time_zone);
    {
        _COPY_DATES.format(
            rows="(SELECT n.* FROM new_rows n JOIN old_rows o ON o.id = n.id "
            "WHERE (n.fields, n.time_zone) IS DISTINCT FROM (o.fields, o.time_zone))"
        )
    };
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER contacts_dates_update AFTER UPDATE ON contacts
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION parley_contact_dates_update()
""",
    """
CREATE FUNCTION parley_contact_dates_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM contact_dates d USING old_rows o WHERE d.contact_id = o.id;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER contacts_dates_delete AFTER DELETE ON contacts
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_contact_dates_delete()
""",
    f"""
CREATE FUNCTION parley_date_fields_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_COPY_DATES.format(rows="contacts").replace("JOIN date_fields f", "JOIN new_rows f")};
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER date_fields_fill AFTER INSERT ON date_fields
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION parley_date_fields_insert()
""",
)


def upgrade() -> None:
    _widen_journeys()
    _widen_enrolments()
    _create_entries()
    _create_work()
    for statement in _DATES:
        op.execute(statement)


def _widen_journeys() -> None:
    op.add_column("journeys", sa.Column("state", sa.Text(), nullable=False, server_default="running"))
    op.add_column("journeys", sa.Column("landing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("journeys", sa.Column("landed_to", sa.Uuid(), nullable=True))
    op.add_column("journeys", sa.Column("places", _JSON, nullable=False, server_default=_EMPTY))
    op.add_column("journeys", sa.Column("dates_done_to", _MOMENT, nullable=True))
    op.create_check_constraint(op.f("ck_journeys_state"), "journeys", "state in ('running','paused','draining')")


def _widen_enrolments() -> None:
    # Who was in a journey before stands on a step that was begun.
    op.add_column("enrolments", sa.Column("begun_at", _MOMENT, nullable=True, server_default=sa.func.now()))
    op.add_column("enrolments", sa.Column("remembered", _JSON, nullable=False, server_default=_EMPTY))
    op.add_column("enrolments", sa.Column("entry", sa.Text(), nullable=True))
    op.add_column("enrolments", sa.Column("parked_due_at", _MOMENT, nullable=True))
    op.add_column("enrolments", sa.Column("goal_at", _MOMENT, nullable=True))
    op.add_column("enrolments", sa.Column("goal_value", sa.Double(), nullable=True))
    op.drop_constraint(op.f("ck_enrolments_state"), "enrolments")
    op.create_check_constraint(op.f("ck_enrolments_state"), "enrolments", "state in ('active','exited','held_out')")
    op.create_index(
        "ix_enrolments_parked", "enrolments", ["journey"], postgresql_where=sa.text("parked_due_at is not null")
    )
    op.create_index(
        "ix_outbox_journey_reason_rule",
        "outbox",
        ["journey", "reason_rule"],
        postgresql_where=sa.text("journey is not null and reason_rule is not null"),
    )


def _create_entries() -> None:
    op.create_table(
        "entry_refusals",
        sa.Column("journey", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        _contact("entry_refusals"),
        sa.PrimaryKeyConstraint("journey", "contact_id", "rule", name=op.f("pk_entry_refusals")),
    )
    op.create_index("ix_entry_refusals_contact_id", "entry_refusals", ["contact_id"])
    op.create_table(
        "date_fields",
        sa.Column("field", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("field", name=op.f("pk_date_fields")),
    )
    op.create_table(
        "contact_dates",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("yearly", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "field", name=op.f("pk_contact_dates")),
    )
    op.create_index("ix_contact_dates_field_zone_day", "contact_dates", ["field", "zone", "day"])
    op.create_index("ix_contact_dates_field_zone_yearly", "contact_dates", ["field", "zone", "yearly"])


def _create_work() -> None:
    op.create_table(
        "journey_backfills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("journey", sa.Text(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="running"),
        sa.Column("reached_to", sa.Uuid(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("entered", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.CheckConstraint("state in ('running','done','cancelled')", name=op.f("ck_journey_backfills_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_backfills")),
    )
    op.create_index("ix_journey_backfills_journey_made_at", "journey_backfills", ["journey", "made_at"])
    op.create_index(
        "ix_journey_backfills_running", "journey_backfills", ["made_at"], postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "journey_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("journey", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="waiting"),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.CheckConstraint("state in ('waiting','done','failed')", name=op.f("ck_journey_calls_state")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolments.id"],
            name=op.f("fk_journey_calls_enrolment_id_enrolments"),
            ondelete="CASCADE",
        ),
        _contact("journey_calls"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_calls")),
        sa.UniqueConstraint("occurrence", name=op.f("uq_journey_calls_occurrence")),
    )
    op.create_index("ix_journey_calls_contact_id", "journey_calls", ["contact_id"])
    op.create_index("ix_journey_calls_enrolment_id", "journey_calls", ["enrolment_id"])
    op.create_index("ix_journey_calls_due", "journey_calls", ["due_at"], postgresql_where=sa.text("state = 'waiting'"))


def _contact(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_contact_id_contacts")
    return sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

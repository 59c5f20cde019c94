"""Gate: a row in `sending` needs the gate's own yes, given to this row at the moment it was claimed

Rows that are in `sending` while this runs keep their decision: only entering the state is looked at.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CHECK = """
CREATE FUNCTION parley_check_sending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM gate_decisions
        WHERE id = NEW.gate_decision_id AND outbox_id = NEW.id
            AND stage = 'claim' AND answer = 'allow' AND decided_at = NEW.claimed_at
    ) THEN
        RAISE EXCEPTION 'outbox row % may not be sent: the gate did not allow it at this claim', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(_CHECK)
    op.execute(
        "CREATE TRIGGER outbox_inserted_sending BEFORE INSERT ON outbox FOR EACH ROW "
        "WHEN (NEW.state = 'sending') EXECUTE FUNCTION parley_check_sending()"
    )
    op.execute(
        "CREATE TRIGGER outbox_enters_sending BEFORE UPDATE OF id, state, gate_decision_id, claimed_at ON outbox "
        "FOR EACH ROW WHEN (NEW.state = 'sending' AND (OLD.state, OLD.id, OLD.gate_decision_id, OLD.claimed_at) "
        "IS DISTINCT FROM (NEW.state, NEW.id, NEW.gate_decision_id, NEW.claimed_at)) "
        "EXECUTE FUNCTION parley_check_sending()"
    )
    # Decisions go with their message when a contact is erased; changed they are never.
    op.execute(
        "CREATE TRIGGER gate_decisions_unchanged BEFORE UPDATE ON gate_decisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION parley_refuse_change()"
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")

"""Stores where walkers came to rest: one statement for all of them, whatever they did. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import DateTime, Text, Uuid, bindparam, case, null, update
from sqlalchemy.dialects.postgresql import JSONB

from base.row_sets import given_rows, rows_of
from base.tables import table_of
from outreach.models import Enrolment
from outreach.trail import Happened, record_all
from outreach.walking import Walker, Work

_MOMENT = DateTime(timezone=True)
_COLUMNS: dict[str, Any] = {
    "id": Uuid(),
    "version": Text(),
    "step": Text(),
    "arrivals": Enrolment.arrivals.type,
    "due_at": _MOMENT,
    "begun_at": _MOMENT,
    "exit_reason": Text(),
    "parked_due_at": _MOMENT,
}


async def save(work: Work, walkers: Sequence[Walker]) -> None:
    """Writes those that were not written yet, and that they left for those who did."""
    fresh = [walker for walker in walkers if not walker.saved]
    if not fresh:
        return
    rows = [{name: getattr(walker, name) for name in _COLUMNS} for walker in fresh]
    await work.session.execute(_SAVE, {**rows_of(rows), "now": work.now})
    learned = [{"id": walker.id, "remembered": walker.remembered} for walker in fresh if walker.learned]
    if learned:
        await work.session.execute(_REMEMBER, rows_of(learned))
    for walker in fresh:
        walker.saved, walker.learned = True, False
        work.moves.add(walker.journey, walker.moves)
        walker.moves.clear()
        if walker.exit_reason is not None:
            data = {"journey": walker.journey, "reason": walker.exit_reason}
            work.events.append(Happened("journey_exited", walker.contact_id, walker.conversation_id, data))


async def tell(work: Work) -> None:
    """Writes what happened to the timeline, and how many went which way."""
    await record_all(work.session, [*work.events, *work.moves.take()], work.now)
    work.events.clear()


def _save_statement() -> Any:
    enrolments, given = table_of(Enrolment), given_rows(_COLUMNS)
    left = given.c.exit_reason.is_not(None)
    now = bindparam("now", type_=_MOMENT)
    moved = {name: given.c[name] for name in _COLUMNS if name not in ("id", "due_at")}
    return (
        update(enrolments)
        .where(enrolments.c.id == given.c.id)
        .values(
            **moved,
            due_at=case((left, null()), else_=given.c.due_at),
            state=case((left, "exited"), else_="active"),
            updated_at=now,
        )
    )


def _remember_statement() -> Any:
    enrolments, given = table_of(Enrolment), given_rows({"id": Uuid(), "remembered": JSONB()})
    return update(enrolments).where(enrolments.c.id == given.c.id).values(remembered=given.c.remembered)


_SAVE = _save_statement()
_REMEMBER = _remember_statement()
"""Built once: they run with every set."""

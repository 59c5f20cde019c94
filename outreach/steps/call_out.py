"""`webhook_connector`: people wait here until the call that is made for them beside (`outreach.calling`) is over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from base.ids import new_id
from outreach.entry_models import JourneyCall
from outreach.steps.ways import go_on
from outreach.walking import Group, Walker, Work

PATIENCE = timedelta(hours=1)
"""How long a call may take, with all its attempts; it has failed then."""


async def call_out(work: Work, group: Group) -> None:
    """Has the call made, or goes on by what came of it."""
    newcomers = [walker for walker in group.walkers if walker.begun_at is None]
    if newcomers:
        await _ask(work, newcomers)
    waiting = [walker for walker in group.walkers if walker.begun_at is not None and not walker.resting]
    if not waiting:
        return
    calls = select(JourneyCall.occurrence, JourneyCall.state).where(
        JourneyCall.occurrence.in_([walker.occurrence for walker in waiting])
    )
    states = {row.occurrence: row.state for row in await work.session.execute(calls)}
    done: list[Walker] = []
    for walker in waiting:
        if states.get(walker.occurrence) == "done":
            done.append(walker)
        elif group.step.failed is not None:
            walker.go(group.step.failed)
        else:
            done.append(walker)
    if done:
        await go_on(work, group.of(done))


async def _ask(work: Work, walkers: list[Walker]) -> None:
    rows = [
        {
            "id": new_id(),
            "occurrence": walker.occurrence,
            "enrolment_id": walker.id,
            "contact_id": walker.contact_id,
            "journey": walker.journey,
            "version": walker.version,
            "step": walker.step,
            "due_at": work.now,
            "made_at": work.now,
        }
        for walker in walkers
    ]
    await work.session.execute(insert(JourneyCall).values(rows).on_conflict_do_nothing(index_elements=["occurrence"]))
    for walker in walkers:
        # Counted from now: the call is made now, however late we are.
        walker.at = work.now
        walker.wait(work.now + PATIENCE, work.now)

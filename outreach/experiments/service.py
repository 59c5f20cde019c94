"""People in experiments: which way they go, and what they did. Runs in the caller's transaction; decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Select, any_, bindparam, case, cast, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from base.nested_rows import Ids, one_of
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.contacts.models import Contact
from crm.timeline.models import TimelineEvent
from outreach.conditions_sql import matching_events
from outreach.definitions import JourneyDefinition
from outreach.experiments.design import Design, read_design
from outreach.experiments.models import Experiment, ExperimentPerson


async def assign(
    session: AsyncSession, definition: JourneyDefinition, name: str, contact_ids: Collection[UUID], now: datetime
) -> Mapping[UUID, str]:
    """Which way each contact goes at an experiment step of this name. Who went one before goes it again."""
    journey, design = definition.journey, Design.of(definition.steps[name])
    experiment_id, winner = await _find(session, journey, name, design, now)
    known = await session.execute(
        select(ExperimentPerson.contact_id, ExperimentPerson.variant).where(
            ExperimentPerson.experiment_id == experiment_id, one_of(ExperimentPerson.contact_id, contact_ids)
        )
    )
    ways: dict[UUID, str] = dict(row for row in known)
    coming = sorted(set(contact_ids) - ways.keys())
    if winner is not None:
        return ways | dict.fromkeys(coming, winner)
    if coming:
        ways |= {contact_id: design.way_of(journey, name, contact_id) for contact_id in coming}
        rows = [
            {"experiment_id": experiment_id, "contact_id": one, "variant": ways[one], "assigned_at": now}
            for one in coming
        ]
        await session.execute(_PUT_IN, rows_of(rows))
    return ways


async def note_goals(session: AsyncSession, contact_ids: Sequence[UUID], now: datetime) -> None:  # noqa: ARG001
    """`outreach.ports.Reaction`: notes when these contacts first did what their experiments are for, since they came.

    Reads the timeline, so that an event that was heard of late, or twice, counts as it should.
    """
    connection = await session.connection()
    open_ones = await connection.execute(_OPEN_OF, {"contact_ids": list(contact_ids)})
    for experiment_id, stored in open_ones.all():
        done = _first_goals(experiment_id, read_design(stored), contact_ids).subquery("done")
        await session.execute(
            update(ExperimentPerson)
            .where(ExperimentPerson.experiment_id == experiment_id, ExperimentPerson.contact_id == done.c.contact_id)
            .values(goal_at=done.c.occurred_at, goal_value=done.c.worth)
            .execution_options(synchronize_session=False)
        )


async def set_winner(session: AsyncSession, experiment_id: UUID, variant: str, by: str, now: datetime) -> None:
    """Sends whoever comes from now on one way.

    Raises:
        NotFound: there is no such experiment.
        Conflict: it is decided already.
        InvalidInput: it has no such variant.
    """
    found = await session.scalar(select(Experiment).where(Experiment.id == experiment_id).with_for_update())
    if found is None:
        raise NotFound("There is no such experiment.")
    if found.winner is not None:
        raise Conflict(f"The experiment is decided: {found.winner} won.")
    names = [one.name for one in read_design(found.design).variants]
    if variant not in names:
        raise InvalidInput(f"The experiment has no variant {variant}; choose one of {', '.join(names)}.")
    found.winner, found.decided_by, found.decided_at = variant, by, now


async def _find(
    session: AsyncSession, journey: str, step: str, design: Design, now: datetime
) -> tuple[UUID, str | None]:
    """The experiment and who won it; begun if it is new."""
    found = select(Experiment.id, Experiment.winner).where(
        Experiment.journey == journey, Experiment.step == step, Experiment.fingerprint == design.fingerprint
    )
    row = (await session.execute(found)).first()
    if row is None:
        new = {
            "id": new_id(),
            "journey": journey,
            "step": step,
            "fingerprint": design.fingerprint,
            "design": design.model_dump(mode="json"),
            "begun_at": now,
            "looked_at": now,
        }
        await session.execute(insert(Experiment).values(new).on_conflict_do_nothing())
        row = (await session.execute(found)).one()
    return row.id, row.winner


def _first_goals(experiment_id: UUID, design: Design, contact_ids: Collection[UUID]) -> Select[Any]:
    goal = design.goal
    in_time = [TimelineEvent.occurred_at >= ExperimentPerson.assigned_at]
    if goal.within_seconds is not None:
        length = literal(timedelta(seconds=goal.within_seconds))
        in_time.append(TimelineEvent.occurred_at <= ExperimentPerson.assigned_at + length)
    worth: Any = literal(1.0, Float())
    if goal.value is not None:
        told = TimelineEvent.data[goal.value]
        worth = case((func.jsonb_typeof(told) == "number", cast(told.astext, Float())), else_=0.0)
    first = (
        select(TimelineEvent.occurred_at, worth.label("worth"))
        .where(*matching_events(goal.kind, goal.where), *in_time)
        .order_by(TimelineEvent.occurred_at, TimelineEvent.id)
        .limit(1)
        .correlate(Contact, ExperimentPerson)
        .lateral("first")
    )
    return (
        select(ExperimentPerson.contact_id, first.c.occurred_at, first.c.worth)
        .join(Contact, Contact.id == ExperimentPerson.contact_id)
        .join(first, true())
        .where(
            ExperimentPerson.experiment_id == experiment_id,
            ExperimentPerson.goal_at.is_(None),
            one_of(ExperimentPerson.contact_id, contact_ids),
        )
    )


_PUT_IN = insert_rows(
    table_of(ExperimentPerson), ("experiment_id", "contact_id", "variant", "assigned_at")
).on_conflict_do_nothing()
_EXPERIMENTS, _PEOPLE = table_of(Experiment), table_of(ExperimentPerson)
_OPEN_OF = select(_EXPERIMENTS.c.id, _EXPERIMENTS.c.design).where(
    _EXPERIMENTS.c.id.in_(
        select(_PEOPLE.c.experiment_id).where(
            _PEOPLE.c.contact_id == any_(bindparam("contact_ids", type_=Ids())), _PEOPLE.c.goal_at.is_(None)
        )
    )
)

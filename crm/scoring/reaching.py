"""What follows when scores reach a threshold: the next stage, and a task for who looks after the person.

Who asked that a person decides is not moved: the task says that somebody should look. In the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.models import Contact
from crm.contacts.rules import STAGES, Stage, stages_before
from crm.owners.service import list_owners
from crm.privacy.limits import list_marks
from crm.scoring.rules import ScoreBook, Threshold, reached
from crm.tasks.models import Task
from crm.tasks.service import NewTask, create_tasks
from crm.timeline.service import NewEvent, ingest

STAGE_REACHED = "stage_reached"
STAGE_PROPOSED = "stage_proposed"
"""The kinds of tasks: they moved on, or a person is to decide whether they do."""

_WORDS: Mapping[str, str] = {"mql": "marketing qualified", "sql": "sales qualified"}


@dataclass(frozen=True, slots=True)
class Reach:
    """A contact with its stage and what it scores now."""

    contact_id: UUID
    stage: str
    scores: Mapping[str, int]


async def move_on(session: AsyncSession, people: Sequence[Reach], book: ScoreBook, now: datetime) -> None:
    """Moves all who reached a stage ahead of theirs."""
    ahead = {one.contact_id: (one, further) for one in people if (further := _furthest(one, book)) is not None}
    if not ahead:
        return
    marks = await list_marks(session, ahead)
    decided_by_people = [contact_id for contact_id in ahead if "human_review" in marks[contact_id]]
    await _move(session, {key: one for key, one in ahead.items() if key not in decided_by_people}, now)
    await _propose(session, {key: ahead[key] for key in decided_by_people}, now)


def _furthest(person: Reach, book: ScoreBook) -> Threshold | None:
    ahead = [each for each in reached(person.scores, book) if person.stage in stages_before(each.stage)]
    return max(ahead, key=lambda each: STAGES.index(each.stage), default=None)


async def _move(
    session: AsyncSession,
    ahead: Mapping[UUID, tuple[Reach, Threshold]],
    now: datetime,
) -> None:
    owners = await list_owners(session, ahead)
    moved: list[UUID] = []
    for stage in {each.stage for _, each in ahead.values()}:
        of_stage = [contact_id for contact_id, (_, each) in ahead.items() if each.stage == stage]
        moved += await _set_stage(session, of_stage, stage, now)
    tasks = [
        NewTask(
            contact_id, STAGE_REACHED, _title(*ahead[contact_id]), owners.get(contact_id), _data(*ahead[contact_id])
        )
        for contact_id in moved
    ]
    events = [
        NewEvent(
            "stage_changed",
            now,
            "platform",
            contact_id,
            data={"stage": ahead[contact_id][1].stage, "before": ahead[contact_id][0].stage, "reason": "score"},
        )
        for contact_id in moved
    ]
    await _give(session, tasks, events, now)


async def _propose(
    session: AsyncSession,
    ahead: Mapping[UUID, tuple[Reach, Threshold]],
    now: datetime,
) -> None:
    """A task for a person's decision, unless there is one open."""
    asked = select(Task.contact_id).where(
        Task.contact_id.in_(list(ahead)), Task.kind == STAGE_PROPOSED, Task.done_at.is_(None)
    )
    owners = await list_owners(session, ahead)
    open_already = set(await session.scalars(asked)) if ahead else set()
    tasks = [
        NewTask(
            contact_id,
            STAGE_PROPOSED,
            f"They asked that a person decides: would become {_said(each.stage)}",
            owners.get(contact_id),
            _data(person, each),
        )
        for contact_id, (person, each) in ahead.items()
        if contact_id not in open_already
    ]
    await _give(session, tasks, [], now)


async def _give(session: AsyncSession, tasks: Sequence[NewTask], events: Sequence[NewEvent], now: datetime) -> None:
    made = await create_tasks(session, tasks, now)
    told = [
        NewEvent(
            "task_made",
            now,
            "platform",
            task.contact_id,
            data={"task": str(task_id), "kind": task.kind, "title": task.title},
        )
        for task_id, task in zip(made, tasks, strict=True)
    ]
    await ingest(session, [*events, *told], now)


async def _set_stage(session: AsyncSession, contact_ids: Sequence[UUID], stage: Stage, now: datetime) -> list[UUID]:
    moved = await session.scalars(
        update(Contact)
        .where(Contact.id.in_(contact_ids), Contact.stage.in_(stages_before(stage)))
        .values(stage=stage, updated_at=now)
        .returning(Contact.id)
        .execution_options(synchronize_session=False)
    )
    return list(moved)


def _title(person: Reach, reached: Threshold) -> str:
    return f"Became {_said(reached.stage)}: {reached.score} {person.scores[reached.score]} of {reached.at_least}"


def _data(person: Reach, reached: Threshold) -> dict[str, object]:
    return {"stage": reached.stage, "score": reached.score, "reached": person.scores[reached.score]}


def _said(stage: str) -> str:
    return _WORDS.get(stage, stage)

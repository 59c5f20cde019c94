"""Makes, lists and closes tasks, in the caller's transaction. Tells nobody: `admin.task_mails` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.ids import new_id
from crm.tasks.models import Task

__all__ = ["NewTask", "close_task", "create_tasks", "list_open_tasks"]


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be made. `title` is read by the colleague and names no address."""

    contact_id: UUID
    kind: str
    title: str
    owner_id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


async def create_tasks(session: AsyncSession, tasks: Sequence[NewTask], now: datetime) -> list[UUID]:
    """Makes them all in one statement; returns their ids in the order given."""
    ids = [new_id() for _ in tasks]
    rows = [
        {
            "id": task_id,
            "contact_id": task.contact_id,
            "owner_id": task.owner_id,
            "kind": task.kind,
            "title": task.title,
            "data": dict(task.data),
            "due_at": task.due_at,
            "made_at": now,
        }
        for task_id, task in zip(ids, tasks, strict=True)
    ]
    if rows:
        await session.execute(insert(Task).values(rows))
    return ids


async def list_open_tasks(
    session: AsyncSession, *, owner_id: UUID | None = None, contact_id: UUID | None = None, limit: int = 200
) -> Sequence[Task]:
    """What is still to be done, the oldest first: of one owner and of nobody yet, or of everybody."""
    found = select(Task).where(Task.done_at.is_(None)).order_by(Task.made_at, Task.id).limit(limit)
    if owner_id is not None:
        found = found.where((Task.owner_id == owner_id) | Task.owner_id.is_(None))
    if contact_id is not None:
        found = found.where(Task.contact_id == contact_id)
    return (await session.scalars(found)).all()


async def close_task(session: AsyncSession, task_id: UUID, *, by: str, now: datetime) -> None:
    """It is done. Closed again, it stays as it was.

    Raises:
        NotFound: there is no such task.
    """
    done = (
        update(Task)
        .where(Task.id == task_id, Task.done_at.is_(None))
        .values(done_at=now, done_by=by)
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    )
    if await session.scalar(done) is None and await session.get(Task, task_id) is None:
        raise NotFound("There is no such task.")

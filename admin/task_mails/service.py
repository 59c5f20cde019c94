"""Tells colleagues by mail what they are to do: the tasks of whoever is theirs, and those that are nobody's yet.

One mail for what came up within a minute, and none within five minutes of the last. Tells colleagues only, and each at
least once: a worker that dies between handing a mail over and noting it has another send it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, DateTime, Uuid, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import ROLES, Granted
from admin.models import AdminUser, TaskNotice
from admin.roles.models import Role
from admin.task_mails.letter import ToDo, write_letter
from admin.task_mails.ports import ColleagueMail
from base.clock import Clock
from base.database import Sessions, transaction
from crm.samples.made_up import is_made_up_of
from crm.tasks.models import Task
from outreach.ports import Accepted, Refused

_log = structlog.get_logger(__name__)

GATHERS = timedelta(minutes=1)
"""How long a task waits for others that come up with it."""
APART = timedelta(minutes=5)
"""Between two mails to one colleague."""
TOO_OLD = timedelta(days=7)
"""Tasks that are older when mail can be sent are not news."""
_HELD = timedelta(minutes=2)
"""For one mail: longer than any hand-over takes."""
_AFTER_REFUSAL = timedelta(hours=6)
_MOST = 1_000
CLOSES: Granted = "contacts.write"
TOLD = frozenset(role for role, granted in ROLES.items() if CLOSES in granted)
"""Roles that may close a task: the others may not even read whom it is about."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A colleague whose mail is ours to send, and what it is about."""

    user_id: UUID
    email: str
    name: str
    language: str
    tasks: tuple[ToDo, ...]


class TaskMails:
    """`outreach.ports.DueWork`: tasks that their colleagues have not been told of."""

    def __init__(self, sessions: Sessions, mail: ColleagueMail, clock: Clock, site_url: str) -> None:
        self._sessions = sessions
        self._mail = mail
        self._clock = clock
        self._site_url = site_url

    async def do_due(self, now: datetime) -> int:
        """Sends each colleague who is due a mail; returns how many left."""
        if self._mail.configured() is not None:
            return 0
        sent = 0
        while (held := await self._hold_one(now)) is not None:
            sent += await self._send(held, now)
        return sent

    async def next_due_at(self) -> datetime | None:
        """When the next mail is due; None when there is none, or no mail server."""
        if self._mail.configured() is not None:
            return None
        at = func.greatest(Task.made_at + GATHERS, AdminUser.next_task_mail_at)
        async with transaction(self._sessions) as session:
            due: datetime | None = await session.scalar(
                select(func.min(at)).select_from(AdminUser).join(Task, _theirs()).where(*_untold(self._clock.now()))
            )
        return due

    async def _hold_one(self, now: datetime) -> _Held | None:
        async with transaction(self._sessions) as session:
            waits = select(Task.id).where(_theirs(), *_untold(now), Task.made_at <= now - GATHERS).correlate(AdminUser)
            free = or_(AdminUser.next_task_mail_at.is_(None), AdminUser.next_task_mail_at <= now)
            found = select(AdminUser.id, AdminUser.email, AdminUser.name, AdminUser.language).where(
                free, waits.exists()
            )
            row = (
                await session.execute(found.order_by(AdminUser.id).limit(1).with_for_update(skip_locked=True))
            ).one_or_none()
            if row is None:
                return None
            await _set_next(session, row.id, now + _HELD)
            tasks = await session.execute(
                select(Task.id, Task.contact_id, Task.kind, Task.title, Task.due_at)
                .join(AdminUser, _theirs())
                .where(AdminUser.id == row.id, *_untold(now))
                .order_by(Task.made_at, Task.id)
                .limit(_MOST)
            )
            return _Held(row.id, row.email, row.name, row.language, tuple(ToDo(*task) for task in tasks))

    async def _send(self, held: _Held, now: datetime) -> int:
        letter = write_letter(held.name, held.tasks, self._site_url, held.language)
        outcome = await self._mail.send(held.email, letter.subject, letter.text)
        told = {"user_id": str(held.user_id), "tasks": len(held.tasks)}
        async with transaction(self._sessions) as session:
            if isinstance(outcome, Accepted):
                await _note_told(session, held, now)
            await _set_next(session, held.user_id, now + (_AFTER_REFUSAL if isinstance(outcome, Refused) else APART))
        if isinstance(outcome, Accepted):
            _log.info("tasks_mailed", **told)
            return 1
        _log.error("tasks_not_mailed", reason=outcome.reason, **told)
        return 0


async def set_wanted(session: AsyncSession, user_id: UUID, *, wanted: bool) -> None:
    """Whether this colleague gets mails about tasks."""
    await session.execute(update(AdminUser).where(AdminUser.id == user_id).values(mails_tasks=wanted))


async def is_wanted(session: AsyncSession, user_id: UUID) -> bool:
    """Whether they get mails about tasks."""
    return bool(await session.scalar(select(AdminUser.mails_tasks).where(AdminUser.id == user_id)))


def _theirs() -> ColumnElement[bool]:
    return or_(Task.owner_id == AdminUser.id, Task.owner_id.is_(None))


def _untold(now: datetime) -> tuple[ColumnElement[bool], ...]:
    told = select(TaskNotice.task_id).where(TaskNotice.task_id == Task.id, TaskNotice.user_id == AdminUser.id)
    untold = ~told.correlate(Task, AdminUser).exists()
    own_roles = select(Role.name).where(Role.permissions.contains([CLOSES]))
    told_roles = or_(AdminUser.role.in_(TOLD), AdminUser.role.in_(own_roles))
    wanted = AdminUser.mails_tasks & AdminUser.deactivated_at.is_(None) & told_roles
    real = ~is_made_up_of(Task.contact_id).correlate(Task)
    return (wanted, Task.done_at.is_(None), Task.made_at > now - TOO_OLD, untold, real)


async def _set_next(session: AsyncSession, user_id: UUID, at: datetime) -> None:
    await session.execute(update(AdminUser).where(AdminUser.id == user_id).values(next_task_mail_at=at))


async def _note_told(session: AsyncSession, held: _Held, now: datetime) -> None:
    """Of those that are still there: a task goes with its contact."""
    told = (literal(held.user_id, Uuid()), literal(now, DateTime(timezone=True)))
    there = select(Task.id, *told).where(Task.id.in_([task.id for task in held.tasks])).with_for_update(key_share=True)
    noted = insert(TaskNotice).from_select(["task_id", "user_id", "told_at"], there)
    await session.execute(noted.on_conflict_do_nothing())

"""Publishing that is asked for over the API and done by a worker: our rows say what there is to do and how far it is.

It is the publishing of `service`, told a line at a time. A worker that dies is followed by another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import NotFound, ParleyError
from base.ids import new_id
from base.woken_work import WokenWork
from bot.publishing.drafts import draft_tree, list_drafts
from bot.publishing.faults import place
from bot.publishing.models import PublishJob
from bot.publishing.reports import PublicationReport, PublishRefused
from bot.publishing.service import Publisher
from flows.errors import FlowsRefused

log = structlog.get_logger(__name__)

JobKind = Literal["try", "publish", "rollback"]
Places = Sequence[Mapping[str, Any]]
PublisherWith = Callable[[Places], Publisher]
"""A publisher that puts people on removed steps of journeys where these places say."""

CLAIM = timedelta(minutes=1)
"""How long a claim holds; it is held on to while the work goes on."""
MOST_ATTEMPTS = 3
_TELL_EVERY = 1.0  # seconds
_BROKE = "It broke off each time it was tried: look at the worker's log, then ask again."


async def ask_for_job(
    session: AsyncSession, kind: JobKind, wish: Mapping[str, Any], *, author: str, now: datetime
) -> PublishJob:
    """Asks a worker to publish; wake one when the transaction is committed."""
    job = PublishJob(id=new_id(), kind=kind, wish=dict(wish), author=author, asked_at=now, lines=[], outcome={})
    session.add(job)
    await session.flush()
    await session.refresh(job)
    return job


async def get_job(session: AsyncSession, job_id: UUID) -> PublishJob:
    """One job.

    Raises:
        NotFound: there is none.
    """
    job = await session.get(PublishJob, job_id)
    if job is None:
        raise NotFound("There is no such job.")
    return job


async def list_jobs(session: AsyncSession, *, limit: int = 50) -> list[PublishJob]:
    """Jobs, the latest first."""
    return list(
        await session.scalars(
            select(PublishJob).order_by(PublishJob.asked_at.desc(), PublishJob.id.desc()).limit(limit)
        )
    )


@dataclass
class PublishWork(WokenWork):
    """Does the jobs, the oldest first, one at a time."""

    broke = "publishing_broke"

    sessions: Sessions
    publisher: PublisherWith
    clock: Clock

    async def do_all(self) -> None:
        """Does all that were asked for."""
        while await self._one():
            pass

    async def _one(self) -> bool:
        job = await self._claim()
        if job is None:
            return False
        if job.attempts > MOST_ATTEMPTS:
            await self._end(job, _Came("failed", code="broke_off", problem=_BROKE))
            return True
        lines = list[str]()
        async with self._told(job, lines):
            came = await self._do(job, lines.append)
        await self._end(job, came, lines)
        return True

    async def _claim(self) -> PublishJob | None:
        is_free = PublishJob.claimed_until.is_(None) | (PublishJob.claimed_until < func.now())
        due = select(PublishJob).where(PublishJob.status.in_(("waiting", "running")), is_free)
        async with transaction(self.sessions) as session:
            job = await session.scalar(
                due.order_by(PublishJob.asked_at, PublishJob.id).limit(1).with_for_update(skip_locked=True)
            )
            if job is not None:
                job.attempts += 1
                job.status, job.began_at = "running", job.began_at or self.clock.now()
                await session.flush()
                held = update(PublishJob).where(PublishJob.id == job.id).values(claimed_until=func.now() + CLAIM)
                await session.execute(held.execution_options(synchronize_session=False))
        return job

    async def _do(self, job: PublishJob, say: Callable[[str], None]) -> _Came:
        try:
            report = await self._publish(job, say)
        except FlowsRefused as refused:
            faults = [place(fault).as_json() for fault in refused.faults]
            told = f"The checker finds {len(faults)} problems; what is live stays."
            return _Came("refused", code=refused.code, problem=told, outcome={"faults": faults})
        except ParleyError as error:
            log.info("publishing_refused", job=str(job.id), code=error.code)
            outcome: dict[str, Any] = {"stranded": error.details.get("stranded", [])}
            if isinstance(error, PublishRefused):
                outcome["report"] = error.report.as_json()
            return _Came("refused", code=error.code, problem=error.message, outcome=outcome)
        outcome = {"report": report.as_json(), "unchanged": report.unchanged}
        return _Came("done", outcome=outcome, publication=report.seq)

    async def _publish(self, job: PublishJob, say: Callable[[str], None]) -> PublicationReport:
        wish = job.wish
        publisher = self.publisher(wish.get("places", []))
        if job.kind == "rollback":
            if wish.get("item"):
                return await publisher.rollback_item(
                    wish["item"], wish["version"], author=job.author, note=wish["note"], say=say
                )
            return await publisher.rollback(wish["publication"], author=job.author, note=wish["note"], say=say)
        items = await self._items(job)
        if job.kind == "try":
            async with self.sessions() as session:
                tree = await draft_tree(session, items)
            return await publisher.preview(tree, replay=wish["replay"], say=say)
        return await publisher.publish_drafts(
            author=job.author, note=wish["note"], replay=wish["replay"], strict_replay=wish["strict_replay"],
            force=wish["force"], items=items, say=say,
        )  # fmt: skip

    async def _items(self, job: PublishJob) -> list[str] | None:
        """What is to be published. When the job is done again, drafts that went live then are there no more."""
        items: list[str] | None = job.wish.get("items")
        if items is None or job.attempts < 2:
            return items
        async with self.sessions() as session:
            drafted = {draft.item for draft in await list_drafts(session)}
        return [item for item in items if item in drafted]

    @asynccontextmanager
    async def _told(self, job: PublishJob, lines: list[str]) -> AsyncIterator[None]:
        """Keeps what is said in the row, and holds on to the claim, for as long as the block runs."""
        telling = asyncio.create_task(self._tell(job, lines))
        try:
            yield
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling

    async def _tell(self, job: PublishJob, lines: list[str]) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY)
            try:
                async with transaction(self.sessions) as session:
                    await session.execute(_mine(job).values(lines=list(lines), claimed_until=func.now() + CLAIM))
            except (SQLAlchemyError, OSError) as error:
                # Tried again before the claim has run out.
                log.warning("publishing_not_told", error=type(error).__name__)

    async def _end(self, job: PublishJob, came: _Came, lines: Sequence[str] = ()) -> None:
        async with transaction(self.sessions) as session:
            await session.execute(
                _mine(job).values(
                    status=came.status,
                    lines=list(lines) or list(job.lines),
                    code=came.code,
                    problem=came.problem,
                    outcome=came.outcome,
                    publication=came.publication,
                    ended_at=self.clock.now(),
                    claimed_until=None,
                )
            )
        log.info("publishing_ended", job=str(job.id), kind=job.kind, status=came.status, publication=came.publication)


@dataclass(frozen=True)
class _Came:
    """What came of a job."""

    status: Literal["done", "refused", "failed"]
    code: str | None = None
    problem: str | None = None
    outcome: dict[str, Any] = field(default_factory=dict)
    publication: int | None = None


def _mine(job: PublishJob) -> Any:
    """Changes the job, unless another process has it by now."""
    return (
        update(PublishJob)
        .where(PublishJob.id == job.id, PublishJob.attempts == job.attempts)
        .execution_options(synchronize_session=False)
    )

"""A worker's part in bulk operations: carries them out, a set of contacts a transaction, one operation at a time.

Our rows say what there is to do: a wake-up that is lost or repeated changes nothing. A set and the note that it is done
are one transaction, so that an operation whose worker died goes on behind the last set, when its claim has run out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.audit.chain import Author, Change, append
from admin.bulk.changes import AT_ONCE, CHANGES, Outcome, Work
from admin.bulk.models import OPEN, BulkContact, BulkOperation
from admin.bulk.service import forget_old, get_operation
from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.errors import ParleyError
from base.ids import new_id
from base.nested_rows import asked_ids, one_of
from base.woken_work import WokenWork, is_asked_to_stop
from crm.contacts.models import Contact
from crm.privacy.files import FiledMails
from crm.privacy.limits import list_marks
from crm.privacy.requests import Hands
from outreach.library import Library

log = structlog.get_logger(__name__)

SET = 500
"""Contacts that are changed in one transaction."""
CLAIM = timedelta(minutes=2)
MOST_ATTEMPTS = 3
"""Turns without a single set done before an operation counts as failed."""
RETRY_AFTER = timedelta(seconds=30)
RESTRICTED = "restricted"
_BROKE = "It broke off each time it was tried: look at the worker's log, then ask for it again."


@dataclass
class BulkWork(WokenWork):
    """Does what there is to do."""

    broke = "bulk_operation_broke"

    sessions: Sessions
    clock: Clock
    hands: Hands
    library: Library = field(default_factory=Library)

    async def do_all(self) -> None:
        """Does everything there is to do now."""
        while await self._one():
            pass

    async def clean_up(self) -> None:
        """Removes what is over for long."""
        async with transaction(self.sessions) as session:
            await forget_old(session, self.clock.now())

    async def _one(self) -> bool:
        """Works on the oldest operation that waits for it; tells whether there was one."""
        async with transaction(self.sessions) as session:
            one = await self._claim(session)
        if one is None:
            return False
        claim, ended = one.claimed_by, False
        assert claim is not None
        try:
            if one.attempts > MOST_ATTEMPTS:
                await self._fail(one.id, claim, _BROKE)
            else:
                await self._carry_out(one, claim)
            ended = True
        finally:
            if not ended:
                await asyncio.shield(self._give_back(one.id, claim, stopping=is_asked_to_stop()))
        return True

    async def _claim(self, session: AsyncSession) -> BulkOperation | None:
        one = await session.scalar(
            select(BulkOperation)
            .where(
                BulkOperation.state.in_(OPEN),
                or_(BulkOperation.claimed_until.is_(None), BulkOperation.claimed_until < func.now()),
            )
            .order_by(BulkOperation.made_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if one is not None:
            one.state, one.claimed_by, one.attempts = "running", new_id(), one.attempts + 1
            await session.flush()
            await _note(session, one.id, claimed_until=func.now() + CLAIM)
        return one

    async def _carry_out(self, one: BulkOperation, claim: UUID) -> None:
        mails = FiledMails(self.hands.mail_folder if one.operation == "erase" else None)
        try:
            while await repeat_on_deadlock(lambda: self._do_set(one.id, claim, mails)):
                pass
        except ParleyError as error:
            await self._fail(one.id, claim, error.message)

    async def _do_set(self, operation_id: UUID, claim: UUID, mails: FiledMails) -> bool:
        """The next set, if this is still our turn; tells whether there was one."""
        async with mails.read_first(), transaction(self.sessions) as session:
            one = await get_operation(session, operation_id, locked=True)
            if one.state != "running" or one.claimed_by != claim:
                log.info("bulk_operation_ended", operation_id=str(operation_id), state=one.state)
                return False
            ids = await self._next(session, one)
            if not ids:
                await self._finish(session, one)
                return False
            done, looked_at = await self._change(session, one, ids, mails)
            await _note_reasons(session, one.id, done)
            await _note(
                session,
                one.id,
                reached_to=ids[-1],
                done=BulkOperation.done + looked_at,
                changed=BulkOperation.changed + done.changed,
                stopped=BulkOperation.stopped + len(done.stopped),
                before=dict(Counter(one.before) + Counter(done.before)),
                attempts=0,
                claimed_until=func.now() + CLAIM,
            )
        return True

    async def _next(self, session: AsyncSession, one: BulkOperation) -> list[UUID]:
        meant = select(BulkContact.contact_id).where(BulkContact.operation_id == one.id)
        if one.reached_to is not None:
            meant = meant.where(BulkContact.contact_id > one.reached_to)
        return [*await session.scalars(meant.order_by(BulkContact.contact_id).limit(AT_ONCE.get(one.operation, SET)))]

    async def _change(
        self, session: AsyncSession, one: BulkOperation, ids: list[UUID], mails: FiledMails
    ) -> tuple[Outcome, int]:
        """Does it to those who are still there and may be worked with; also how many are still there."""
        there = [*await session.scalars(_HOLD, {"ids": ids})]
        restricted = {one for one, marks in (await list_marks(session, there)).items() if RESTRICTED in marks}
        free = [contact_id for contact_id in there if contact_id not in restricted]
        work = Work(session, self.library, free, one.value or "", _author(one), self.clock.now(), self.hands, mails)
        done = await CHANGES[one.operation](work)
        return replace(done, stopped={**done.stopped, **dict.fromkeys(restricted, RESTRICTED)}), len(there)

    async def _finish(self, session: AsyncSession, one: BulkOperation) -> None:
        now = self.clock.now()
        gone = one.total - one.done
        await _note(session, one.id, state="done", gone=gone, finished_at=now, claimed_until=None)
        told = {"operation": one.operation, "value": one.value, "contacts": one.done, "changed": one.changed,
                "stopped": one.stopped, "gone": gone}  # fmt: skip
        change = Change(_author(one), "finish_bulk_operation", "bulk_operation", str(one.id), dict(one.before), told)
        await session.run_sync(lambda sync: append(sync, [change], now))
        log.info("bulk_operation_done", operation_id=str(one.id), contacts=one.done, changed=one.changed)

    async def _fail(self, operation_id: UUID, claim: UUID, problem: str) -> None:
        log.warning("bulk_operation_failed", operation_id=str(operation_id), problem=problem)
        await self._write(
            operation_id, claim, state="failed", problem=problem, finished_at=self.clock.now(), claimed_until=None
        )

    async def _give_back(self, operation_id: UUID, claim: UUID, *, stopping: bool) -> None:
        """Somebody else's turn: at once if we were asked to stop, else after a rest, as it would only break again."""
        if stopping:
            await self._write(operation_id, claim, claimed_until=None, attempts=0)
        else:
            await self._write(operation_id, claim, claimed_until=func.now() + RETRY_AFTER)

    async def _write(self, operation_id: UUID, claim: UUID, **values: object) -> None:
        async with transaction(self.sessions) as session:
            await session.execute(
                update(BulkOperation)
                .where(
                    BulkOperation.id == operation_id,
                    BulkOperation.claimed_by == claim,
                    BulkOperation.state.in_(OPEN),
                )
                .values(**values)
                .execution_options(synchronize_session=False)
            )


def _author(one: BulkOperation) -> Author:
    return Author("token" if one.made_by_token else "user", one.made_by, one.made_by_token)


async def _note(session: AsyncSession, operation_id: UUID, **values: object) -> None:
    await session.execute(
        update(BulkOperation)
        .where(BulkOperation.id == operation_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def _note_reasons(session: AsyncSession, operation_id: UUID, done: Outcome) -> None:
    for reason in sorted(set(done.stopped.values())):
        whose = [contact_id for contact_id, why in done.stopped.items() if why == reason]
        await session.execute(
            update(BulkContact)
            .where(BulkContact.operation_id == operation_id, one_of(BulkContact.contact_id, whose))
            .values(reason=reason)
            .execution_options(synchronize_session=False)
        )


def _hold_statement() -> Any:
    asked = asked_ids("ids")
    found = select(Contact.id).join(asked, asked.c.id == Contact.id).order_by(Contact.id)
    return found.with_for_update(of=Contact, key_share=True)


_HOLD = _hold_statement()

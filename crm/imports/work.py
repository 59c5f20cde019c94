"""A worker's part in imports: carries out what was asked for, one at a time, and takes imports back.

Our rows say what there is to do: a wake-up that is lost or repeated changes nothing, and an import whose worker died
is another's when its claim has run out. It goes on behind the last set that was stored.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import ParleyError
from base.ids import new_id
from base.woken_work import WokenWork, is_asked_to_stop
from crm.imports.jobs import FILE_KEPT, file_of, forget_old, let_go_of_file
from crm.imports.models import OPEN, ContactImport
from crm.imports.options import Options
from crm.imports.preparing import PreparationBroke
from crm.imports.service import CLAIM, ImportEnded, Turn, carry_on, get_import, plan_file
from crm.imports.undoing import undo_import

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3
"""Turns without a single set stored before an import counts as failed."""
RETRY_AFTER = timedelta(seconds=30)
_AT_ONCE = 1_000
_BROKE = "It broke off each time it was tried: look at the worker's log, then let it go on."
_BROKE_UNDOING = "Taking it back broke off each time it was tried: look at the worker's log, then take it back again."
_CHANGED = "The file is not the one that was sent: send it again."
_GONE = "The file is no longer there: send it again. Workers need the folder that the web processes write to."


@dataclass
class ImportWork(WokenWork):
    """Does what there is to do."""

    broke = "import_broke"
    expected = (SQLAlchemyError, OSError, PreparationBroke)

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    folder: Path
    controller: str

    async def do_all(self) -> None:
        """Does everything there is to do now."""
        while await self._one():
            pass

    async def clean_up(self) -> None:
        """Removes files that nobody imports, and old problems of rows."""
        while True:
            async with transaction(self.sessions) as session:
                names = await forget_old(session, self.clock.now(), limit=_AT_ONCE)
            await asyncio.to_thread(self._remove, names)
            if len(names) < _AT_ONCE:
                break
        async with self.sessions() as session:
            known = set(
                await session.scalars(select(ContactImport.stored_as).where(ContactImport.stored_as.is_not(None)))
            )
        await asyncio.to_thread(self._remove_strays, known)

    async def _one(self) -> bool:
        """Works on the oldest import that waits for it; tells whether there was one."""
        async with transaction(self.sessions) as session:
            one = await self._claim(session)
        if one is None:
            return False
        claim, ended = one.claimed_by, False
        assert claim is not None
        try:
            if one.attempts > MOST_ATTEMPTS:
                await self._end(one.id, claim, _BROKE_UNDOING if one.state == "undoing" else _BROKE)
            elif one.state == "undoing":
                await undo_import(self.sessions, one.id, self.clock, one.undone_by or one.made_by)
            else:
                await self._import(one, claim)
            ended = True
        finally:
            if not ended:
                await asyncio.shield(self._give_back(one.id, claim, stopping=is_asked_to_stop()))
        return True

    async def _claim(self, session: AsyncSession) -> ContactImport | None:
        one = await session.scalar(
            select(ContactImport)
            .where(
                ContactImport.state.in_(OPEN),
                or_(ContactImport.stored_as.is_not(None), ContactImport.state == "undoing"),
                or_(ContactImport.claimed_until.is_(None), ContactImport.claimed_until < func.now()),
            )
            .order_by(ContactImport.started_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if one is not None:
            state = "running" if one.state == "waiting" else one.state
            one.state, one.claimed_by, one.attempts = state, new_id(), one.attempts + 1
            await session.flush()
            await session.execute(
                update(ContactImport)
                .where(ContactImport.id == one.id)
                .values(claimed_until=func.now() + CLAIM)
                .execution_options(synchronize_session=False)
            )
        return one

    async def _import(self, one: ContactImport, claim: UUID) -> None:
        began = time.monotonic()
        try:
            options, path = Options.from_json(one.options), file_of(self.folder, one)
            plan = await asyncio.to_thread(
                plan_file, path, options.map, options, made_by=one.made_by, controller=self.controller
            )
            if plan.file_sha256 != one.file_sha256:
                await self._end(one.id, claim, _CHANGED)
                return
            turn = Turn(one.id, claim, max(one.last_row, plan.headings.row))
            done = await carry_on(self.sessions, self.keys, plan, turn, clock=self.clock, told=lambda _: None)
        except ImportEnded:
            log.info("import_ended", import_id=str(one.id))
        except FileNotFoundError:
            await self._end(one.id, claim, _GONE)
        except PreparationBroke:
            raise
        except ParleyError as error:
            await self._end(one.id, claim, error.message)
        else:
            seconds = round(time.monotonic() - began, 1)
            log.info("import_done", import_id=str(one.id), rows=done.rows, created=done.created, seconds=seconds)
            async with transaction(self.sessions) as session:
                await let_go_of_file(session, await get_import(session, one.id))
            await asyncio.to_thread(self._remove, [path.name])

    async def _end(self, import_id: UUID, claim: UUID, problem: str) -> None:
        log.warning("import_failed", import_id=str(import_id), problem=problem)
        await self._write(
            import_id, claim, state="failed", problem=problem, finished_at=self.clock.now(), claimed_until=None
        )

    async def _give_back(self, import_id: UUID, claim: UUID, *, stopping: bool) -> None:
        """Somebody else's turn: at once if we were asked to stop, else after a rest, as it would only break again."""
        if stopping:
            await self._write(import_id, claim, claimed_until=None, attempts=0)
        else:
            await self._write(import_id, claim, claimed_until=func.now() + RETRY_AFTER)

    async def _write(self, import_id: UUID, claim: UUID, **values: object) -> None:
        async with transaction(self.sessions) as session:
            await session.execute(
                update(ContactImport)
                .where(ContactImport.id == import_id, ContactImport.claimed_by == claim, ContactImport.state.in_(OPEN))
                .values(**values)
            )

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def _remove_strays(self, known: set[str | None]) -> None:
        """Files whose import nobody noted: their web process died while they came."""
        if not self.folder.is_dir():
            return
        old = time.time() - FILE_KEPT.total_seconds()
        for path in self.folder.iterdir():
            if path.name not in known and path.stat().st_mtime < old:
                path.unlink(missing_ok=True)

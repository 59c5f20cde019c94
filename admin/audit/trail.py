"""Every change through the API leaves an entry in the audit log, in the change's own transaction.

A handler's sessions carry a `Trail`. What `record` was told is written as the last thing before the commit; where a
transaction of a command wrote something and nothing was told, an entry says at least who did what to which thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Session, SessionTransaction

from admin.audit.chain import Author, Change, append
from base.clock import Clock
from base.database import Sessions

_TRAIL, _PENDING, _TOLD = "trail", "changes", "changes_told"


@dataclass
class Trail:
    """What one request leaves behind. `plain` is the entry where a command tells none itself; None: it need not.

    `on_change` is called in each transaction that changes something, before it is committed.
    """

    author: Author
    clock: Clock
    plain: Change | None = None
    told: bool = False
    on_change: Callable[[Session], None] | None = field(default=None, repr=False)


class TrailedSession(Session):
    """A session of one request's handler."""


def trailed(sessions: Sessions, trail: Trail) -> Sessions:
    """The same sessions, with a trail."""
    return async_sessionmaker(sync_session_class=TrailedSession, info={_TRAIL: trail}, **sessions.kw)


def remember(session: Session, change: Change) -> None:
    """Has the change written before the session's transaction is committed."""
    if _TRAIL not in session.info:
        raise LookupError("record() takes the sessions of call.context")
    session.info.setdefault(_PENDING, []).append((session.get_nested_transaction(), change))


@event.listens_for(TrailedSession, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    trail: Trail = session.info[_TRAIL]
    changes: list[Change] = [change for _, change in session.info.pop(_PENDING, [])]
    session.flush()
    is_untold = trail.plain is not None and not trail.told and not changes
    if (trail.on_change is not None or is_untold) and (changes or _has_written(session)):
        if trail.on_change is not None:
            trail.on_change(session)
        if trail.plain is not None and is_untold:
            changes = [trail.plain]
    if changes:
        session.info[_TOLD] = True
        append(session, changes, trail.clock.now())


@event.listens_for(TrailedSession, "after_commit")
def _note(session: Session) -> None:
    if session.info.pop(_TOLD, False):
        session.info[_TRAIL].told = True


@event.listens_for(TrailedSession, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    """What was told within a savepoint goes with it, all with the transaction."""
    told = session.info.pop(_PENDING, [])
    if ended.nested:
        session.info[_PENDING] = [one for one in told if one[0] is not ended]
    else:
        session.info.pop(_TOLD, None)


def _has_written(session: Session) -> bool:
    # A transaction gets its number with the first row that it writes or locks.
    return bool(session.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")))

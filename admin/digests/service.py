"""Mails each colleague who wants it the week in numbers, on Monday morning where they are.

Once a person and week, whatever happens: the row of a digest is held by one worker at a time, and from the moment it
is handed over it is never begun again. A worker that dies before that has another send it; one that dies within it, or
a mail server that does not say whether it took it, leaves it in doubt: rather none than two.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.dialects.postgresql import insert

from admin.digests.letter import Reader, write_digest
from admin.digests.links import off_link
from admin.digests.models import Digest
from admin.digests.weeks import LONGEST_LATE, Report, Week, read_report, week_of
from admin.digests.wishes import Subscriber, list_subscribers
from admin.snapshot import snapshot
from admin.task_mails.letter import Letter
from admin.task_mails.ports import ColleagueMail
from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from outreach.ports import Accepted, InDoubt, Refused, RetryLater, SendOutcome

_log = structlog.get_logger(__name__)

_HELD = timedelta(minutes=5)
"""For one digest: longer than counting and handing over take."""
_AGAIN = timedelta(minutes=15)
"""After a mail server that took nothing for now."""
_STATES: Mapping[type[SendOutcome], str] = {
    Accepted: "sent",
    Refused: "refused",
    RetryLater: "held",
    InDoubt: "in_doubt",
}


class DigestMails:
    """`outreach.ports.DueWork`: digests of the week that is over."""

    def __init__(  # noqa: PLR0917  # what it works with
        self, sessions: Sessions, keys: KeyRing, mail: ColleagueMail, clock: Clock, site_url: str, time_zone: str
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._mail = mail
        self._clock = clock
        self._site_url = site_url
        self._company_zone = ZoneInfo(time_zone)

    async def do_due(self, now: datetime) -> int:
        """Sends what is due; returns how many left."""
        if self._mail.configured() is not None:
            return 0
        async with transaction(self._sessions) as session:
            subscribers = await list_subscribers(session)
        await self._give_up_doubtful(now)
        reports: dict[Week, Report] = {}
        sent = 0
        for reader in subscribers:
            week = week_of(now, reader.zone(self._company_zone))
            if not _is_due(reader, week, now):
                continue
            attempt = await self._hold(reader.id, week.monday, now)
            if attempt is not None:
                letter = await self._write(reader, week, reports)
                sent += await self._send(reader, week.monday, attempt, letter)
        return sent

    async def next_due_at(self) -> datetime | None:
        """When the next digest is due; None when nobody wants any, or there is no mail server."""
        if self._mail.configured() is not None:
            return None
        now = self._clock.now()
        async with transaction(self._sessions) as session:
            subscribers = await list_subscribers(session)
            if not subscribers:
                return None
            since = now.date() - timedelta(weeks=2)
            rows = await session.scalars(select(Digest).where(Digest.week >= since))
            known = {(row.user_id, row.week): row for row in rows}
        return min(self._due_at(reader, known, now) for reader in subscribers)

    def _due_at(self, reader: Subscriber, known: Mapping[tuple[UUID, date], Digest], now: datetime) -> datetime:
        week = week_of(now, reader.zone(self._company_zone))
        row = known.get((reader.id, week.monday))
        if _is_wanted(reader, week, now) and (row is None or row.state == "held"):
            return week.leaves_at if row is None else max(week.leaves_at, row.held_until)
        return week.after().leaves_at

    async def _hold(self, user_id: UUID, week: date, now: datetime) -> int | None:
        """Makes it ours for a while; the number of the attempt, or None where it is somebody else's, or done."""
        row = {"user_id": user_id, "week": week, "state": "held", "attempts": 1, "held_until": now + _HELD}
        held = insert(Digest).values(row)
        ours = held.on_conflict_do_update(
            index_elements=[Digest.user_id, Digest.week],
            set_={"attempts": Digest.attempts + 1, "held_until": now + _HELD},
            where=(Digest.state == "held") & (Digest.held_until <= now),
        )
        async with transaction(self._sessions) as session:
            attempt: int | None = await session.scalar(ours.returning(Digest.attempts))
        return attempt

    async def _write(self, reader: Subscriber, week: Week, reports: dict[Week, Report]) -> Letter:
        if week not in reports:
            async with snapshot(self._sessions) as session:
                reports[week] = await read_report(session, week)
        off = off_link(self._keys, self._site_url, reader.id)
        return write_digest(Reader(reader.name, reader.language), reports[week], self._site_url, off)

    async def _send(self, reader: Subscriber, week: date, attempt: int, letter: Letter) -> int:
        if not await self._settle(reader.id, week, attempt, "held", {"state": "sending"}):
            return 0
        outcome = await self._mail.send(reader.email, letter.subject, letter.text, letter.html)
        now = self._clock.now()
        settled: dict[str, Any] = {"state": _STATES[type(outcome)], "settled_at": now}
        if isinstance(outcome, RetryLater):
            settled = {"state": "held", "held_until": now + (outcome.after or _AGAIN)}
        await self._settle(reader.id, week, attempt, "sending", settled)
        if isinstance(outcome, Accepted):
            _log.info("digest_mailed", user_id=str(reader.id), week=week.isoformat())
            return 1
        _log.error("digest_not_mailed", user_id=str(reader.id), week=week.isoformat(), reason=outcome.reason)
        return 0

    async def _settle(self, user_id: UUID, week: date, attempt: int, state: str, values: Mapping[str, Any]) -> bool:
        """Moves it on, if it is still what this attempt left it as."""
        ours = (Digest.user_id == user_id, Digest.week == week, Digest.state == state, Digest.attempts == attempt)
        async with transaction(self._sessions) as session:
            moved = await session.execute(update(Digest).where(*ours).values(dict(values)))
        return isinstance(moved, CursorResult) and moved.rowcount == 1

    async def _give_up_doubtful(self, now: datetime) -> None:
        """Those whose worker died while it handed them over: they may have arrived."""
        left = update(Digest).where(Digest.state == "sending", Digest.held_until <= now)
        async with transaction(self._sessions) as session:
            found = await session.execute(
                left.values(state="in_doubt", settled_at=now).returning(Digest.user_id, Digest.week)
            )
            rows = found.all()
        for user_id, week in rows:
            _log.error("digest_in_doubt", user_id=str(user_id), week=week.isoformat())


def _is_wanted(reader: Subscriber, week: Week, now: datetime) -> bool:
    """Whether this week's is for them, now or later today: they wanted it by then, and it is not old by now."""
    return reader.wanted_at <= week.leaves_at and now < week.leaves_at + LONGEST_LATE


def _is_due(reader: Subscriber, week: Week, now: datetime) -> bool:
    return _is_wanted(reader, week, now) and week.leaves_at <= now

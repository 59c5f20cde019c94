"""Walks journeys through the time between a back-up and its restoring, as what ran then did. Nothing leaves.

In steps short enough for everybody's own clock to be right (`walking.MADE_UP`), so that what comes hours after a
message is found, too. What ran then may have done the same: promotion is put into doubt, and calls are not made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from base.database import Sessions, transaction
from outreach.calling import give_up_waiting
from outreach.planning import Planner
from outreach.quarantine import Quarantine, doubt_what_was_due
from outreach.walking import MADE_UP

_log = structlog.get_logger(__name__)

Entries = Callable[[datetime], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class DoneThen:
    """What may have been done then: messages that are in doubt, and calls that are not made.

    `not_walked` names the entries that broke off: what would have come of them is not known.
    """

    messages: int = 0
    calls: int = 0
    not_walked: frozenset[str] = frozenset()

    def __add__(self, other: DoneThen) -> DoneThen:
        return DoneThen(self.messages + other.messages, self.calls + other.calls, self.not_walked | other.not_walked)


async def walk_through(
    sessions: Sessions, planner: Planner, entries: Mapping[str, Entries], quarantine: Quarantine
) -> DoneThen:
    """Brings everybody to the moment of the restoring; call it while nothing else runs.

    Args:
        entries: what lets people in who were due at a moment, each after the other, by what they are called. What
            breaks off keeps nobody else out, or no such back-up could be restored.
    """
    done = await _doubt(sessions, quarantine, quarantine.backup_at)
    for moment in _moments(quarantine):
        for name, let_in in entries.items():
            try:
                await let_in(moment)
            except OperationalError:
                raise  # the database is away: nothing is wrong with what it holds
            except Exception:  # noqa: BLE001  # whatever is wrong with what was stored, the others go on
                _log.exception("entries_not_walked", entries=name, moment=moment.isoformat())
                done += DoneThen(not_walked=frozenset({name}))
        if (await planner.advance_due(moment)).advanced:
            done += await _doubt(sessions, quarantine, moment)
    return done


def _moments(quarantine: Quarantine) -> Iterator[datetime]:
    moment = quarantine.backup_at
    while moment < quarantine.restored_at:
        yield moment
        moment += MADE_UP
    yield quarantine.restored_at
    # Who waited for a call at last goes on.
    yield quarantine.restored_at


async def _doubt(sessions: Sessions, quarantine: Quarantine, moment: datetime) -> DoneThen:
    async with transaction(sessions) as session:
        calls = await give_up_waiting(session, asked_by=quarantine.restored_at, now=moment)
        messages = await doubt_what_was_due(session, quarantine, quarantine.restored_at)
    return DoneThen(messages, calls)

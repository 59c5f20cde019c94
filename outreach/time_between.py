"""Walks journeys through the time between a back-up and its restoring, as what ran then did. Nothing leaves.

In steps short enough for everybody's own clock to be right (`walking.MADE_UP`), so that what comes hours after a
message is found, too. What ran then may have done the same: promotion is put into doubt, and calls are not made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from base.database import Sessions, transaction
from outreach.calling import give_up_waiting
from outreach.planning import Planner
from outreach.quarantine import Quarantine, doubt_what_was_due
from outreach.walking import MADE_UP

Entries = Callable[[datetime], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class DoneThen:
    """What may have been done then: messages that are in doubt, and calls that are not made."""

    messages: int = 0
    calls: int = 0

    def __add__(self, other: DoneThen) -> DoneThen:
        return DoneThen(self.messages + other.messages, self.calls + other.calls)


async def walk_through(
    sessions: Sessions, planner: Planner, entries: Sequence[Entries], quarantine: Quarantine
) -> DoneThen:
    """Brings everybody to the moment of the restoring; call it while nothing else runs.

    Args:
        entries: what lets people in who were due at a moment, each after the other.
    """
    done = await _doubt(sessions, quarantine, quarantine.backup_at)
    for moment in _moments(quarantine):
        for let_in in entries:
            await let_in(moment)
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

"""Quarantine: after a back-up was restored nothing is sent until somebody has seen what would be (`gate_rules`).

Of what stands in the outbox then, some was sent before the back-up was restored and nobody here knows of it: what was
due between the two. Promotion of which that may be so is in doubt: providers that can be asked are asked
(`outreach.looking`), and it is never sent a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, and_, case, cast, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from base.site_models import SiteFact
from outreach.models import GateDecision, OutboxMessage

NAME = "quarantine"
RESTORED = "restored"
"""Why a message is in doubt: it was due between the back-up and its restoring."""
_WAITING = ("planned", "deferred")
_SAID = "It was due between the back-up and its restoring: it may have been sent by what ran then."


class NotInQuarantine(Conflict):
    """There is no quarantine: messages are sent."""

    code = "not_in_quarantine"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """That nothing is sent, and since when.

    `backup_at` is the moment that the restored data is of, `restored_at` when it was restored.
    """

    backup_at: datetime
    restored_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages of a channel and a purpose, as an operator is shown them.

    `due` of them may leave as soon as the quarantine is lifted. `maybe_sent` are promotion that may have been sent
    before; of those `found` were found at the provider.
    """

    channel: str
    purpose: str
    waiting: int
    due: int
    maybe_sent: int
    found: int


async def begin_quarantine(session: AsyncSession, quarantine: Quarantine) -> None:
    """Sends nothing from here on.

    Have journeys advanced to `restored_at` next: what they plan for the time between may have been sent by what ran
    then. `doubt_what_was_due` finds that, too.
    """
    fact = {
        "name": NAME,
        "value": {"backup_at": quarantine.backup_at.isoformat(), "restored_at": quarantine.restored_at.isoformat()},
        "set_at": quarantine.restored_at,
    }
    await session.execute(insert(SiteFact).values(fact).on_conflict_do_update(index_elements=["name"], set_=fact))


async def find_quarantine(session: AsyncSession) -> Quarantine | None:
    """The quarantine, if there is one."""
    value = await session.scalar(select(SiteFact.value).where(SiteFact.name == NAME))
    return None if value is None else Quarantine(*(datetime.fromisoformat(value[name]) for name in _TIMES))


async def doubt_what_was_due(session: AsyncSession, quarantine: Quarantine, now: datetime) -> int:
    """Puts promotion that may have been sent before into doubt: also what journeys planned up to the restoring."""
    planned_for_then = exists().where(
        GateDecision.outbox_id == OutboxMessage.id,
        GateDecision.rule == NAME,
        cast(GateDecision.inputs["due_at"].astext, DateTime(timezone=True)) <= quarantine.restored_at,
    )
    doubted = await session.scalars(
        update(OutboxMessage)
        .where(
            OutboxMessage.state.in_(_WAITING),
            OutboxMessage.message_class == "promotional",
            or_(OutboxMessage.due_at <= quarantine.restored_at, planned_for_then),
        )
        .values(
            state="unknown",
            reason_rule=RESTORED,
            reason=_SAID,
            deferred_until=None,
            # Providers are asked for what they took about then.
            claimed_at=func.coalesce(
                OutboxMessage.claimed_at, func.least(OutboxMessage.due_at, quarantine.restored_at)
            ),
            look_at=now,
            updated_at=now,
        )
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(doubted.all())


async def count_waiting(session: AsyncSession, now: datetime) -> list[Waiting]:
    """What would go out, and what of it may have gone out before."""
    waits = OutboxMessage.state.in_(_WAITING)
    # What the quarantine itself put off was due before.
    due = and_(waits, or_(OutboxMessage.due_at <= now, OutboxMessage.reason_rule == NAME))
    doubted = OutboxMessage.reason_rule == RESTORED
    rows = await session.execute(
        select(
            OutboxMessage.channel,
            OutboxMessage.purpose,
            _count(waits),
            _count(due),
            _count(doubted),
            _count(and_(doubted, OutboxMessage.state != "unknown")),
        )
        .where(or_(waits, doubted))
        .group_by(OutboxMessage.channel, OutboxMessage.purpose)
        .order_by(OutboxMessage.channel, OutboxMessage.purpose)
    )
    return [Waiting(*row) for row in rows]


async def lift_quarantine(session: AsyncSession, now: datetime) -> None:
    """Has messages sent again: what it put off is due now.

    Raises:
        NotInQuarantine: it is not held back.
    """
    lifted = await session.scalar(delete(SiteFact).where(SiteFact.name == NAME).returning(SiteFact.name))
    if lifted is None:
        raise NotInQuarantine
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.state == "deferred", OutboxMessage.reason_rule == NAME)
        .values(due_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )


def is_quarantined() -> ColumnElement[bool]:
    """Whether nothing is sent, as a column of another statement."""
    return exists().where(SiteFact.name == literal(NAME)).correlate(None)


def _count(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.count(case((which, 1)))


_TIMES: Sequence[str] = ("backup_at", "restored_at")

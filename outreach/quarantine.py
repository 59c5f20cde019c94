"""Quarantine: after a back-up was restored nothing is sent until somebody has seen what would be (`gate_rules`).

Of what stands in the outbox then, some was sent before the back-up was restored and nobody here knows of it: what was
due between the two. Promotion of which that may be so is in doubt: providers that can be asked are asked
(`outreach.looking`), and it is never sent a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from base.site_models import SiteFact
from outreach.models import Enrolment, GateDecision, OutboxMessage

NAME = "quarantine"
RESTORED = "restored"
"""Why a message is in doubt: it was due between the back-up and its restoring."""
_WAITING = ("planned", "deferred")
_SAID = "It was due between the back-up and its restoring: it may have been sent by what ran then."
_LATER = timedelta(hours=1)
"""How much later than it was then a message is planned anew, at most (`outreach.time_between`)."""
_BEGIN = """
INSERT INTO public.site_facts (name, value, set_at) VALUES ('{name}', jsonb_build_object(
'backup_at', '{backup_at}', 'restored_at', '{restored_at}', 'begun', {begun}), '{restored_at}')
ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = excluded.set_at
"""


class NotInQuarantine(Conflict):
    """There is no quarantine: messages are sent."""

    code = "not_in_quarantine"


class RestoreBrokeOff(Conflict):
    """The restore broke off: stop every process, then restore once more, with `parley restore FOLDER --replace`."""

    code = "restore_broke_off"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """That nothing is sent, and since when.

    `backup_at` is the moment that the restored data is of, `restored_at` when it was restored. `begun`: what may have
    been sent between the two is known; before that it cannot be lifted.
    """

    backup_at: datetime
    restored_at: datetime
    begun: bool = True


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


def statement_of(quarantine: Quarantine) -> str:
    """What sends nothing from here on, for whoever puts back a dump: in the same transaction.

    Have journeys walked through the time between next (`outreach.time_between`): what they plan for then may have been
    sent by what ran then. `doubt_what_was_due` finds that, too.
    """
    return _BEGIN.format(
        name=NAME,
        backup_at=quarantine.backup_at.isoformat(),
        restored_at=quarantine.restored_at.isoformat(),
        begun="true" if quarantine.begun else "false",
    )


async def find_quarantine(session: AsyncSession) -> Quarantine | None:
    """The quarantine, if there is one."""
    value = await session.scalar(select(SiteFact.value).where(SiteFact.name == NAME))
    if value is None:
        return None
    backup_at, restored_at = (datetime.fromisoformat(value[name]) for name in _TIMES)
    return Quarantine(backup_at, restored_at, value.get("begun", True))


async def get_quarantine(session: AsyncSession) -> Quarantine:
    """The quarantine.

    Raises:
        NotInQuarantine: there is none.
        RestoreBrokeOff: nobody knows what may have been sent before.
    """
    quarantine = await find_quarantine(session)
    if quarantine is None:
        raise NotInQuarantine
    if not quarantine.begun:
        raise RestoreBrokeOff
    return quarantine


async def note_begun(session: AsyncSession) -> None:
    """From here on it may be lifted: in the transaction that put the last of what may have been sent into doubt."""
    await session.execute(
        update(SiteFact)
        .where(SiteFact.name == NAME)
        .values(value=SiteFact.value.op("||")(cast({"begun": True}, JSONB)))
        .execution_options(synchronize_session=False)
    )


async def doubt_what_was_due(session: AsyncSession, quarantine: Quarantine, now: datetime) -> int:
    """Puts promotion that may have been sent before into doubt: also what journeys planned up to the restoring.

    What a sender had in hand at the moment of the back-up is doubted whether its turn had come or not: it came then.
    """
    await _take_time(session)
    planned_for_then = exists().where(
        GateDecision.id == OutboxMessage.gate_decision_id,
        GateDecision.rule == NAME,
        cast(GateDecision.inputs["due_at"].astext, DateTime(timezone=True)) <= quarantine.restored_at,
    )
    waited = and_(
        OutboxMessage.state.in_(_WAITING), or_(OutboxMessage.due_at <= quarantine.restored_at, planned_for_then)
    )
    in_hand = and_(OutboxMessage.state == "sending", OutboxMessage.claimed_at <= quarantine.restored_at)
    # Providers are asked for what they took about then.
    planned_anew = func.greatest(OutboxMessage.created_at - _LATER, quarantine.backup_at)
    about = case((OutboxMessage.reason_rule == NAME, planned_anew), else_=OutboxMessage.due_at)
    doubted = await session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.message_class == "promotional", or_(waited, in_hand))
        .values(
            state="unknown",
            reason_rule=RESTORED,
            reason=_SAID,
            deferred_until=None,
            unbegun=False,
            claimed_at=func.coalesce(OutboxMessage.claimed_at, func.least(about, quarantine.restored_at)),
            look_at=now,
            updated_at=now,
        )
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(doubted.all())


async def count_waiting(session: AsyncSession, now: datetime) -> list[Waiting]:
    """What would go out, and what of it may have gone out before."""
    await _take_time(session)
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


async def lift_quarantine(session: AsyncSession, now: datetime) -> Quarantine:
    """Has messages sent again: what it put off is due now, and its steps begin now. Returns what was lifted.

    Raises:
        NotInQuarantine: it is not held back.
        RestoreBrokeOff: nobody knows what may have been sent before.
    """
    quarantine = await get_quarantine(session)
    await _take_time(session)
    lifted = await session.scalar(delete(SiteFact).where(SiteFact.name == NAME).returning(SiteFact.name))
    if lifted is None:
        raise NotInQuarantine
    held = (OutboxMessage.state == "deferred", OutboxMessage.reason_rule == NAME)
    await session.execute(
        update(Enrolment)
        .where(OutboxMessage.enrolment_id == Enrolment.id, OutboxMessage.step == Enrolment.step, *held)
        .where(Enrolment.state == "active")
        .values(begun_at=now)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(OutboxMessage)
        .where(*held)
        .values(due_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    return quarantine


def is_quarantined() -> ColumnElement[bool]:
    """Whether nothing is sent, as a column of another statement."""
    return exists().where(SiteFact.name == literal(NAME)).correlate(None)


async def _take_time(session: AsyncSession) -> None:
    """Lets the statements of this transaction take as long as they need: the outbox may be large."""
    await session.execute(text("SET LOCAL statement_timeout = 0"))


def _count(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.count(case((which, 1)))


_TIMES: Sequence[str] = ("backup_at", "restored_at")

"""A message that its provider held back for the hour at the person's place: planned once more, for when it is day.

It is a message of its own, so that the first one's reports can still come in any order. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from crm.contacts.models import Contact
from outreach.models import OutboxMessage
from outreach.quiet_hours import Week, find_zone, next_open

ONCE = "once"
"""In a message's content: whoever planned it plans it again, if at all."""
_MARK = ":put_off"
MOST_TIMES = 3
"""Times one message is put off before it ends as undelivered."""
_DAY = Week((*([(time(10), time(17))] * 5), None, None))
"""Hours that every state of the US allows (outreach/jurisdictions/us_states.yml), but for holidays."""
_EAST, _WEST = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")
_NOT_BEFORE = timedelta(hours=1)
_COPIED = (
    "contact_id", "conversation_id", "enrolment_id", "journey", "step", "channel", "purpose", "message_class",
    "frequency_class", "subject", "text", "message_id", "content", "account_id", "contact_point_id", "created_at",
)  # fmt: skip


async def plan_again(session: AsyncSession, outbox_id: UUID, now: datetime) -> bool:
    """Plans the message once more; False when that was done before or it was put off too often. The gate is asked then.

    It was planned when it was planned: `created_at` stays, so that the gate still knows how old it is.
    """
    row = await session.execute(
        select(OutboxMessage.occurrence, OutboxMessage.content, Contact.time_zone)
        .join(Contact, Contact.id == OutboxMessage.contact_id)
        .where(OutboxMessage.id == outbox_id)
    )
    occurrence, content, zone_name = row.one()
    if (content or {}).get(ONCE):
        return False
    due_at = next_open(_DAY, _zones(zone_name), now + _NOT_BEFORE)
    if occurrence.count(_MARK) >= MOST_TIMES or due_at is None:
        return False
    told = {
        "id": new_id(),
        "occurrence": f"{occurrence}{_MARK}",
        "state": "planned",
        "due_at": due_at,
        "updated_at": now,
    }
    copied = [getattr(OutboxMessage, name) for name in _COPIED]
    source = select(
        *copied, *(literal(value, getattr(OutboxMessage, name).type).label(name) for name, value in told.items())
    ).where(OutboxMessage.id == outbox_id)
    statement = insert(OutboxMessage).from_select([*_COPIED, *told], source)
    planned = statement.on_conflict_do_nothing(index_elements=["occurrence"]).returning(OutboxMessage.id)
    return await session.scalar(planned) is not None


def _zones(name: str | None) -> Sequence[ZoneInfo]:
    """The contact's zone. The provider judged by the number and did not agree with it, so in America all of them."""
    own = find_zone(name)
    if own is None:
        return (_EAST, _WEST)
    return (own, _EAST, _WEST) if own.key.startswith(("America/", "US/")) else (own,)

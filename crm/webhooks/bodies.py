"""What is sent about events, read when it is needed: a delivery names its event and holds nothing of it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.contacts.service import read_addresses
from crm.privacy.limits import list_marks
from crm.timeline.models import TimelineEvent
from crm.webhooks.content import EventData, write_message

_RESTRICTED = "restricted"


async def write_bodies(
    session: AsyncSession, keys: KeyRing, event_ids: Collection[UUID], *, with_addresses: bool
) -> dict[UUID, str]:
    """The bodies by event; one whose event was erased has none."""
    events = (await session.scalars(select(TimelineEvent).where(TimelineEvent.id.in_(event_ids)))).all()
    people = {event.contact_id for event in events if event.contact_id is not None}
    addresses = await read_addresses(session, keys, people) if with_addresses else {}
    marks = await list_marks(session, addresses)
    bodies: dict[UUID, str] = {}
    for event in events:
        known = None
        # Who asked that their data is kept and not used is not passed on with their addresses.
        if event.contact_id in addresses and _RESTRICTED not in marks[event.contact_id]:
            known = {str(kind): address for kind, address in addresses[event.contact_id].items()}
        data = EventData(
            event_id=event.id, contact_id=event.contact_id, conversation_id=event.conversation_id,
            source=event.source, details=event.data, addresses=known,
        )  # fmt: skip
        bodies[event.id] = write_message(event.kind, event.occurred_at, data)
    return bodies

"""What follows when somebody shuts a channel to us at its provider: nothing more goes there until START.

Makes no contact of somebody unknown and says nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from base.channel_contract import Said
from base.encryption import KeyRing
from crm.consent.suppression import suppress
from crm.contacts.addresses import normalise_address
from crm.contacts.service import find_contact_by_address
from crm.timeline.service import record


async def close_channel(session: AsyncSession, keys: KeyRing, said: Said, *, channel: str, now: datetime) -> None:
    """Stops the channel for the sender's address and whoever it belongs to; the same again changes nothing.

    Raises:
        InvalidAddress: the sender's address is none.
    """
    who = said.sender
    index = keys.blind_index(normalise_address(who.kind, who.value), kind=who.kind)
    contact_id = await find_contact_by_address(session, keys, who.kind, who.value)
    targets: list[UUID | bytes] = [index] if contact_id is None else [index, contact_id]
    stopped = await suppress(session, targets, channel, f"{channel}_provider_stop", now)
    if stopped and contact_id is not None:
        await record(
            session,
            kind="channel_closed",
            contact_id=contact_id,
            conversation_id=None,
            data={"channel": channel},
            now=now,
        )

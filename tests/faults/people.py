"""People to write to, made all at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.ids import new_id
from crm.consent.ledger import ConsentFact, append_consent_events
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint


async def people_who_agreed(  # noqa: PLR0917
    session: AsyncSession, keys: KeyRing, channel: str, addresses: Iterable[str], zone: str, now: datetime
) -> list[UUID]:
    """Contacts who agreed to marketing on a channel, one for each address."""
    people, kind = [(new_id(), new_id(), address) for address in addresses], ADDRESS_KINDS[channel]
    await session.execute(
        insert(Contact),
        [{"id": one, "fields": {}, "time_zone": zone, "created_at": now, "updated_at": now} for one, _, _ in people],
    )
    await session.execute(
        insert(ContactPoint),
        [{"id": point, "contact_id": one, "kind": kind, "key_id": keys.newest, "created_at": now,
          "value_sealed": keys.seal(address, column=SEALED_COLUMN, row=point),
          "blind_index": keys.blind_index(address, kind=kind)} for one, point, address in people],
    )  # fmt: skip
    facts = [
        ConsentFact(
            event="given", principal_ref=one, purpose="marketing", channel=channel, controller="Northwind Ledger",
            language="en", method="chat", actor="subject", effective_at=now, notice_text="May we write to you?",
        )
        for one, _, _ in people
    ]  # fmt: skip
    await append_consent_events(session, facts, now)
    return [one for one, _, _ in people]

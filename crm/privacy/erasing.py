"""Erases a person everywhere the registry knows of, in the caller's transaction, and signs a receipt.

What stays is what the registry says must: the ledger's events and stops, which name nobody. Mails that are filed on
this machine go before the caller commits: behind that nobody would know any more whose are left. Twice does no harm.
They are read before the caller's transaction (`files.FiledMails`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import NotFound
from base.ids import new_id
from crm.consent.ledger import lock_ledger
from crm.consent.rules import ALL
from crm.consent.signing import keep_public_keys, signer_of
from crm.consent.suppression import list_suppressions, suppress
from crm.consent.withdrawal import withdraw
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.privacy.files import FiledMails
from crm.privacy.models import Erasure
from crm.privacy.own_stops import ERASURE
from crm.privacy.persons import Person, SenderIndex, find_person, rows_of, table_named
from crm.privacy.registry import read_registry

RECEIPT_TYPE = "parley-erasure+jwt"
Reason = Literal["request", "retention"]


@dataclass(frozen=True)
class Erased:
    """What was done."""

    erasure_id: UUID
    contact_id: UUID
    counts: Mapping[str, int]
    recipients: tuple[str, ...]
    receipt: str


async def erase_person(
    session: AsyncSession,
    keys: KeyRing,
    contact_id: UUID,
    sender_index: SenderIndex,
    *,
    mails: FiledMails,
    reason: Reason,
    now: datetime,
) -> Erased:
    """Erases one person.

    On request all consent ends, too, and nothing more goes to their addresses, whoever names them, until their owner
    takes that back: who wants to be forgotten must not be written to by an import a day later.

    Args:
        mails: those that are filed, read before this transaction.

    Raises:
        NotFound: there is no such contact (any more).
    """
    await lock_ledger(session, contact_id)
    if await session.scalar(select(Contact.id).where(Contact.id == contact_id)) is None:
        raise NotFound("This contact is gone.")
    person = await find_person(session, keys, contact_id, sender_index)
    await lock_ledger(session, *person.contacts)
    addresses = await _addresses(session, keys, person)
    recipients = await _recipients(session, person)
    erasure_id = new_id()
    await _keep_stops(session, person, now)
    if reason == "request":
        await withdraw(
            session,
            contact_id=contact_id,
            method=ERASURE,
            evidence={"id": str(erasure_id)},
            actor="subject",
            now=now,
        )
    sealed_under = await _keys_of(session, person)
    counts = await delete_rows(session, person)
    row = {
        "id": erasure_id,
        "contact_id": contact_id,
        "reason": reason,
        "counts": counts,
        "recipients": list(recipients),
        "erased_at": now,
    }
    await keep_public_keys(session, keys, now)
    receipt = signer_of(keys).sign({**_told(row), "sealed_under": sealed_under}, RECEIPT_TYPE)
    await session.execute(insert(Erasure).values(**row, receipt=receipt))
    await mails.erase(addresses)
    return Erased(erasure_id, contact_id, counts, recipients, receipt)


async def _keep_stops(session: AsyncSession, person: Person, now: datetime) -> None:
    """What stops the contact stops its addresses: the contact will be nobody's."""
    for stopped in (await list_suppressions(session, person.contacts)).values():
        for channel, reason in stopped.items():
            await suppress(session, person.addresses, channel, reason, now)


async def delete_rows(session: AsyncSession, person: Person) -> dict[str, int]:
    """Deletes what goes; returns how many rows of each table went."""
    counts: dict[str, int] = {}
    tables = read_registry().tables
    for name, held in tables.items():
        table, condition = table_named(name), rows_of(name, person)
        if held.erase.with_ is not None:
            counts[name] = await session.scalar(select(func.count()).select_from(table).where(condition)) or 0
        elif held.erase.deletes:
            gone = await session.execute(delete(table).where(condition))  # type: ignore[arg-type]
            counts[name] = gone.rowcount  # type: ignore[attr-defined]
        elif held.erase.empty:
            await session.execute(update(table).where(condition).values(held.erase.empty))  # type: ignore[arg-type]
    return {name: count for name, count in counts.items() if count}


async def _addresses(session: AsyncSession, keys: KeyRing, person: Person) -> tuple[str, ...]:
    rows = await session.execute(
        select(ContactPoint.id, ContactPoint.value_sealed).where(ContactPoint.id.in_(person.points))
    )
    return tuple(keys.unseal(row.value_sealed, column=SEALED_COLUMN, row=row.id) for row in rows)


async def _keys_of(session: AsyncSession, person: Person) -> list[str]:
    """The keys their addresses were sealed with: when these are retired, no copy in a backup can be read."""
    points = select(ContactPoint.key_id).where(ContactPoint.id.in_(person.points))
    return sorted(set(await session.scalars(points)))


async def _recipients(session: AsyncSession, person: Person) -> tuple[str, ...]:
    """Whom data of the person went to (GDPR 19): providers of channels, and systems that were called or sent events."""
    outbox, talks = table_named("outbox"), table_named("conversations")
    calls, connectors = table_named("connector_calls"), table_named("connectors")
    sent = await session.scalars(select(outbox.c.channel).where(rows_of("outbox", person)).distinct())
    talked = await session.scalars(select(talks.c.channel).where(rows_of("conversations", person)).distinct())
    called = await session.scalars(
        select(connectors.c.name)
        .where(connectors.c.id.in_(select(calls.c.connector_id).where(rows_of("connector_calls", person))))
        .distinct()
    )
    deliveries, endpoints = table_named("webhook_deliveries"), table_named("webhook_endpoints")
    theirs = (rows_of("webhook_deliveries", person), deliveries.c.attempts > 0)
    told = await session.scalars(
        select(endpoints.c.name).where(endpoints.c.id.in_(select(deliveries.c.endpoint_id).where(*theirs)))
    )
    channels = ({*sent, *talked} - {"web"}) - {ALL}
    return (
        *sorted(f"channel {one}" for one in channels),
        *sorted(f"connector {one}" for one in called),
        *sorted(f"webhook {one}" for one in told),
    )


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the receipt says."""
    registry = read_registry()
    return {
        "erasure_id": str(row["id"]),
        "principal_ref": str(row["contact_id"]),
        "reason": row["reason"],
        "erased_at": row["erased_at"].isoformat(),
        "registry": registry.version,
        "rows_erased": row["counts"],
        "kept": {name: held.erase.keep for name, held in registry.tables.items() if held.erase.keep is not None},
        "recipients": row["recipients"],
    }

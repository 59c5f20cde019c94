"""What a person said, sealed until it is processed and opened again: nothing of it lies in the clear meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.channel_contract import Said, Sender
from base.encryption import KeyRing
from bot.intake.models import SEALED_COLUMN, InboundEvent

_SAID = TypeAdapter(Said)


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """A row's part that nobody can read without the keys, and what its sender's events are found by."""

    sealed: bytes
    key_id: str
    sender_index: bytes


def seal(keys: KeyRing, event_id: UUID, said: Said) -> SealedEvent:
    """Seals it for its row."""
    value = _SAID.dump_json(said).decode()
    sealed = keys.seal(value, column=SEALED_COLUMN, row=event_id)
    return SealedEvent(sealed, keys.newest, sender_index(keys, said.sender))


def sender_index(keys: KeyRing, sender: Sender) -> bytes:
    """What a sender's events are found by."""
    return keys.blind_index(f"{sender.kind}:{sender.value}", kind="inbound_sender")


def sender_index_of(keys: KeyRing) -> Callable[[str, str], bytes]:
    """The same by kind and value, for whoever looks for all of a person's."""
    return lambda kind, value: sender_index(keys, Sender(kind, value))  # type: ignore[arg-type]


async def reseal_events(session: AsyncSession, keys: KeyRing, batch: int) -> int:
    """Seals up to `batch` of what is not processed yet anew with the newest key; returns how many needed it."""
    old = (
        select(InboundEvent)
        .where(InboundEvent.sealed.is_not(None), InboundEvent.key_id != keys.newest)
        .limit(batch)
        .with_for_update()
    )
    rows = (await session.scalars(old)).all()
    for row in rows:
        value = keys.unseal(row.sealed or b"", column=SEALED_COLUMN, row=row.id)
        row.sealed, row.key_id = keys.seal(value, column=SEALED_COLUMN, row=row.id), keys.newest
    await session.flush()
    return len(rows)


def unseal(keys: KeyRing, event_id: UUID, sealed: bytes) -> Said:
    """Opens it.

    Raises:
        KeyProblem: its key is gone, or the row was altered.
    """
    return _SAID.validate_json(keys.unseal(sealed, column=SEALED_COLUMN, row=event_id))

"""Finds where messages go: to the address they were written for, else to the best of its kind. Sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.service import read_addresses, read_points


class Addressed(Protocol):
    """A message of the outbox as far as its address is asked for."""

    @property
    def id(self) -> UUID: ...
    @property
    def contact_id(self) -> UUID: ...
    @property
    def contact_point_id(self) -> UUID | None: ...
    @property
    def channel(self) -> str: ...


async def read_recipients(session: AsyncSession, keys: KeyRing, messages: Sequence[Addressed]) -> dict[UUID, str]:
    """The address of each message, by its id; one that has none is absent. Never log them."""
    own = await read_addresses(session, keys, [message.contact_id for message in messages])
    points = await read_points(
        session, keys, [message.contact_point_id for message in messages if message.contact_point_id]
    )
    found: dict[UUID, str] = {}
    for message in messages:
        kind = ADDRESS_KINDS.get(message.channel)
        address = points.get(message.contact_point_id) or (own[message.contact_id].get(kind) if kind else None)
        if address is not None:
            found[message.id] = address
    return found

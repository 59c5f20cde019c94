"""Asks for many people at once whether they may be profiled. Who scores, sorts, completes or trains asks here first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import one_of
from crm.consent.ledger import consent_states
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.places.rules import UNKNOWN, Whereabouts, find_whereabouts
from crm.privacy.limits import find_limited
from crm.profiling.rules import PURPOSE, Mode, Refusal, Use, may_profile, read_modes, standing_on_profiling

__all__ = ["find_refusals"]


async def find_refusals(
    session: AsyncSession, keys: KeyRing | None, contact_ids: Iterable[UUID], use: Use, now: datetime
) -> dict[UUID, Refusal]:
    """Those who may not be, with the reason; who is absent may. A fixed number of queries, however many they are.

    Args:
        keys: open phone numbers, which tell a country; without them a number tells that it is unknown.
    """
    wanted = list(contact_ids)
    people = await session.execute(
        select(Contact.id, Contact.fields, Contact.time_zone).where(one_of(Contact.id, wanted))
    )
    states = await consent_states(session, wanted, now, purposes=[PURPOSE])
    limited = await find_limited(session, wanted)
    numbers = await _numbers(session, keys, wanted)
    refusals: dict[UUID, Refusal] = {}
    modes: dict[tuple[str, ...], Mode] = {}
    for contact_id, fields, zone in people:
        own = numbers.get(contact_id, [])
        where = find_whereabouts(fields, numbers=[one for one in own if one is not None], zones=[zone])
        if None in own:
            where |= Whereabouts((UNKNOWN,))
        mode = modes.get(where.countries)
        if mode is None:
            mode = modes[where.countries] = read_modes().mode_of(use, where.countries, now)
        refusal = may_profile(use, standing_on_profiling(states[contact_id]), mode, limited.get(contact_id))
        if refusal is not None:
            refusals[contact_id] = refusal
    return refusals


async def _numbers(
    session: AsyncSession, keys: KeyRing | None, contact_ids: list[UUID]
) -> dict[UUID, list[str | None]]:
    found: dict[UUID, list[str | None]] = defaultdict(list)
    points = select(ContactPoint.id, ContactPoint.contact_id, ContactPoint.value_sealed).where(
        one_of(ContactPoint.contact_id, contact_ids), ContactPoint.kind == "phone"
    )
    for point_id, contact_id, sealed in await session.execute(points):
        found[contact_id].append(None if keys is None else keys.unseal(sealed, column=SEALED_COLUMN, row=point_id))
    return found

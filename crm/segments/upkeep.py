"""Keeps what segments read beside the contacts themselves: may somebody be profiled, and how their consents stand.

Both come from those who know (`crm.profiling`, the ledger's fold); here they only become rows that SQL can count.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import one_of
from crm.consent.ledger import consent_states
from crm.contacts.models import Contact
from crm.profiling.rules import PURPOSE
from crm.profiling.service import find_refusals
from crm.segments.models import SegmentConsent, SegmentPerson


async def renew_consents(session: AsyncSession, contact_ids: Collection[UUID], now: datetime) -> None:
    """Folds the ledger of these contacts anew."""
    known = await lock_existing(session, contact_ids)
    states = await consent_states(session, known, now)
    await session.execute(delete(SegmentConsent).where(one_of(SegmentConsent.contact_id, contact_ids)))
    rows = [
        {
            "contact_id": contact_id,
            "purpose": purpose,
            "channel": channel,
            "state": state.state,
            "valid_until": state.valid_until,
            "seq": state.seq,
        }
        for contact_id, own in states.items()
        for (purpose, channel), state in own.items()
    ]
    if rows:
        await session.execute(insert(SegmentConsent), rows)


async def renew_refusals(
    session: AsyncSession, keys: KeyRing, contact_ids: Collection[UUID], now: datetime
) -> set[UUID]:
    """Asks anew who of these contacts may be segmented; returns those for whom the answer is another than before."""
    known = await lock_existing(session, contact_ids)
    refusals = await find_refusals(session, keys, known, "segmenting", now)
    rechecks = await _rechecks(session, known, now)
    before = {
        row.contact_id: (row.refusal, row.recheck_at)
        for row in await session.scalars(
            select(SegmentPerson)
            .where(one_of(SegmentPerson.contact_id, known))
            .execution_options(populate_existing=True)
        )
    }
    after: dict[UUID, tuple[str | None, datetime | None]] = {
        contact_id: (refusals[contact_id].reason if contact_id in refusals else None, rechecks.get(contact_id))
        for contact_id in known
    }
    changed = {contact_id: row for contact_id, row in after.items() if before.get(contact_id) != row}
    if changed:
        statement = insert(SegmentPerson)
        fresh = statement.excluded
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["contact_id"], set_={"refusal": fresh.refusal, "recheck_at": fresh.recheck_at}
            ),
            [
                {"contact_id": contact_id, "refusal": refusal, "recheck_at": recheck_at}
                for contact_id, (refusal, recheck_at) in changed.items()
            ],
        )
    return {
        contact_id
        for contact_id, (refusal, _) in changed.items()
        if contact_id not in before or (before[contact_id][0] is None) != (refusal is None)
    }


async def _rechecks(session: AsyncSession, contact_ids: Collection[UUID], now: datetime) -> dict[UUID, datetime]:
    """When a consent to being profiled runs out; of several the first."""
    rows = await session.execute(
        select(SegmentConsent.contact_id, SegmentConsent.valid_until).where(
            one_of(SegmentConsent.contact_id, contact_ids),
            SegmentConsent.purpose == PURPOSE,
            SegmentConsent.state == "given",
            SegmentConsent.valid_until > now,
        )
    )
    found: dict[UUID, datetime] = {}
    for contact_id, valid_until in rows:
        if valid_until is not None:
            found[contact_id] = min(valid_until, found.get(contact_id, valid_until))
    return found


async def lock_existing(session: AsyncSession, contact_ids: Collection[UUID]) -> list[UUID]:
    """Those that are contacts still; they cannot be erased until the caller's transaction ends."""
    known = select(Contact.id).where(one_of(Contact.id, contact_ids)).order_by(Contact.id)
    return list(await session.scalars(known.with_for_update(read=True, key_share=True)))

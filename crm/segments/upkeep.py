"""Keeps what segments read beside the contacts themselves: may somebody be profiled, and how their consents stand.

Both come from those who know (`crm.profiling`, the ledger's fold); here they only become rows that SQL can count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, any_, bindparam, delete, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import Ids, asked_ids
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.contacts.models import Contact
from crm.profiling.rules import PURPOSE
from crm.profiling.service import Judge, read_grounds
from crm.segments.models import SegmentConsent, SegmentPerson


async def renew(
    session: AsyncSession,
    keys: KeyRing | None,
    now: datetime,
    *,
    consents: Collection[UUID],
    refusals: Collection[UUID],
) -> set[UUID]:
    """Folds the ledger of some contacts anew, and asks anew who of some may be segmented.

    Returns those for whom that answer is another than before.
    """
    known = await lock_existing(session, {*consents, *refusals})
    people = await read_grounds(session, known, purposes=None if consents else [PURPOSE])
    judge = Judge("segmenting", keys, now)
    if consents:
        rows = [
            {
                "contact_id": row.id,
                "purpose": purpose,
                "channel": channel,
                "state": state.state,
                "valid_until": state.valid_until,
                "seq": state.seq,
            }
            for row in people
            if row.id in consents
            for (purpose, channel), state in judge.states_of(row).items()
        ]
        connection = await session.connection()
        await connection.execute(_FORGET_CONSENTS, {"contact_ids": list(consents)})
        if rows:
            await connection.execute(_KEEP_CONSENTS, rows_of(rows))
    asked = [row for row in people if row.id in refusals]
    return await _renew_refusals(session, judge, asked, now) if asked else set()


async def _renew_refusals(session: AsyncSession, judge: Judge, people: Sequence[Any], now: datetime) -> set[UUID]:
    connection = await session.connection()
    found = await connection.execute(_KNOWN_OF_PEOPLE, {"contact_ids": [row.id for row in people], "now": now})
    known = {row.id: row for row in found}
    before = {one: (row.refusal, row.recheck_at) for one, row in known.items() if row.was_looked_at}
    after: dict[UUID, tuple[str | None, datetime | None]] = {}
    for row in people:
        refusal = judge.refusal_of(row, judge.states_of(row))
        after[row.id] = (None if refusal is None else refusal.reason, known[row.id].runs_out_at)
    changed = {contact_id: told for contact_id, told in after.items() if before.get(contact_id) != told}
    if changed:
        rows = [
            {"contact_id": contact_id, "refusal": refusal, "recheck_at": recheck_at}
            for contact_id, (refusal, recheck_at) in changed.items()
        ]
        await connection.execute(_KEEP_PEOPLE, rows_of(rows))
    return {
        contact_id
        for contact_id, (refusal, _) in changed.items()
        if contact_id not in before or (before[contact_id][0] is None) != (refusal is None)
    }


async def lock_existing(session: AsyncSession, contact_ids: Collection[UUID]) -> list[UUID]:
    """Those that are contacts still; they cannot be erased until the caller's transaction ends."""
    connection = await session.connection()
    return list((await connection.execute(_LOCK, {"contact_ids": list(contact_ids)})).scalars())


_CONTACTS, _CONSENTS, _PEOPLE = table_of(Contact), table_of(SegmentConsent), table_of(SegmentPerson)
_named = any_(bindparam("contact_ids", type_=Ids()))
_LOCK = (
    select(_CONTACTS.c.id)
    .where(_CONTACTS.c.id == _named)
    .order_by(_CONTACTS.c.id)
    .with_for_update(read=True, key_share=True)
)
_FORGET_CONSENTS = delete(_CONSENTS).where(_CONSENTS.c.contact_id == _named)
_KEEP_CONSENTS = insert_rows(_CONSENTS, ("contact_id", "purpose", "channel", "state", "valid_until", "seq"))
_asked = asked_ids("contact_ids")
# When a consent to being profiled runs out; of several the first.
_runs_out_at = (
    select(func.min(_CONSENTS.c.valid_until))
    .where(
        _CONSENTS.c.contact_id == _asked.c.id,
        _CONSENTS.c.purpose == literal_column(f"'{PURPOSE}'"),
        _CONSENTS.c.state == literal_column("'given'"),
        _CONSENTS.c.valid_until > bindparam("now", type_=DateTime(timezone=True)),
    )
    .correlate(_asked)
    .scalar_subquery()
)
_KNOWN_OF_PEOPLE = select(
    _asked.c.id,
    _PEOPLE.c.contact_id.is_not(None).label("was_looked_at"),
    _PEOPLE.c.refusal,
    _PEOPLE.c.recheck_at,
    _runs_out_at.label("runs_out_at"),
).select_from(_asked.outerjoin(_PEOPLE, _PEOPLE.c.contact_id == _asked.c.id))
_keep_people = insert_rows(_PEOPLE, ("contact_id", "refusal", "recheck_at"))
_KEEP_PEOPLE = _keep_people.on_conflict_do_update(
    index_elements=["contact_id"],
    set_={"refusal": _keep_people.excluded.refusal, "recheck_at": _keep_people.excluded.recheck_at},
)

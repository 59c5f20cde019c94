"""The merges there were, with what of the merged contact the survivor did not take over. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.merge_rules import conflicts_of
from crm.contacts.models import Contact, ContactMerge, MergedRow


@dataclass(frozen=True, slots=True)
class Recorded:
    """A merge. `kept` holds fields of the merged contact of which the survivor knows something else."""

    merge: ContactMerge
    kept: Mapping[str, Any]


async def list_merges(
    session: AsyncSession, *, contact_id: UUID | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Recorded]:
    """Merges, the latest first, so that `after` is the last one of the page before.

    Args:
        contact_id: only those that this contact had part in.
    """
    wanted = select(ContactMerge).order_by(ContactMerge.merged_at.desc(), ContactMerge.id.desc()).limit(limit)
    if contact_id is not None:
        wanted = wanted.where(or_(ContactMerge.survivor_id == contact_id, ContactMerge.merged_id == contact_id))
    if after is not None:
        wanted = wanted.where(tuple_(ContactMerge.merged_at, ContactMerge.id) < tuple_(*after))
    return await tell(session, (await session.scalars(wanted)).all())


async def tell(session: AsyncSession, merges: Sequence[ContactMerge]) -> list[Recorded]:
    """The merges with what was kept of each."""
    rows = await session.execute(
        select(MergedRow.merge_id, MergedRow.before, Contact.fields)
        .join(ContactMerge, ContactMerge.id == MergedRow.merge_id)
        .join(Contact, Contact.id == ContactMerge.survivor_id)
        .where(
            MergedRow.merge_id.in_([merge.id for merge in merges]),
            MergedRow.table_name == "contacts",
            MergedRow.change == "set_aside",
        )
    )
    kept = {
        merge_id: {
            name: value for name, (_, value) in conflicts_of({"fields": fields}, before or {"fields": {}}).items()
        }
        for merge_id, before, fields in rows
    }
    return [Recorded(merge, kept.get(merge.id, {})) for merge in merges]

"""Takes a merge back: both contacts are as they were, but for what happened since. In the caller's transaction.

What happened since goes to whom it was about, as far as that shows, else it stays with the survivor. A no said
meanwhile holds for both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound
from base.tables import table_of
from crm.consent.parting import Parted, part_principals
from crm.contacts.merge_rules import part_row
from crm.contacts.merged_rows import Merging, are_as_made, put_back, take_back_rows
from crm.contacts.merging import SCORES, lock_people, sum_up
from crm.contacts.models import Contact, ContactMerge, ContactPoint, MergedRow
from crm.privacy.models import PrivacyMark
from crm.privacy.neighbours import conversations
from crm.scoring.models import ContactScores
from crm.timeline.service import record

_CONTACTS = "contacts"


class AlreadyUndone(Conflict):
    """This merge was undone already."""

    code = "already_undone"


class LaterMerge(Conflict):
    """The contact was merged again since: undo the later merge first."""

    code = "later_merge"


async def unmerge(session: AsyncSession, merge_id: UUID, by: str, now: datetime) -> ContactMerge:
    """Makes them two contacts again. Merges of the same contact are undone in the reverse of their order.

    Whoever calls repeats the transaction on a deadlock, as for `merge_contacts`.

    Raises:
        AlreadyUndone: it was.
        LaterMerge: the contact was merged again since, with whomever.
        NotFound: there is no such merge, or the person was erased.
    """
    merge = await _get(session, merge_id)
    await lock_people(session, merge.survivor_id)
    merge = await _get(session, merge_id)
    if merge.undone_at is not None:
        raise AlreadyUndone
    later = await _find_later(session, merge)
    if later is not None:
        raise LaterMerge(f"The contact was merged again since: undo merge {later} first.")
    merging = Merging(merge.id, merge.survivor_id, merge.merged_id, now)
    counted_since = not await are_as_made(session, merging, SCORES)
    await put_back(session, merging, _CONTACTS)
    await take_back_rows(session, merging)
    await _part_rows(session, merging)
    await part_principals(session, await _parted(session, merging, by), now)
    await _limit_both(session, merge)
    if counted_since:
        await _count_soon(session, merging)
    await session.execute(delete(MergedRow).where(MergedRow.merge_id == merge.id))
    merge.undone_by, merge.undone_at = by, now
    await session.flush()
    for contact_id in (merge.survivor_id, merge.merged_id):
        await record(
            session,
            kind="contact_unmerged",
            contact_id=contact_id,
            conversation_id=None,
            data={"merge_id": str(merge.id), "by": by},
            now=now,
        )
    return merge


async def _get(session: AsyncSession, merge_id: UUID) -> ContactMerge:
    merge = await session.get(ContactMerge, merge_id, with_for_update=True, populate_existing=True)
    if merge is None:
        raise NotFound("There is no such merge (any more).")
    return merge


async def _find_later(session: AsyncSession, merge: ContactMerge) -> UUID | None:
    """The last merge since that the survivor had part in."""
    had_part = or_(ContactMerge.survivor_id == merge.survivor_id, ContactMerge.merged_id == merge.survivor_id)
    later = select(ContactMerge.id).where(ContactMerge.id > merge.id, had_part, ContactMerge.undone_at.is_(None))
    return await session.scalar(later.order_by(ContactMerge.id.desc()).limit(1))


async def _part_rows(session: AsyncSession, merging: Merging) -> None:
    whole = func.to_jsonb(table_of(Contact).table_valued(), type_=JSONB())
    row: Any = await session.scalar(select(whole).where(Contact.id == merging.survivor_id))
    noted = (
        await session.execute(
            select(MergedRow.before, MergedRow.after).where(
                MergedRow.merge_id == merging.id,
                MergedRow.table_name == _CONTACTS,
                MergedRow.change == "changed",
            )
        )
    ).one()
    parted = part_row(row, noted.before, noted.after)
    columns = ", ".join(f'"{name}" = p."{name}"' for name in parted)
    await session.execute(
        text(
            f"UPDATE contacts c SET {columns} FROM jsonb_populate_record(NULL::contacts, :parted) p"  # noqa: S608
            " WHERE c.id = :contact_id"
        ).bindparams(bindparam("parted", parted, JSONB()), contact_id=merging.survivor_id)
    )


async def _parted(session: AsyncSession, merging: Merging, by: str) -> Parted:
    talks = await session.scalars(select(conversations.c.id).where(conversations.c.contact_id == merging.merged_id))
    points = await session.scalars(select(ContactPoint.blind_index).where(ContactPoint.contact_id == merging.merged_id))
    return Parted(
        merging.survivor_id,
        merging.merged_id,
        merging.id,
        talks=frozenset(str(talk) for talk in talks),
        addresses=frozenset(index.hex() for index in points),
        by=by,
    )


async def _count_soon(session: AsyncSession, merging: Merging) -> None:
    """Points came or went since: both are summed up, and counted within the minute."""
    both = (merging.survivor_id, merging.merged_id)
    await sum_up(session, *both)
    counted = update(ContactScores).where(ContactScores.contact_id.in_(both)).values(due_at=merging.now)
    await session.execute(counted.execution_options(synchronize_session=False))


async def _limit_both(session: AsyncSession, merge: ContactMerge) -> None:
    """What came to limit the use of their data meanwhile limits it for both."""
    since = select(PrivacyMark).where(PrivacyMark.contact_id == merge.survivor_id, PrivacyMark.set_at > merge.merged_at)
    for mark in (await session.scalars(since)).all():
        row = {"contact_id": merge.merged_id, "mark": mark.mark, "source": mark.source, "set_at": mark.set_at}
        await session.execute(upsert(PrivacyMark).values(row).on_conflict_do_nothing())

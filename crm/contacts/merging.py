"""Makes two contacts one, and shows beforehand what that would do. In the caller's transaction.

Nothing is lost: what the survivor has by itself stays, what it lacks is filled, and all the rest is kept in the merge's
record, from which `unmerging` takes it back. A no of either holds for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import InvalidInput
from base.ids import new_id
from base.tables import table_of
from crm.consent.parting import link_principals
from crm.contacts.merge_rules import conflicts_of, join_rows
from crm.contacts.merged_rows import Merging, count_rows, move_rows, note_made, set_aside
from crm.contacts.models import Contact, ContactMerge, MergedRow
from crm.contacts.records import get_contact
from crm.privacy.neighbours import conversations
from crm.profiling.service import find_refusals
from crm.samples.made_up import check_alike
from crm.scoring.models import ContactScores, ScoreEntry
from crm.timeline.service import record

BY_HAND = "by_hand"
"""The reason of a merge that a person decided."""
_CONTACTS = "contacts"
_ENTRIES = "score_entries"
SCORES = "contact_scores"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do.

    Attributes:
        conflicts: fields of which both know something else: the survivor's value, which stays, and the other's.
        becomes: what the survivor's fields, tags, stage, qualification and time zone would be.
        rows: how many rows of each table would move.
    """

    conflicts: Mapping[str, tuple[Any, Any]]
    becomes: Mapping[str, Any]
    rows: Mapping[str, int]


async def preview_merge(session: AsyncSession, survivor_id: UUID, merged_id: UUID) -> Preview:
    """What merging these two would do; changes nothing.

    Raises:
        InvalidInput: they are the same.
        NotFound: one of them is gone, or was merged already.
    """
    _check_two(survivor_id, merged_id)
    survivor, merged = await _read_rows(session, survivor_id, merged_id)
    return Preview(conflicts_of(survivor, merged), join_rows(survivor, merged), await count_rows(session, merged_id))


async def merge_contacts(
    session: AsyncSession,
    survivor_id: UUID,
    merged_id: UUID,
    by: str,
    now: datetime,
    *,
    reason: str = BY_HAND,
    take: Sequence[str] = (),
    keys: KeyRing | None = None,
) -> UUID:
    """Merges the second contact into the first; its id stands for the first from then on. Returns the merge's id.

    Whoever calls repeats the transaction on a deadlock: others hold a talk or a message and wait for its contact.

    Args:
        by: who decided: `user:` and the id of a colleague, or `system`.
        reason: why, as a code; a rule names itself.
        take: fields in which the merged contact is right.
        keys: open phone numbers, which tell by what law the one they are now may be scored.

    Raises:
        InvalidInput: they are the same.
        NotFound: one of them is gone, or was merged already (`ContactMerged`).
        OnlyAmongSamples: one of them is made up.
    """
    _check_two(survivor_id, merged_id)
    await lock_people(session, survivor_id, merged_id)
    await check_alike(session, survivor_id, merged_id)
    survivor, merged = await _read_rows(session, survivor_id, merged_id)
    merging = Merging(new_id(), survivor_id, merged_id, now)
    await session.execute(
        insert(ContactMerge).values(
            id=merging.id,
            survivor_id=survivor_id,
            merged_id=merged_id,
            reason=reason,
            merged_by=by,
            merged_at=now,
        )
    )
    await move_rows(session, merging)
    await link_principals(session, survivor_id, merged_id, now)
    await set_aside(session, merging, _CONTACTS, table_of(Contact).c.id == merged_id)
    joined = join_rows(survivor, merged, take)
    await session.execute(
        update(Contact)
        .where(Contact.id == survivor_id)
        .values(**joined, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    await _take_points_if_refused(session, merging, keys)
    await sum_up(session, survivor_id)
    await _count_soon(session, merging)
    (after,) = await _read_rows(session, survivor_id)
    changed = [*joined, "score", "updated_at"]
    await session.execute(
        insert(MergedRow).values(
            merge_id=merging.id,
            table_name=_CONTACTS,
            change="changed",
            key={"id": str(survivor_id)},
            before={name: survivor[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    )
    await record(
        session,
        kind="contact_merged",
        contact_id=survivor_id,
        conversation_id=None,
        data={"merge_id": str(merging.id), "was_contact_id": str(merged_id), "reason": reason, "by": by},
        now=now,
    )
    return merging.id


async def lock_people(session: AsyncSession, *contact_ids: UUID) -> None:
    """Holds the contacts against everybody who writes for them, and their talks before: a turn takes them so, too."""
    talks = select(conversations.c.id).where(conversations.c.contact_id.in_(contact_ids))
    await session.execute(talks.order_by(conversations.c.id).with_for_update())
    # Not only against other updates: a row that is to point at one of them waits, and then finds it gone.
    held = select(Contact.id).where(Contact.id.in_(contact_ids)).order_by(Contact.id).with_for_update()
    await session.execute(held)


async def sum_up(session: AsyncSession, *contact_ids: UUID) -> None:
    """Makes a contact's score the sum of its entries."""
    total = (
        select(func.coalesce(func.sum(ScoreEntry.points), 0))
        .where(ScoreEntry.contact_id == Contact.id)
        .correlate(Contact)
        .scalar_subquery()
    )
    await session.execute(
        update(Contact)
        .where(Contact.id.in_(contact_ids), Contact.score != total)
        .values(score=total)
        .execution_options(synchronize_session=False)
    )


def _check_two(survivor_id: UUID, merged_id: UUID) -> None:
    if survivor_id == merged_id:
        raise InvalidInput("A contact cannot be merged with itself: name two.")


async def _read_rows(session: AsyncSession, *contact_ids: UUID) -> list[dict[str, Any]]:
    """The contacts' own rows as JSON, in this order.

    Raises:
        NotFound: one is gone, or was merged.
    """
    whole = func.to_jsonb(table_of(Contact).table_valued(), type_=JSONB()).label("whole")
    rows = await session.execute(select(Contact.id, whole).where(Contact.id.in_(contact_ids)))
    found: dict[UUID, Any] = {row.id: row.whole for row in rows}
    for contact_id in contact_ids:
        if contact_id not in found:
            await get_contact(session, contact_id)
    return [found[contact_id] for contact_id in contact_ids]


async def _take_points_if_refused(session: AsyncSession, merging: Merging, keys: KeyRing | None) -> None:
    """Who may not be scored as the one they are now has no points; those there were are kept for the day they part."""
    if await find_refusals(session, keys, [merging.survivor_id], "scoring", merging.now):
        await set_aside(session, merging, _ENTRIES, table_of(ScoreEntry).c.contact_id == merging.survivor_id)


async def _count_soon(session: AsyncSession, merging: Merging) -> None:
    """Lets the scores be counted within the minute: other rules may hold of the one they are now."""
    scores = table_of(ContactScores)
    theirs = scores.c.contact_id == merging.survivor_id
    counted = (await session.execute(select(scores).where(theirs))).mappings().first()
    if counted is not None:
        await set_aside(session, merging, SCORES, theirs)
        await session.execute(insert(scores).values({**counted, "due_at": merging.now}))
        await note_made(session, merging, SCORES, theirs)

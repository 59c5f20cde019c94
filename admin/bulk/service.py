"""Bulk operations as they are asked for, followed and cancelled. Carries nothing out itself: a worker does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.bulk.models import OPEN, BulkContact, BulkOperation, Operation
from admin.models import AdminUser
from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from base.nested_rows import one_of
from crm.contacts.models import Contact
from crm.segments.counting import planned_for_all
from crm.segments.models import SegmentMember
from crm.segments.service import get_segment
from outreach.library import Library

KEPT = timedelta(days=90)
"""How long it is kept who was meant, and what came of it."""
_RESTORED = "A back-up was restored: it may have been done to its end before that."


class BulkEnded(Conflict):
    """This bulk operation is over: load it again."""

    code = "bulk_operation_ended"


class NumberDiffers(Conflict):
    """They are more or fewer contacts by now."""

    code = "number_differs"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"The number of contacts is {number} now, not the one you gave: look who is meant, then give it again."
        )


class NothingSelected(Conflict):
    """Nobody is selected: choose other contacts, or another filter."""

    code = "nothing_selected"


async def check_value(session: AsyncSession, operation: Operation, value: str | None) -> None:
    """Whether there is what contacts are to be given.

    Raises:
        InvalidInput: there is no such user or journey.
        Conflict: nobody can be put into this journey, or not now.
    """
    if operation == "set_owner" and value is not None:
        active = select(AdminUser.id).where(AdminUser.id == UUID(value), AdminUser.deactivated_at.is_(None))
        if await session.scalar(active) is None:
            raise InvalidInput("There is no such user.", errors=[{"field": "owner", "message": "No such user."}])
    if operation == "enrol":
        live = (await Library().live(session, [str(value)])).get(str(value))
        if live is None:
            message = f"There is no journey {value}."
            raise InvalidInput(message, errors=[{"field": "journey", "message": message}])
        if live.definition.first is None:
            raise Conflict(f"Nobody can be put into the journey {value}: give it a step `manual_or_api`.")
        if live.state != "running":
            raise Conflict(f"The journey {value} is {live.state} and lets nobody in: resume it first.")


def meant_by_ids(ids: Sequence[UUID]) -> Select[Any]:
    return select(Contact.id).where(one_of(Contact.id, ids))


def meant_by_conditions(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    return select(Contact.id).where(*conditions)


async def meant_by_segment(session: AsyncSession, segment_id: UUID) -> Select[Any]:
    """Those who are in it as its members stand.

    Raises:
        NotFound: there is no such segment.
    """
    await get_segment(session, segment_id)
    return select(SegmentMember.contact_id).where(SegmentMember.segment_id == segment_id)


async def start(
    session: AsyncSession,
    meant: Select[Any],
    *,
    operation: Operation,
    value: str | None,
    selection: dict[str, Any],
    made_by: UUID,
    made_by_token: UUID | None,
    now: datetime,
    expected: int | None = None,
) -> BulkOperation:
    """Fixes who is meant, and has a worker do it.

    Args:
        expected: how many they must be.

    Raises:
        NothingSelected: it is nobody.
        NumberDiffers: they are not as many as expected.
    """
    row = BulkOperation(
        id=new_id(), operation=operation, value=value, selection=selection, state="waiting", total=0,
        made_by=made_by, made_by_token=made_by_token, made_at=now,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    found = meant.subquery()
    rows = select(literal(row.id), next(iter(found.c)))
    async with planned_for_all(session):
        await session.execute(insert(BulkContact).from_select(["operation_id", "contact_id"], rows))
    meant_by_it = select(func.count()).select_from(BulkContact).where(BulkContact.operation_id == row.id)
    row.total = await session.scalar(meant_by_it) or 0
    if row.total == 0:
        raise NothingSelected
    if expected is not None and row.total != expected:
        raise NumberDiffers(row.total)
    await session.flush()
    # What has a default of the database's, too.
    await session.refresh(row)
    return row


async def count_meant(session: AsyncSession, meant: Select[Any]) -> int:
    """How many they are now."""
    async with planned_for_all(session):
        return await session.scalar(select(func.count()).select_from(meant.subquery())) or 0


async def get_operation(session: AsyncSession, operation_id: UUID, *, locked: bool = False) -> BulkOperation:
    """One of them.

    Raises:
        NotFound: there is none, or it grew too old.
    """
    statement = select(BulkOperation).where(BulkOperation.id == operation_id)
    if locked:
        statement = statement.with_for_update()
    row = await session.scalar(statement, execution_options={"populate_existing": True})
    if row is None:
        raise NotFound("There is no such bulk operation, or not any more.")
    return row


async def list_operations(
    session: AsyncSession, *, after: tuple[datetime, UUID] | None, is_open: bool, limit: int
) -> Sequence[BulkOperation]:
    """The latest first."""
    key = (BulkOperation.made_at, BulkOperation.id)
    statement = select(BulkOperation).order_by(*(column.desc() for column in key)).limit(limit)
    if is_open:
        statement = statement.where(BulkOperation.state.in_(OPEN))
    if after is not None:
        statement = statement.where(tuple_(*key) < after)
    return (await session.scalars(statement)).all()


async def count_reasons(session: AsyncSession, operation_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many which reason spoke against, by operation; the most frequent first."""
    rows = await session.execute(
        select(BulkContact.operation_id, BulkContact.reason, func.count())
        .where(one_of(BulkContact.operation_id, operation_ids), BulkContact.reason.is_not(None))
        .group_by(BulkContact.operation_id, BulkContact.reason)
        .order_by(func.count().desc())
    )
    found: dict[UUID, dict[str, int]] = {}
    for operation_id, reason, number in rows:
        found.setdefault(operation_id, {})[str(reason)] = number
    return found


async def list_stopped(
    session: AsyncSession, operation_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[tuple[BulkContact, Contact]]:
    """Those a reason spoke against, in the order of their ids."""
    statement = (
        select(BulkContact, Contact)
        .join(Contact, Contact.id == BulkContact.contact_id)
        .where(BulkContact.operation_id == operation_id, BulkContact.reason.is_not(None))
        .order_by(BulkContact.contact_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(BulkContact.contact_id > after)
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def cancel(session: AsyncSession, operation_id: UUID, now: datetime) -> BulkOperation:
    """Stops it behind the set in hand; what is done stays.

    Raises:
        NotFound: there is none.
        BulkEnded: it is done, or failed.
    """
    row = await get_operation(session, operation_id, locked=True)
    if row.state == "cancelled":
        return row
    if row.state not in OPEN:
        raise BulkEnded
    row.state, row.finished_at, row.claimed_until = "cancelled", now, None
    await session.flush()
    return row


async def cancel_enrolling(session: AsyncSession, now: datetime) -> int:
    """Stops all that put contacts into journeys, as a restored back-up does not tell how far they got.

    Returns:
        How many there were.
    """
    stopped = await session.scalars(
        update(BulkOperation)
        .where(BulkOperation.operation == "enrol", BulkOperation.state.in_(OPEN))
        .values(state="cancelled", problem=_RESTORED, finished_at=now, claimed_until=None)
        .returning(BulkOperation.id)
        .execution_options(synchronize_session=False)
    )
    return len(stopped.all())


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Removes what is over for long, and with it who was meant."""
    await session.execute(
        delete(BulkOperation).where(BulkOperation.finished_at < now - KEPT).execution_options(synchronize_session=False)
    )

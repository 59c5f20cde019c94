"""Who is made up: asked by whoever might do something to somebody outside. In the caller's transaction."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from base.errors import Conflict
from crm.samples.models import SamplePerson


class OnlyAmongSamples(Conflict):
    """One of the two is made up and the other is not: they cannot become one."""

    code = "only_among_samples"


def is_made_up_of(contact_id: ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether the contact of a statement's row is made up."""
    return exists().where(SamplePerson.contact_id == contact_id)


async def is_made_up(session: AsyncSession, contact_id: UUID) -> bool:
    """Whether this contact is."""
    found = select(SamplePerson.contact_id).where(SamplePerson.contact_id == contact_id)
    return await session.scalar(found) is not None


async def check_alike(session: AsyncSession, one: UUID, other: UUID) -> None:
    """Keeps made-up people apart from real ones, who would go with them.

    Raises:
        OnlyAmongSamples: exactly one of the two is made up.
    """
    counted = select(func.count()).where(SamplePerson.contact_id.in_((one, other)))
    if await session.scalar(counted) == 1:
        raise OnlyAmongSamples

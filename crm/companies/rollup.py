"""What a company's people come to: how many, how far, how high. In one statement; reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession

from crm.companies.models import ContactCompany
from crm.contacts.models import Contact
from crm.contacts.rules import STAGES, Stage

_WAY = tuple(stage for stage in STAGES if stage != "disqualified")


@dataclass(frozen=True, slots=True)
class RollUp:
    """`stage` is the furthest of those who are not disqualified; None where nobody is left."""

    people: int = 0
    stage: Stage | None = None
    score: int = 0
    highest_score: int = 0


async def roll_up(session: AsyncSession, company_ids: Iterable[UUID]) -> dict[UUID, RollUp]:
    """The sums of each company; one without people is absent."""
    place = func.array_position(array(_WAY), Contact.stage)
    rows = await session.execute(
        select(
            ContactCompany.company_id,
            func.count(),
            func.max(place),
            func.sum(Contact.score),
            func.max(Contact.score),
        )
        .join(Contact, Contact.id == ContactCompany.contact_id)
        .where(ContactCompany.company_id.in_(list(company_ids)))
        .group_by(ContactCompany.company_id)
    )
    return {
        company_id: RollUp(people, _WAY[furthest - 1] if furthest else None, int(score), highest)
        for company_id, people, furthest, score, highest in rows
        if company_id is not None
    }

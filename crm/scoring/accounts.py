"""What the people of a company score together: summed and the highest of each score. Counted when asked for; stored
nowhere, so it is never older than its people's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Text, cast, column, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from crm.companies.models import ContactCompany
from crm.scoring.models import ContactScores


@dataclass(frozen=True, slots=True)
class AccountScore:
    """One score of a company: the sum of its people's, and the highest of them."""

    sum: int
    highest: int


async def read_account_scores(
    session: AsyncSession, company_ids: Iterable[UUID]
) -> dict[UUID, dict[str, AccountScore]]:
    """The scores of companies by name, `total` among them; one none of whose people was scored is absent."""
    each = (
        func.jsonb_each_text(ContactScores.scores)
        .table_valued(column("name", Text()), column("value", Text()))
        .render_derived()
    )
    value = cast(each.c.value, BigInteger)
    rows = await session.execute(
        select(ContactCompany.company_id, each.c.name, func.sum(value), func.max(value))
        .select_from(ContactCompany)
        .join(ContactScores, ContactScores.contact_id == ContactCompany.contact_id)
        .join(each, onclause=true())
        .where(ContactCompany.company_id.in_(list(company_ids)))
        .group_by(ContactCompany.company_id, each.c.name)
    )
    found: dict[UUID, dict[str, AccountScore]] = {}
    for company_id, name, total, highest in rows:
        if company_id is not None:
            found.setdefault(company_id, {})[name] = AccountScore(int(total), highest)
    return found

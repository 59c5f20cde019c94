"""Under which ids the ledger and suppressions speak of a contact: its own, and those of contacts merged into it.

The conditions are parts of statements, for a contact of a row (`contact_id`): index scans, no second round trip. What
the events of several ids come to together is `weaving`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.models import PrincipalLink
from crm.consent.weaving import Link


def is_principal_of(column: Any, contact_id: Any) -> ColumnElement[bool]:
    """Whether a column names the contact, or one that was merged into it.

    Args:
        column: `ConsentEvent.principal_ref`, or a `contact_id` that stays as it was written.
        contact_id: a column of a statement around this one, or an id.
    """
    own = select(_as_id(contact_id).label("principal_ref"))
    merged = select(PrincipalLink.principal_ref).where(PrincipalLink.contact_id == contact_id)
    if isinstance(contact_id, ColumnElement) and (outside := getattr(contact_id, "table", None)) is not None:
        own, merged = own.correlate(outside), merged.correlate(outside)
    # As an array: the planner then looks each up by the column's index.
    ids = func.array(union_all(own, merged).scalar_subquery(), type_=ARRAY(Uuid()))
    matched: ColumnElement[bool] = column == any_(ids)
    return matched


def links_of(contact_id: ColumnElement[UUID]) -> Select[UUID, UUID, int]:
    """The links of the contact of a statement's row, to be part of it: principal, whom it joined, after which event."""
    links = select(PrincipalLink.principal_ref, PrincipalLink.joined_ref, PrincipalLink.after_seq)
    return links.where(PrincipalLink.contact_id == contact_id).correlate(contact_id.table)


async def list_links(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, list[Link]]:
    """The links of many contacts; who has none is absent."""
    found: dict[UUID, list[Link]] = defaultdict(list)
    rows = await session.execute(
        select(
            PrincipalLink.contact_id, PrincipalLink.principal_ref, PrincipalLink.joined_ref, PrincipalLink.after_seq
        ).where(PrincipalLink.contact_id == any_(literal(list(contact_ids), ARRAY(Uuid()))))
    )
    for contact_id, principal_ref, joined_ref, after_seq in rows:
        found[contact_id].append(Link(principal_ref, joined_ref, after_seq))
    return dict(found)


async def find_holder(session: AsyncSession, contact_id: UUID) -> UUID:
    """The contact that an id stands for now: the one it was merged into, or itself."""
    holder = await session.scalar(select(PrincipalLink.contact_id).where(PrincipalLink.principal_ref == contact_id))
    return holder or contact_id


def _as_id(contact_id: Any) -> Any:
    return contact_id if isinstance(contact_id, ColumnElement) else literal(contact_id, Uuid())

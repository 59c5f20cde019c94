"""Under which ids the ledger and suppressions speak of a contact: its own, and those of contacts merged into it.

The conditions are parts of statements, for a contact of a row (`contact_id`): index scans, no second round trip. What
the events of several ids come to together is `weaving`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, any_, bindparam, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import QueryableAttribute, aliased

from base.nested_rows import Ids
from crm.consent.models import PrincipalLink
from crm.consent.weaving import Link


def is_principal_of(column: Any, contact_id: Any, *, outside: FromClause | None = None) -> ColumnElement[bool]:
    """Whether a column names the contact, or one that was merged into it.

    Args:
        column: `ConsentEvent.principal_ref`, or a `contact_id` that stays as it was written.
        contact_id: an id, or a column or expression of a statement around this one.
        outside: the table of an expression.
    """
    expression = (
        contact_id if isinstance(contact_id, ColumnElement | QueryableAttribute) else literal(contact_id, Uuid())
    )
    own = select(expression.label("principal_ref"))
    merged = select(PrincipalLink.principal_ref).where(PrincipalLink.contact_id == expression)
    outside = getattr(expression, "table", None) if outside is None else outside
    if outside is not None:
        own, merged = own.correlate(outside), merged.correlate(outside)
    # As an array: the planner then looks each up by the column's index.
    ids = func.array(union_all(own, merged).scalar_subquery(), type_=ARRAY(Uuid()))
    matched: ColumnElement[bool] = column == any_(ids)
    return matched


def holder_of(principal_ref: ColumnElement[UUID]) -> ColumnElement[UUID]:
    """The contact that the principal of a statement's row is part of now, or the principal itself."""
    link = aliased(PrincipalLink)
    holder = select(link.contact_id).where(link.principal_ref == principal_ref).correlate(principal_ref.table)
    return func.coalesce(holder.scalar_subquery(), principal_ref)


def links_of(contact_id: ColumnElement[UUID]) -> Select[UUID, UUID, int]:
    """The links of the contact of a statement's row, to be part of it: principal, whom it joined, after which event."""
    links = select(PrincipalLink.principal_ref, PrincipalLink.joined_ref, PrincipalLink.after_seq)
    return links.where(PrincipalLink.contact_id == contact_id).correlate(contact_id.table)


async def list_links(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, list[Link]]:
    """The links of many contacts; who has none is absent."""
    found: dict[UUID, list[Link]] = defaultdict(list)
    connection = await session.connection()
    rows = await connection.execute(_LINKS, {"contact_ids": list(contact_ids)})
    for contact_id, principal_ref, joined_ref, after_seq in rows:
        found[contact_id].append(Link(principal_ref, joined_ref, after_seq))
    return dict(found)


_LINKS = select(
    PrincipalLink.contact_id, PrincipalLink.principal_ref, PrincipalLink.joined_ref, PrincipalLink.after_seq
).where(PrincipalLink.contact_id == any_(bindparam("contact_ids", type_=Ids())))


async def find_holder(session: AsyncSession, contact_id: UUID) -> UUID:
    """The contact that an id stands for now: the one it was merged into, or itself."""
    holder = await session.scalar(select(PrincipalLink.contact_id).where(PrincipalLink.principal_ref == contact_id))
    return holder or contact_id

"""Looks changes up in the audit log. Writes nothing."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.api_tokens.models import APIToken
from admin.audit.models import AuditDetail, AuditEntry
from admin.audit.shapes import AuditNames, AuditPage, AuditQuery, AuditRow
from admin.models import AdminUser


async def read_page(session: AsyncSession, query: AuditQuery) -> AuditPage:
    """One page, the latest first.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    found = (
        select(AuditEntry, AuditDetail, AdminUser.name, APIToken.name)
        .outerjoin(AuditDetail, AuditDetail.entry_id == AuditEntry.id)
        .outerjoin(AdminUser, AdminUser.id == AuditEntry.user_id)
        .outerjoin(APIToken, APIToken.id == AuditEntry.token_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(query.limit + 1)
    )
    for name in ("user_id", "token_id", "action", "subject_kind", "subject_id"):
        if (wanted := getattr(query, name)) is not None:
            found = found.where(getattr(AuditEntry, name) == wanted)
    if query.since is not None:
        found = found.where(AuditEntry.at >= query.since)
    if query.until is not None:
        found = found.where(AuditEntry.at < query.until)
    if query.cursor:
        after = Cursor.decode(query.cursor)
        found = found.where(tuple_(AuditEntry.at, AuditEntry.id) < (after.at, after.id))
    rows = (await session.execute(found)).all()
    shown = rows[: query.limit]
    last = shown[-1][0] if len(rows) > query.limit else None
    return AuditPage(
        items=[_show(*row) for row in shown], next_cursor=Cursor(last.at, last.id).encode() if last else None
    )


async def read_names(session: AsyncSession) -> AuditNames:
    """All actions and kinds of subjects, by name."""
    return AuditNames(
        actions=await _values(session, AuditEntry.action.expression),
        subject_kinds=await _values(session, AuditEntry.subject_kind.expression),
    )


async def _values(session: AsyncSession, column: ColumnElement[str]) -> list[str]:
    """The few values of a column, each found behind the last in an index: there may be millions of entries."""
    found = select(func.min(column).label("value")).cte("found", recursive=True)
    behind = select(func.min(column)).where(column > found.c.value).scalar_subquery()
    found = found.union_all(select(behind).where(found.c.value.is_not(None)))
    return [*await session.scalars(select(found.c.value).where(found.c.value.is_not(None)))]


def _show(entry: AuditEntry, detail: AuditDetail | None, user_name: str | None, token_name: str | None) -> AuditRow:
    return AuditRow(
        id=entry.id,
        seq=entry.seq,
        at=entry.at,
        author=entry.author,
        user_id=entry.user_id,
        user_name=user_name,
        token_id=entry.token_id,
        token_name=token_name,
        action=entry.action,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        has_details=entry.details_sha256 is not None,
        before=detail and detail.before,
        after=detail and detail.after,
        hash=entry.hash,
    )

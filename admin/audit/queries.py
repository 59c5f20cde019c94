"""Looks changes up in the audit log. Writes nothing."""

from __future__ import annotations

from sqlalchemy import select, tuple_
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
    actions = await session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action))
    kinds = await session.scalars(select(AuditEntry.subject_kind).distinct().order_by(AuditEntry.subject_kind))
    return AuditNames(actions=list(actions), subject_kinds=list(kinds))


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

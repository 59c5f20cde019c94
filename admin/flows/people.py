"""The names of who wrote content: colleagues by their accounts, others as they called themselves. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.models import AdminUser
from bot.publishing.editing import DraftConflict

_USER = "user:"
GONE = "a former colleague"


async def names_of(session: AsyncSession, authors: Iterable[str | None]) -> dict[str | None, str]:
    """What to call each of these authors."""
    known = {author for author in authors if author}
    ids = {author: user for author in known if (user := _user_in(author)) is not None}
    rows = await session.execute(select(AdminUser.id, AdminUser.name).where(AdminUser.id.in_(set(ids.values()))))
    names = dict(row for row in rows)
    return {author: names.get(ids[author], GONE) if author in ids else author for author in known}


async def name_writers(session: AsyncSession, conflict: DraftConflict) -> None:
    """Has a conflict say the names of who changed the same."""
    clashes = conflict.details["conflicts"]
    names = await names_of(session, [clash["by"] for clash in clashes])
    for clash in clashes:
        clash["by"] = names.get(clash["by"], "")


def _user_in(author: str) -> UUID | None:
    if not author.startswith(_USER):
        return None
    try:
        return UUID(author.removeprefix(_USER))
    except ValueError:
        return None

"""What is live, and the contents of any publication, as trees of texts. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from bot.publishing.models import ContentVersion, Publication


@dataclass(frozen=True)
class Published:
    """A publication without its compiled flows.

    Attributes:
        contents: the version of each item.
    """

    seq: int = 0
    flows_version: str = ""
    model_id: str = ""
    contents: Mapping[str, int] = field(default_factory=dict)
    author: str = ""
    note: str = ""
    rollback_of: int | None = None
    published_at: datetime | None = None


NOTHING = Published()
"""What is live before the first publication."""

_PARTS = (
    Publication.seq,
    Publication.flows_version,
    Publication.model_id,
    Publication.contents,
    Publication.author,
    Publication.note,
    Publication.rollback_of,
    Publication.published_at,
)


async def find_live(session: AsyncSession) -> Published:
    """What is live; `NOTHING` before the first publication."""
    row = (await session.execute(select(*_PARTS).order_by(Publication.seq.desc()).limit(1))).one_or_none()
    return Published(*row) if row else NOTHING


async def get_publication(session: AsyncSession, seq: int) -> Published:
    """One publication.

    Raises:
        NotFound: there is none of this number.
    """
    row = (await session.execute(select(*_PARTS).where(Publication.seq == seq))).one_or_none()
    if row is None:
        raise NotFound(f"There is no publication {seq}.")
    return Published(*row)


async def list_publications(session: AsyncSession, *, before: int | None = None, limit: int = 50) -> list[Published]:
    """Publications, the newest first."""
    statement = select(*_PARTS).order_by(Publication.seq.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Publication.seq < before)
    return [Published(*row) for row in await session.execute(statement)]


async def get_report(session: AsyncSession, seq: int) -> dict[str, object]:
    """What the checks of a publication came to.

    Raises:
        NotFound: there is none of this number.
    """
    report: dict[str, object] | None = await session.scalar(select(Publication.report).where(Publication.seq == seq))
    if report is None:
        raise NotFound(f"There is no publication {seq}.")
    return report


async def tree_of(session: AsyncSession, published: Published) -> dict[str, dict[str, str]]:
    """The texts of a publication."""
    wanted = list(published.contents.items())
    if not wanted:
        return {}
    version = tuple_(ContentVersion.item, ContentVersion.number)
    rows = await session.execute(select(ContentVersion.item, ContentVersion.files).where(version.in_(wanted)))
    return {row.item: row.files for row in rows}

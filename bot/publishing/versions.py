"""Versions of items: stored once, never changed, with who made them, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from bot.publishing.contents import find_live
from bot.publishing.models import ContentVersion, Publication
from flows.content_tree import ContentTree, digest_of


@dataclass(frozen=True)
class VersionEntry:
    """One version in an item's history.

    Attributes:
        publications: the numbers of the publications it was part of.
        live: whether it is part of the last one.
    """

    number: int
    author: str
    note: str
    created_at: datetime
    publications: tuple[int, ...]
    live: bool


async def history(session: AsyncSession, item: str) -> list[VersionEntry]:
    """The item's versions, the newest first.

    Raises:
        NotFound: it never went live.
    """
    shown = (ContentVersion.number, ContentVersion.author, ContentVersion.note, ContentVersion.created_at)
    rows = await session.execute(
        select(*shown).where(ContentVersion.item == item).order_by(ContentVersion.number.desc())
    )
    uses = await session.execute(
        select(Publication.seq, Publication.contents[item].as_integer())
        .where(Publication.contents.has_key(item))
        .order_by(Publication.seq)
    )
    used: dict[int, list[int]] = {}
    for seq, number in uses:
        used.setdefault(number, []).append(seq)
    live = (await find_live(session)).contents.get(item)
    entries = [VersionEntry(*row, tuple(used.get(row.number, ())), row.number == live) for row in rows]
    if not entries:
        raise NotFound(f"{item} was never published.")
    return entries


async def get_files(session: AsyncSession, item: str, number: int) -> dict[str, str]:
    """The texts of one version.

    Raises:
        NotFound: there is none of this number.
    """
    files: dict[str, str] | None = await session.scalar(
        select(ContentVersion.files).where(ContentVersion.item == item, ContentVersion.number == number)
    )
    if files is None:
        raise NotFound(f"There is no version {number} of {item}.")
    return files


async def store_versions(
    session: AsyncSession, tree: ContentTree, *, author: str, note: str, now: datetime
) -> dict[str, int]:
    """Gives the version of each item of the tree, making new ones for texts that were never published.

    Only one publication may be stored at a time: the caller holds the lock.
    """
    known = await _known(session, tree)
    numbers: dict[str, int] = {}
    for item, files in tree.items():
        digest = digest_of(files)
        versions = known.get(item, {})
        if digest not in versions:
            versions = {digest: max(versions.values(), default=0) + 1}
            fresh = ContentVersion(
                item=item, number=versions[digest], digest=digest, files=dict(files),
                author=author, note=note, created_at=now,
            )  # fmt: skip
            session.add(fresh)
        numbers[item] = versions[digest]
    await session.flush()
    return numbers


async def count_versions(session: AsyncSession) -> int:
    """How many versions of all items are kept."""
    return await session.scalar(select(func.count()).select_from(ContentVersion)) or 0


async def _known(session: AsyncSession, tree: ContentTree) -> Mapping[str, dict[str, int]]:
    rows = await session.execute(
        select(ContentVersion.item, ContentVersion.digest, ContentVersion.number).where(ContentVersion.item.in_(tree))
    )
    known: dict[str, dict[str, int]] = {}
    for item, digest, number in rows:
        known.setdefault(item, {})[digest] = number
    return known

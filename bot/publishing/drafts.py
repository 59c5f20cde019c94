"""Drafts: working copies of items. Whoever edits an older one than there is is told; nothing here goes live."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound
from bot.publishing.contents import Published, find_live, tree_of
from bot.publishing.models import ContentDraft, ContentRevision
from flows.content_tree import ContentTree, Files, check_files, check_item

KEPT_REVISIONS = 200
"""Saved states that are kept of each item."""


@dataclass(frozen=True)
class Draft:
    """A working copy.

    Attributes:
        files: None when the draft removes the item.
        based_on: the version that was live when the draft was begun; None when there was none.
        revision: grows with each edit, also from one draft of an item to the next.
    """

    item: str
    files: dict[str, str] | None
    based_on: int | None
    revision: int
    author: str
    updated_at: datetime


@dataclass(frozen=True)
class Item:
    """An item in the list: what is live of it, and whether somebody works on it.

    Attributes:
        outdated: something else went live since the draft was begun; publishing it would undo that.
    """

    item: str
    live: int | None
    draft: Draft | None

    @property
    def outdated(self) -> bool:
        return self.draft is not None and self.draft.based_on != self.live


async def save_draft(
    session: AsyncSession, item: str, files: Files | None, *, author: str, revision: int | None, now: datetime
) -> int:
    """Keeps a working copy.

    Args:
        files: None removes the item when it is published.
        revision: of the draft that was edited; None when there was no draft.

    Returns:
        The new revision.

    Raises:
        NotContent: the item cannot hold such files.
        NotFound: an item is to be removed that is neither live nor drafted.
        Conflict: somebody else saved or discarded the draft meanwhile.
    """
    check_item(item)
    if files is not None:
        check_files(item, files)
    live = (await find_live(session)).contents.get(item)
    if files is None and live is None and revision is None:
        raise NotFound(f"There is no {item}.")
    # A plain None would be stored as the JSON value null.
    kept = {"files": null() if files is None else dict(files), "author": author, "updated_at": now}
    saved = await (_begin(session, item, live, kept) if revision is None else _edit(session, item, revision, kept))
    if saved is None:
        raise await _conflict(session, item)
    await _remember(session, item)
    return saved


async def discard_draft(session: AsyncSession, item: str, *, revision: int) -> None:
    """Throws a working copy away.

    Raises:
        NotFound: there is no draft.
        Conflict: somebody else saved it meanwhile.
    """
    gone = delete(ContentDraft).where(ContentDraft.item == item, ContentDraft.revision == revision)
    if await session.scalar(gone.returning(ContentDraft.item)) is not None:
        return
    if await find_draft(session, item) is None:
        raise NotFound(f"There is no draft of {item}.")
    raise await _conflict(session, item)


async def follow_live(session: AsyncSession, draft: Draft, files: Files, *, before: int | None, after: int) -> bool:
    """Gives a draft what went live meanwhile: it is based on that from now on, and stays its author's.

    Args:
        files: the draft's, with what went live taken in.
        before, after: the item's version that was live, and the one that is.

    Returns:
        False when it was based on another version, or was edited meanwhile: then it stays as it is.
    """
    followed = (
        update(ContentDraft)
        .where(
            ContentDraft.item == draft.item,
            ContentDraft.revision == draft.revision,
            ContentDraft.based_on.is_not_distinct_from(before),
        )
        .values(files=dict(files), based_on=after, revision=draft.revision + 1)
        .execution_options(synchronize_session=False)
    )
    if await session.scalar(followed.returning(ContentDraft.revision)) is None:
        return False
    await _remember(session, draft.item)
    return True


async def find_draft(session: AsyncSession, item: str, *, for_update: bool = False) -> Draft | None:
    """The working copy of an item; nobody else saves it until the transaction ends, when that is asked for."""
    found = select(*_PARTS).where(ContentDraft.item == item)
    row = (await session.execute(found.with_for_update() if for_update else found)).one_or_none()
    return Draft(*row) if row else None


async def list_drafts(session: AsyncSession, items: Collection[str] | None = None) -> list[Draft]:
    """Working copies, by item.

    Args:
        items: those that are wanted; all, unless given.

    Raises:
        NotFound: one of the items has no draft.
    """
    drafts = [Draft(*row) for row in await session.execute(select(*_PARTS).order_by(ContentDraft.item))]
    if items is None:
        return drafts
    if without := set(items).difference(draft.item for draft in drafts):
        raise NotFound(f"There is no draft of {', '.join(sorted(without))}.")
    return [draft for draft in drafts if draft.item in items]


async def list_items(session: AsyncSession) -> list[Item]:
    """Every item that is live or drafted."""
    return items_of(await find_live(session), await list_drafts(session))


def items_of(live: Published, drafts: Iterable[Draft]) -> list[Item]:
    """The same of what was read already."""
    by_item = {draft.item: draft for draft in drafts}
    return [Item(item, live.contents.get(item), by_item.get(item)) for item in sorted({*live.contents, *by_item})]


async def draft_tree(session: AsyncSession, items: Collection[str] | None = None) -> dict[str, dict[str, str]]:
    """What would be live if drafts were published: the live contents overlaid by them.

    Args:
        items: those whose drafts are taken; all, unless given.

    Raises:
        NotFound: one of the items has no draft.
    """
    return laid_over(await tree_of(session, await find_live(session)), await list_drafts(session, items))


def laid_over(live: Mapping[str, dict[str, str]], drafts: Iterable[Draft]) -> dict[str, dict[str, str]]:
    """What is live, overlaid by drafts."""
    tree = dict(live)
    for draft in drafts:
        if draft.files is None:
            tree.pop(draft.item, None)
        else:
            tree[draft.item] = draft.files
    return tree


async def list_outdated(session: AsyncSession, tree: ContentTree) -> list[str]:
    """The items of which the tree holds a draft that was begun on an older version than the live one."""
    outdated = (entry.draft for entry in await list_items(session) if entry.outdated)
    return [draft.item for draft in outdated if draft and tree.get(draft.item) == draft.files]


async def drop_published(session: AsyncSession, tree: ContentTree) -> None:
    """Deletes the drafts that say what went live with this tree; the others stay."""
    drafts = await session.execute(select(ContentDraft.item, ContentDraft.files).with_for_update())
    for item, files in drafts.all():
        if files == tree.get(item):
            await session.execute(delete(ContentDraft).where(ContentDraft.item == item))


_PARTS = (
    ContentDraft.item,
    ContentDraft.files,
    ContentDraft.based_on,
    ContentDraft.revision,
    ContentDraft.author,
    ContentDraft.updated_at,
)


async def _begin(session: AsyncSession, item: str, live: int | None, kept: Mapping[str, object]) -> int | None:
    # Numbers of an earlier draft are not used again: whoever still edits that one must not be taken for this one's.
    last = select(func.coalesce(func.max(ContentRevision.revision), 0) + 1).where(ContentRevision.item == item)
    values = {"item": item, "based_on": live, "revision": last.scalar_subquery(), **kept}
    statement = insert(ContentDraft).values(values).on_conflict_do_nothing()
    return await session.scalar(statement.returning(ContentDraft.revision))


async def _edit(session: AsyncSession, item: str, revision: int, kept: Mapping[str, object]) -> int | None:
    statement = (
        update(ContentDraft)
        .where(ContentDraft.item == item, ContentDraft.revision == revision)
        .values(revision=revision + 1, **kept)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement.returning(ContentDraft.revision))


async def _remember(session: AsyncSession, item: str) -> None:
    """Keeps the draft as it is now among the saved states, and gives up the oldest."""
    state = (
        ContentDraft.item,
        ContentDraft.revision,
        ContentDraft.files,
        ContentDraft.author,
        ContentDraft.updated_at,
    )
    names = ["item", "revision", "files", "author", "saved_at"]
    await session.execute(insert(ContentRevision).from_select(names, select(*state).where(ContentDraft.item == item)))
    newest = select(func.max(ContentRevision.revision)).where(ContentRevision.item == item).scalar_subquery()
    old = delete(ContentRevision).where(
        ContentRevision.item == item, ContentRevision.revision <= newest - KEPT_REVISIONS
    )
    await session.execute(old.execution_options(synchronize_session=False))


async def _conflict(session: AsyncSession, item: str) -> Conflict:
    draft = await find_draft(session, item)
    if draft is None:
        return Conflict(f"The draft of {item} was published or discarded meanwhile; load it again.")
    return Conflict(f"{draft.author} changed {item} meanwhile (revision {draft.revision}); load it again.")

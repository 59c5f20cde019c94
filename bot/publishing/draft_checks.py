"""What the checker says of the drafts as they are now; asked again and again while somebody edits, so it is kept."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.publishing.checking import LookedAt, look_at
from bot.publishing.contents import find_live, tree_of
from bot.publishing.drafts import Item, items_of, laid_over, list_drafts
from bot.publishing.outside import look_outside
from flows.content import Outside
from flows.content_tree import ContentTree, digest_of

_KEPT = 4


@dataclass(frozen=True)
class CheckedDrafts:
    """The drafts over what is live, looked at."""

    tree: ContentTree
    looked: LookedAt
    items: Sequence[Item] = ()
    """Every item that is live or drafted."""


class DraftChecks:
    """Looks at drafts, aside so that this process goes on answering; the same drafts are looked at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, LookedAt] = OrderedDict()
        self._alone = asyncio.Lock()

    async def look(self, session: AsyncSession) -> CheckedDrafts:
        """What would be live if every draft were published, and what the checker says of it."""
        live, drafts = await find_live(session), await list_drafts(session)
        tree = laid_over(await tree_of(session, live), drafts)
        return CheckedDrafts(tree, await self._look(tree, await look_outside(session)), items_of(live, drafts))

    async def look_playable(self, session: AsyncSession, item: str) -> CheckedDrafts:
        """The same for a talk with an item: of others whose drafts cannot be read, what is live is taken."""
        checked = await self.look(session)
        unread = {f"library/{name}" for name in checked.looked.content.unread} - {item}
        if not unread.intersection(checked.tree):
            return checked
        live = await tree_of(session, await find_live(session))
        tree = dict(checked.tree)
        for other in unread.intersection(live):
            tree[other] = live[other]
        return CheckedDrafts(tree, await self._look(tree, await look_outside(session)), checked.items)

    async def _look(self, tree: ContentTree, outside: Outside) -> LookedAt:
        key = _key(tree, outside)
        async with self._alone:
            looked = self._kept.pop(key, None)
            if looked is None:
                looked = await asyncio.to_thread(look_at, tree, outside)
            self._kept[key] = looked
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return looked


def _key(tree: ContentTree, outside: Outside) -> str:
    digest = hashlib.sha256()
    for item, files in sorted(tree.items()):
        digest.update(f"{item} {digest_of(files)}\n".encode())
    for names in (outside.segments, outside.connectors, outside.scores):
        digest.update(f"{None if names is None else sorted(names)}\n".encode())
    kinds: Mapping[str, Any] = outside.kinds or {}
    digest.update(str(sorted((name, sorted(properties)) for name, properties in kinds.items())).encode())
    return digest.hexdigest()

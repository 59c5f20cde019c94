"""The tags of a contact: short names that flows, journeys and colleagues sort people by. Knows no meaning of any."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import InvalidInput, NotFound
from crm.contacts.models import Contact
from crm.timeline.service import record

MOST_TAGS = 100
"""Tags a contact may have."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class TagsChanged:
    """What became of it: tags the contact did not have, and had, before."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


async def change_tags(
    session: AsyncSession, contact_id: UUID, *, add: Iterable[str] = (), remove: Iterable[str] = (), now: datetime
) -> TagsChanged:
    """Adds and takes away tags; what is both added and removed is removed. The same again changes nothing.

    Raises:
        InvalidInput: a tag that is not written in small letters, digits and underscores, or too many of them.
        NotFound: there is no such contact.
    """
    wanted, unwanted = list(dict.fromkeys(add)), set(remove)
    strangers = sorted(tag for tag in {*wanted, *unwanted} if not _NAME.fullmatch(tag))
    if strangers:
        raise InvalidInput("A tag is written in small letters, digits and underscores and begins with a letter.")
    # The row stays locked until the transaction ends: two changes at once would lose one of them.
    had = await session.scalar(select(Contact.tags).where(Contact.id == contact_id).with_for_update(key_share=True))
    if had is None:
        raise NotFound("This contact is gone.")
    added = tuple(tag for tag in wanted if tag not in had and tag not in unwanted)
    removed = tuple(tag for tag in had if tag in unwanted)
    tags = [tag for tag in had if tag not in unwanted] + list(added)
    if len(tags) > MOST_TAGS:
        raise InvalidInput(f"A contact has at most {MOST_TAGS} tags.")
    if added or removed:
        await session.execute(
            update(Contact)
            .where(Contact.id == contact_id)
            .values(tags=tags, updated_at=now)
            .execution_options(synchronize_session=False)
        )
    return TagsChanged(added, removed)


async def tag_contact(
    session: AsyncSession,
    contact_id: UUID,
    *,
    add: Iterable[str],
    remove: Iterable[str],
    conversation_id: UUID | None,
    now: datetime,
) -> TagsChanged:
    """The same, with an event for each tag that was given or taken away.

    Raises:
        InvalidInput, NotFound: as for changing them.
    """
    changed = await change_tags(session, contact_id, add=add, remove=remove, now=now)
    for kind, tags in (("tag_added", changed.added), ("tag_removed", changed.removed)):
        for tag in tags:
            await record(
                session, kind=kind, contact_id=contact_id, conversation_id=conversation_id, data={"tag": tag}, now=now
            )
    return changed

"""Keeps and gives back files that people send, in the caller's transaction. Never serves, renders or runs them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound, ParleyError
from base.ids import new_id
from bot.files.kinds import find_type
from bot.files.models import ConversationFile
from bot.files.names import clean_name
from bot.models import Conversation

FILES = 20
"""Files a conversation may hold."""
BYTES = 50 * 1024 * 1024
"""Bytes they may have together."""


class FileTooLarge(ParleyError):
    """This file is too large."""

    code = "file_too_large"
    status = 413


class FileNotAccepted(ParleyError):
    """This kind of file is not accepted here."""

    code = "file_not_accepted"
    status = 415


class TooManyFiles(ParleyError):
    """This conversation holds as many files as it may."""

    code = "too_many_files"
    status = 413


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was kept. `name` is the cleaned one; `kind` is one of those that were accepted."""

    id: UUID
    name: str
    kind: str
    media_type: str
    size: int


async def store_file(
    session: AsyncSession,
    *,
    conversation_id: UUID,
    name: str,
    data: bytes,
    accept: Collection[str],
    max_bytes: int,
    now: datetime,
) -> StoredFile:
    """Keeps a file of a conversation. The same bytes again are the file that is there already.

    Args:
        accept: kinds of `ask_file`: `image`, `pdf`, `text`, `spreadsheet`, `document`.

    Raises:
        FileTooLarge: more than `max_bytes`.
        FileNotAccepted: empty, dangerous, of no known kind or of none of these.
        TooManyFiles: the conversation's quota is used up.
        NotFound: there is no such conversation.
    """
    if len(data) > max_bytes:
        raise FileTooLarge
    # In a thread: a large archive or table takes a second, and everybody else's turns would stand still.
    found = await asyncio.to_thread(find_type, data, name)
    kind = next((kind for kind in found.kinds if kind in accept), None) if found else None
    if found is None or kind is None:
        raise FileNotAccepted
    digest = hashlib.sha256(data).digest()
    # The conversation's row is the lock: uploads at the same time are counted one after the other.
    lock = select(Conversation.id).where(Conversation.id == conversation_id).with_for_update(key_share=True)
    if await session.scalar(lock) is None:
        raise NotFound("This conversation is gone.")
    known = await _find_same(session, conversation_id, digest, kind)
    if known is not None:
        return known
    await _check_quota(session, conversation_id, len(data))
    stored = StoredFile(new_id(), clean_name(name, found.extension), kind, found.media_type, len(data))
    await session.execute(
        insert(ConversationFile).values(
            id=stored.id,
            conversation_id=conversation_id,
            name=stored.name,
            kind=stored.kind,
            media_type=stored.media_type,
            size=stored.size,
            sha256=digest,
            data=data,
            uploaded_at=now,
        )
    )
    return stored


async def read_file(session: AsyncSession, file_id: UUID) -> ConversationFile:
    """A file with its bytes. Who serves it sends it as an attachment, with `nosniff`, to those who may see the talk.

    Raises:
        NotFound: there is no such file.
    """
    row = await session.get(ConversationFile, file_id)
    if row is None:
        raise NotFound("This file is gone.")
    return row


async def _find_same(session: AsyncSession, conversation_id: UUID, digest: bytes, kind: str) -> StoredFile | None:
    row = (
        await session.execute(
            select(
                ConversationFile.id,
                ConversationFile.name,
                ConversationFile.kind,
                ConversationFile.media_type,
                ConversationFile.size,
            ).where(
                ConversationFile.conversation_id == conversation_id,
                ConversationFile.sha256 == digest,
                ConversationFile.kind == kind,
            )
        )
    ).first()
    return StoredFile(*row) if row else None


async def _check_quota(session: AsyncSession, conversation_id: UUID, size: int) -> None:
    held = select(func.count(), func.coalesce(func.sum(ConversationFile.size), 0)).where(
        ConversationFile.conversation_id == conversation_id
    )
    count, total = (await session.execute(held)).one()
    if count >= FILES or total + size > BYTES:
        raise TooManyFiles

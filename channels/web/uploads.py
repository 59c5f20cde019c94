"""Takes a file out of a request and finds the question it answers. Judges no bytes and stores nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from aiohttp import BodyPartReader, hdrs, web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, Malformed
from bot.files.questions import FileQuestion, find_file_question
from bot.files.service import FileTooLarge
from bot.models import Message

AT_ONCE = 8
"""Files a process takes at the same time: they are held in memory."""
WITHIN = 120.0
"""Seconds a file may take to arrive."""
_ENVELOPE = 16_384  # bytes of a multipart body around the file


class NoFileAsked(Conflict):
    """No question asks for a file at the moment."""

    code = "no_file_asked"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: neither its name nor what it says of itself is to be believed."""

    name: str
    data: bytes


async def get_file_question(session: AsyncSession, conversation_id: UUID) -> FileQuestion:
    """The limits of the question for a file that is open.

    Raises:
        NoFileAsked: the last question was another one, or there was none.
    """
    question = await find_file_question(session, conversation_id)
    if question is None:
        raise NoFileAsked
    return question


async def find_stored_seq(session: AsyncSession, conversation_id: UUID, client_id: UUID) -> int | None:
    """The number of the message with this client id: the file came before, only its receipt was lost."""
    known = select(Message.seq).where(Message.conversation_id == conversation_id, Message.client_id == client_id)
    seq: int | None = await session.scalar(known)
    return seq


def read_client_id(request: web.Request) -> UUID:
    """The sender's own id of the message; raises Malformed."""
    try:
        return UUID(request.headers.get("X-Client-Id", ""))
    except ValueError as error:
        raise Malformed("X-Client-Id must be a UUID.") from error


async def read_upload(request: web.Request, max_bytes: int) -> Upload:
    """The file in a multipart body.

    Raises:
        FileTooLarge: as soon as that is sure, which may be before the first byte.
        Malformed: not multipart, or no field `file` in it.
    """
    if (request.content_length or 0) > max_bytes + _ENVELOPE:
        raise FileTooLarge
    try:
        async with asyncio.timeout(WITHIN):
            return await _read_part(request, max_bytes)
    except TimeoutError as error:
        raise Malformed("The file took too long to arrive.") from error
    except (AssertionError, ValueError, web.HTTPBadRequest) as error:
        raise Malformed("A file is sent as multipart/form-data, in the field file.") from error


async def _read_part(request: web.Request, max_bytes: int) -> Upload:
    if not request.headers.get(hdrs.CONTENT_TYPE, "").lower().startswith("multipart/form-data"):
        raise ValueError("not multipart")
    part = await (await request.multipart()).next()
    if not isinstance(part, BodyPartReader) or part.name != "file":
        raise ValueError("no file")
    data = bytearray()
    while chunk := await part.read_chunk(65_536):
        data += chunk
        if len(data) > max_bytes:
            raise FileTooLarge
    return Upload(part.filename or "", bytes(data))

"""The question for a file that is open in a conversation, and what it takes. Reads only."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Message

_MEGABYTE = 1024 * 1024


class FileQuestion(BaseModel):
    """What the open question takes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    accept: tuple[str, ...]
    max_megabytes: float

    @property
    def max_bytes(self) -> int:
        return int(self.max_megabytes * _MEGABYTE)


async def find_file_question(session: AsyncSession, conversation_id: UUID) -> FileQuestion | None:
    """The limits of the question for a file; None when the last question was another one, or there was none."""
    last = (
        select(Message.data)
        .where(Message.conversation_id == conversation_id, Message.author == "bot", Message.data.has_key("input"))
        .order_by(Message.seq.desc())
        .limit(1)
    )
    asked = await session.scalar(last)
    if asked is None or asked["input"] != "file":
        return None
    try:
        return FileQuestion.model_validate(asked.get("limits"))
    except ValidationError:
        return None

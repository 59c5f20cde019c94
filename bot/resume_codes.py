"""Codes that open a conversation on another channel: drawing, keeping and redeeming them. Moves nothing itself.

A code stands nowhere but in the message that tells it: the table keeps a keyed hash, since the few codes there are
could be found from a plain one by trying. It is drawn from the turn that asked for it, so that the turn done again
gives the same code.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict, NotFound
from bot.models import Message, ResumeCode

DIGITS = "23456789"
LETTERS = "BCDFGHJKMNPQRSTVWXZ"
"""No vowels, so that no code is a word, and nothing that is read for something else (0 O, 1 I L)."""
ALPHABET = DIGITS + LETTERS
LENGTH = 6
LIFETIME = timedelta(hours=24)
MOST_TRIES = 5
"""Texts of one conversation that are tried as a code and are none."""
TRIED = "code_tried"
"""In a message's data: it looked like a code and was none."""

_DRAWS = 8
_SEPARATORS = str.maketrans("", "", " -\u2010\u2011\u2013\t\r\n")


class CodeNotValid(NotFound):
    """This code is not valid (any more): ask for a new one where the conversation began."""

    code = "resume_code_invalid"


def find_code(text: str) -> str | None:
    """The code that a text consists of, as it was drawn; None when it is something else.

    Letter case, spaces and hyphens do not matter. A code has both letters and digits: a number is an answer.
    """
    if len(text) > 4 * LENGTH:
        return None
    code = text.translate(_SEPARATORS).upper()
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return None
    return code if _is_mixed(code) else None


def draw_code(keys: KeyRing, attempt_key: str, number: int = 0) -> str:
    """A code for what `attempt_key` names, always the same one; `number` asks for another, when it is taken."""
    secret = hmac.new(keys.blind_index(attempt_key, kind="resume_attempt"), b"", hashlib.sha256)
    for turn in range(1_000):
        fresh = secret.copy()
        fresh.update(f"{number}/{turn}".encode())
        drawn = int.from_bytes(fresh.digest(), "big")
        code = ""
        for _ in range(LENGTH):
            drawn, place = divmod(drawn, len(ALPHABET))
            code += ALPHABET[place]
        if _is_mixed(code):
            return code
    raise AssertionError("a thousand draws without a letter or a digit")


async def issue_code(
    session: AsyncSession,
    keys: KeyRing,
    *,
    conversation_id: UUID,
    channels: Sequence[str],
    attempt_key: str,
    now: datetime,
) -> str:
    """A code for one of the channels, good once within a day. The same attempt gets the same code."""
    for number in range(_DRAWS):
        code = draw_code(keys, attempt_key, number)
        row = {
            "code_sha256": _hash(keys, code),
            "conversation_id": conversation_id,
            "channels": list(channels),
            "created_at": now,
            "expires_at": now + LIFETIME,
        }
        kept = insert(ResumeCode).values(row).on_conflict_do_nothing(index_elements=["code_sha256"])
        if await session.scalar(kept.returning(ResumeCode.conversation_id)) is not None:
            return code
        # Taken: by this very attempt, which is done again, or by chance (one in 400 million a living code).
        owner = await session.scalar(
            select(ResumeCode.conversation_id).where(ResumeCode.code_sha256 == row["code_sha256"])
        )
        if owner == conversation_id:
            return code
    raise Conflict


async def redeem_code(session: AsyncSession, keys: KeyRing, code: str, *, channel: str, now: datetime) -> UUID:
    """Uses a code up; returns the conversation it opens.

    Raises:
        CodeNotValid: unknown, used, run out, or not for this channel.
    """
    found = find_code(code)
    if found is None:
        raise CodeNotValid
    opened: UUID | None = await session.scalar(
        update(ResumeCode)
        .where(
            ResumeCode.code_sha256 == _hash(keys, found),
            ResumeCode.used_at.is_(None),
            ResumeCode.expires_at > now,
            ResumeCode.channels.op("?")(channel),
        )
        .values(used_at=now)
        .returning(ResumeCode.conversation_id)
    )
    if opened is None:
        raise CodeNotValid
    return opened


async def count_tries(session: AsyncSession, conversation_id: UUID) -> int:
    """How many texts of a conversation were tried as a code and were none."""
    tried = select(func.count()).where(Message.conversation_id == conversation_id, Message.data.op("?")(TRIED))
    return await session.scalar(tried) or 0


def _hash(keys: KeyRing, code: str) -> bytes:
    return keys.blind_index(code, kind="resume_code")


def _is_mixed(code: str) -> bool:
    return bool(set(code) & set(DIGITS)) and bool(set(code) & set(LETTERS))

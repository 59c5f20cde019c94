"""A command that is sent again with the same key by the same caller is carried out once, and answered alike.

`hold` is committed before the command begins, `note_change` with its first change, `keep_answer` after it. So a process
that dies between leaves either a command that may be sent again, or one of which is known that it was carried out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from admin.idempotency.models import IdempotentCommand
from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, Malformed
from base.ids import new_id
from base.resealing import reseal

KEPT = timedelta(hours=24)
"""A command that is sent again later than this is a new one."""
GIVEN_UP = timedelta(minutes=5)
"""A command that changed nothing for so long has ended with its process."""
MOST = 255
"""Characters of a key."""
SEALED = "idempotent_commands.body"


class KeyNotValid(Malformed):
    """An Idempotency-Key is 1 to 255 visible ASCII characters; a command that takes a file takes none."""

    code = "idempotency_key_not_valid"


class KeyUsedOtherwise(InvalidInput):
    """This Idempotency-Key was used for another command: use a new key for each."""

    code = "idempotency_key_reused"


class UnderWay(Conflict):
    """The command with this Idempotency-Key is being carried out: ask again in a moment."""

    code = "command_under_way"


class AnswerNotKept(Conflict):
    """The command with this Idempotency-Key was carried out; its answer is not shown again. Look at what it made."""

    code = "answer_not_kept"


@dataclass(frozen=True, slots=True)
class Command:
    """A command under a key. `answer` is what was answered the first time; None: it is to be carried out now."""

    id: UUID
    answer: bytes | None = None
    etag: str | None = None
    is_answered: bool = False


def check_key(key: str) -> None:
    """Raises `KeyNotValid` unless it can be a key."""
    if not 0 < len(key) <= MOST or not key.isascii() or not key.isprintable():
        raise KeyNotValid


def fingerprint(*parts: str | bytes) -> bytes:
    """What tells one command from another."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8) + content)
    return digest.digest()


async def hold(
    session: AsyncSession, keys: KeyRing, *, caller_id: UUID, key: str, mark: bytes, now: datetime
) -> Command:
    """Holds the key for this command, or says what was answered to it.

    Raises:
        KeyUsedOtherwise: it was another command's.
        UnderWay: it is being carried out.
        AnswerNotKept: it was carried out, and its answer is gone.
    """
    own = (IdempotentCommand.caller_id == caller_id, IdempotentCommand.key == key)
    begun_early = (IdempotentCommand.state == "begun") & (IdempotentCommand.begun_at <= now - GIVEN_UP)
    await session.execute(
        delete(IdempotentCommand).where(*own, begun_early | (IdempotentCommand.begun_at <= now - KEPT))
    )
    row = {"id": new_id(), "caller_id": caller_id, "key": key, "fingerprint": mark, "state": "begun", "begun_at": now}
    made = await session.scalar(
        insert(IdempotentCommand).values(row).on_conflict_do_nothing().returning(IdempotentCommand.id)
    )
    if made is not None:
        return Command(made)
    found = await session.scalar(select(IdempotentCommand).where(*own))
    if found is None:
        raise UnderWay
    if found.fingerprint != mark:
        raise KeyUsedOtherwise
    if found.state == "begun":
        raise UnderWay
    if found.state == "done":
        raise AnswerNotKept
    body = found.body_sealed and keys.unseal(found.body_sealed, column=SEALED, row=found.id).encode()
    return Command(found.id, body, found.etag, is_answered=True)


def note_change(command: Command) -> Callable[[Session], None]:
    """What is to be called in each transaction of the command that changes something."""

    def note(session: Session) -> None:
        session.execute(update(IdempotentCommand).where(IdempotentCommand.id == command.id).values(state="done"))

    return note


async def keep_answer(
    session: AsyncSession, keys: KeyRing, command: Command, *, body: bytes | None, etag: str | None
) -> None:
    """What is answered when the command is sent again."""
    sealed = None if body is None else keys.seal(body.decode(), column=SEALED, row=command.id)
    values = {"state": "answered", "body_sealed": sealed, "etag": etag, "key_id": sealed and keys.newest}
    await session.execute(update(IdempotentCommand).where(IdempotentCommand.id == command.id).values(values))


async def let_go(session: AsyncSession, command: Command) -> None:
    """The command was refused: it may be sent again, mended. What it changed before stays known."""
    await session.execute(
        delete(IdempotentCommand).where(IdempotentCommand.id == command.id, IdempotentCommand.state == "begun")
    )


async def reseal_answers(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` answers to the newest key; returns how many. Call it, committing, until it returns 0."""
    return await reseal(session, keys, IdempotentCommand.body_sealed, column=SEALED, batch=batch)

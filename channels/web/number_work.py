"""Work that a browser does before a number left in it is texted or called: many tries of a slow hash. Sends nothing.

It keeps nobody out who wants to text one number. Whoever wants to text thousands pays for each in time of a processor,
more the more there are, and needs no service of somebody else to be asked. The hash is PBKDF2 with SHA-256, which
browsers do in code as fast as anybody's, away from the page: a loop of plain SHA-256 in JavaScript would be many times
slower than the same in the hands of whom it is to slow down.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from itsdangerous import BadData
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import InvalidInput, Malformed
from base.limits.networks import network_of
from base.limits.shared import SharedLimit
from base.link_tokens import create_timed_serializer
from base.wording import FALLBACK, Sentences
from bot.models import Conversation
from channels.web.limits import ChatLimits
from crm.contacts.number_challenges import find_challenged, settle_challenge
from crm.places.numbers import find_destination, range_of
from outreach.confirmed import release_number

ROUNDS = 5_000
"""Of the hash, for one try: some milliseconds, here and in the browser."""
EASY, HARD = 5, 11
"""Bits that must be zero: 32 tries on average while few numbers are left, 2,048 when as many are as may be."""
_HOLDS = 600  # seconds a task may take
_PURPOSE = "number-work"
_SALT = 16  # bytes
_WORDS = Path(__file__).with_name("words.yml")


class WorkWrong(InvalidInput):
    """This is not the work that was asked for: ask for it again."""

    code = "work_wrong"


class _Done(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str = Field(max_length=1_000)
    answer: int = Field(ge=0, le=2**40)


@dataclass(frozen=True)
class NumberWork:
    """Sets the work and checks it. `settled` is called when something may leave that waited for it."""

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    limits: ChatLimits
    default_region: str
    settled: Callable[[], Awaitable[None]]

    async def ask(self, conversation_id: UUID, *, address: str) -> dict[str, Any] | None:
        """The work for the number that was left in this conversation; None when none waits. It uses nothing up.

        Raises:
            TooMany: work was done for too many, from this address, of this range or in all: none is worked for now.
        """
        await self.limits.work_asked.check(str(conversation_id))
        async with self.sessions() as session:
            found = await find_challenged(session, self.keys, conversation_id)
            if found is None:
                return None
            point_id, number = found
            language = await session.scalar(select(Conversation.language).where(Conversation.id == conversation_id))
            used = [await limit.look(session, key) for limit, key in self._counted(number, address)]
        # How hard it is: by how much was done lately, where it is most.
        bits = EASY + round((HARD - EASY) * max(used))
        salt = secrets.token_hex(_SALT)
        task = self._tokens().dumps([conversation_id.hex, point_id.hex, salt, bits])
        words = Sentences(_WORDS, language or FALLBACK).say("one_moment")
        return {"task": task, "salt": salt, "rounds": ROUNDS, "bits": bits, "words": words}

    async def take(self, conversation_id: UUID, raw: str | bytes, *, address: str) -> None:
        """Checks what was done, counts the number and lets go what waited for it; the same again changes nothing.

        Raises:
            WorkWrong: it is not the work that was asked of this visitor, or came too late.
            TooMany: they tell too often, or work was done for too many meanwhile: the number waits on.
        """
        try:
            done = _Done.model_validate_json(raw)
        except ValidationError as error:
            raise Malformed("The work is told as a task and an answer.") from error
        point_id, salt, bits = self._read(done.task, conversation_id)
        # Checking costs us a hash, whatever is told.
        await self.limits.work_told.check(str(conversation_id))
        if not await asyncio.to_thread(is_done, salt, done.answer, bits):
            raise WorkWrong
        async with transaction(self.sessions) as session:
            now = self.clock.now()
            settled = await settle_challenge(session, self.keys, point_id, conversation_id=conversation_id, now=now)
            if settled is None:
                return
            contact_id, number = settled
            await release_number(session, contact_id, now)
            # Once a number, for it is settled once; what is refused here takes it all back.
            for limit, key in self._counted(number, address):
                await limit.take(session, key)
        await self.settled()

    def _counted(self, number: str, address: str) -> list[tuple[SharedLimit, str]]:
        """What a number counts against; what all share is the last."""
        limits, country = self.limits, find_destination(number).country
        counted = [(limits.numbers_of_address, network_of(address)), (limits.numbers_of_range, range_of(number))]
        if country != self.default_region:
            counted.append((limits.numbers_abroad, country or ""))
        return [*counted, (limits.numbers, "")]

    def _read(self, task: str, conversation_id: UUID) -> tuple[UUID, str, int]:
        try:
            whose, point, salt, bits = self._tokens().loads(task, max_age=_HOLDS)
            if UUID(hex=whose) != conversation_id:
                raise WorkWrong
            return UUID(hex=point), str(salt), int(bits)
        except (BadData, ValueError, TypeError, AttributeError) as error:
            raise WorkWrong from error

    def _tokens(self) -> Any:
        return create_timed_serializer(self.keys, _PURPOSE)


def is_done(salt: str, answer: int, bits: int) -> bool:
    """Whether an answer's hash begins with so many bits that are zero."""
    found = hashlib.pbkdf2_hmac("sha256", str(answer).encode(), bytes.fromhex(salt), ROUNDS)
    return int.from_bytes(found) >> (len(found) * 8 - bits) == 0

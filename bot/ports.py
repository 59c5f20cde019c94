"""What a turn needs from rooms it may not import; the composition root hands it in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from base.messages import Stored


class FollowUps(Protocol):
    """The follow-up half, as far as a conversation starts or stops it.

    `enrol` and `stop` run in the turn's transaction.
    """

    async def enrol(
        self, session: AsyncSession, *, journey: str, contact_id: UUID, conversation_id: UUID, now: datetime
    ) -> bool:
        """Puts the contact into the journey; False when its re-entry rule says no."""
        ...

    async def stop(self, session: AsyncSession, *, contact_id: UUID, reason: str, now: datetime) -> None:
        """Ends the contact's journeys and cancels all that is queued."""
        ...

    async def settled(self) -> None:
        """Called after the commit of a turn that started something, so that it is looked at soon. Never fails."""
        ...


class Watchers(Protocol):
    """Whoever is looking at conversations in this process, to be shown what is new."""

    def publish(self, conversation_id: UUID, messages: Sequence[Stored]) -> None:
        """Committed messages, in order of `seq`."""
        ...

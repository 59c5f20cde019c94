"""What a turn needs from rooms it may not import; the composition root hands it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from base.messages import Stored
from crm.privacy.requests import Stops

if TYPE_CHECKING:
    from bot.claims import Claim
    from bot.dialogue import Need
    from bot.said_out import Part


@dataclass(frozen=True, slots=True)
class Live:
    """What conversations are answered with now: the publication's number, its flows and its model.

    `languages` are those the content is written in, the default one first.
    """

    seq: int
    flows_version: str
    model_id: str
    languages: tuple[str, ...] = ("en",)


class LiveFlows(Protocol):
    """Knows what is live, as of the last look."""

    @property
    def current(self) -> Live:
        """What was live at the last look; asks nobody."""
        ...

    async def refresh(self) -> Live:
        """Looks now."""
        ...


class Needs(Protocol):
    """Obtains what a step needs from outside while its turn is being decided."""

    async def answer(self, claim: Claim, need: Need, *, attempt_key: str) -> Mapping[str, Any]:
        """The result as docs/reference/protocols.md, 2, has it.

        Args:
            attempt_key: the same when the turn is done again, so that nothing is done twice in the outside.
        """
        ...


class ConfirmMeeting(Protocol):
    """Books a time that was held, in the turn's transaction."""

    async def __call__(
        self, session: AsyncSession, hold: str, *, contact_id: UUID, conversation_id: UUID, now: datetime
    ) -> None:
        """The same hold again changes nothing.

        Raises:
            Conflict: the time has gone to somebody else.
            NotFound: there is no such hold.
        """
        ...


class FollowUps(Stops, Protocol):
    """The follow-up half, as far as a conversation starts or stops it.

    `enrol` and `stop` run in the turn's transaction.
    """

    async def enrol(
        self, session: AsyncSession, *, journey: str, contact_id: UUID, conversation_id: UUID, now: datetime
    ) -> bool:
        """Puts the contact into the journey; False when its re-entry rule says no."""
        ...

    async def settled(self, at: datetime | None = None) -> None:
        """Called after the commit of a turn that made something due, now or at a moment soon. Never fails."""
        ...


class Answers(Protocol):
    """Sends what the bot says on channels with a provider behind them, in the turn's transaction.

    `channels` are those; on the others what is said is fetched.
    """

    @property
    def channels(self) -> frozenset[str]: ...

    async def queue(
        self,
        session: AsyncSession,
        *,
        conversation_id: UUID,
        purpose: str,
        parts: Sequence[Part],
        now: datetime,
        begun_by: Mapping[str, str] | None = None,
    ) -> int:
        """Queues the messages in their order; the same again adds nothing. Returns how many were added.

        Args:
            purpose: `answer` to what they wrote, `nudge` into their silence, `notice` that a stop was understood; of a
                talk that we begin, what it is for.
            begun_by: what began the talk (`bot.begun`), while they have not answered.
        """
        ...


class Watchers(Protocol):
    """Whoever is looking at conversations in this process, to be shown what is new."""

    def publish(self, conversation_id: UUID, messages: Sequence[Stored]) -> None:
        """Committed messages, in order of `seq`."""
        ...

"""What the tests of turns share: a turn service on a fresh database, with a clock they move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import Conflict
from base.messages import Inbound, SaidKind, Stored
from bot.claims import Claim
from bot.conversations import list_messages, start_conversation
from bot.dialogue import MemorySource, Need, RasaDialogue
from bot.needs import PlatformNeeds
from bot.ports import Live
from bot.turns import TurnService, TurnSettings
from outreach.answers import OutboxAnswers
from tests.bot.scripted_dialogue import SECRET, ScriptedDialogue, say


@dataclass
class MovedClock:
    """A clock that stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by

    def move_seconds(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class NotedFollowUps:
    """Keeps what conversations asked of the follow-up half."""

    enrolled: list[tuple[str, UUID]] = field(default_factory=list)
    stopped: list[tuple[UUID, str]] = field(default_factory=list)
    wake_ups: int = 0

    async def enrol(
        self, session: AsyncSession, *, journey: str, contact_id: UUID, conversation_id: UUID, now: datetime
    ) -> bool:
        self.enrolled.append((journey, contact_id))
        return True

    async def stop(
        self,
        session: AsyncSession,
        *,
        contact_id: UUID,
        reason: str,
        now: datetime,
        channels: Sequence[str] | None = None,
        promotion_only: bool = False,
    ) -> None:
        self.stopped.append((contact_id, reason))

    async def settled(self, at: datetime | None = None) -> None:
        self.wake_ups += 1


@dataclass
class NotedWatchers:
    """Keeps what would be shown."""

    shown: list[Stored] = field(default_factory=list)

    def publish(self, conversation_id: UUID, messages: Sequence[Stored]) -> None:
        self.shown.extend(messages)


@dataclass
class SetLive:
    """What is live: `shown` is what the process saw last, `stored` what it would find by looking."""

    shown: Live = field(default_factory=lambda: Live(1, "flows-1", "model-1"))
    stored: Live | None = None
    looks: int = 0

    @property
    def current(self) -> Live:
        return self.shown

    async def refresh(self) -> Live:
        self.looks += 1
        self.shown = self.stored or self.shown
        return self.shown


@dataclass
class OtherSystem:
    """Another system that answers by key, as connectors do: the same key again gets the same answer, once done."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    """What happens while it is being asked."""

    async def obtain(self, _claim: Claim, need: Need, attempt_key: str) -> dict[str, Any]:
        if self.meanwhile is not None:
            await self.meanwhile()
        if attempt_key not in self.answers:
            self.calls.append(need.step)
            self.answers[attempt_key] = {"ok": True, "status": 200, "json": {"number": len(self.calls)}}
        return self.answers[attempt_key]


@dataclass
class BookedMeetings:
    """Keeps what was confirmed; a hold named `gone` has gone to somebody else."""

    confirmed: list[tuple[str, UUID]] = field(default_factory=list)

    async def confirm(
        self, session: AsyncSession, hold: str, *, contact_id: UUID, conversation_id: UUID, now: datetime
    ) -> None:
        if hold == "gone":
            raise Conflict
        self.confirmed.append((hold, contact_id))


@dataclass
class Stage:
    """A turn service and everything around it."""

    sessions: Sessions
    dialogue: ScriptedDialogue
    turns: TurnService
    clock: MovedClock
    follow_ups: NotedFollowUps
    watchers: NotedWatchers
    conversation_id: UUID
    live: SetLive
    system: OtherSystem
    meetings: BookedMeetings
    keys: KeyRing

    async def begin_again(self) -> None:
        """Opens a new conversation, as another browser would, with its opening answered."""
        async with transaction(self.sessions) as session:
            self.conversation_id = await start_conversation(
                session, channel="web", language="en", time_zone="Europe/Madrid", page_url=None, now=self.clock.now()
            )
        await self.answer_opening()

    async def answer_opening(self) -> None:
        """The opening's turn, in which nothing is said."""
        script, self.dialogue.script = self.dialogue.script, lambda _body: say()
        await self.turns.resume(self.conversation_id)
        self.dialogue.script = script
        self.dialogue.requests.clear()

    async def say(self, text: str, **details: Any) -> None:
        """Takes and answers one message."""
        taken = await self.turns.take(self.inbound(text, **details))
        await self.turns.answer(taken.claim)

    def inbound(self, text: str, *, client_id: UUID | None = None, **details: Any) -> Inbound:
        """A message of the visitor."""
        kind: SaidKind = details.pop("kind", "choice" if "value" in details else "text")
        return Inbound(self.conversation_id, client_id or uuid4(), kind, text, **details)

    async def transcript(self) -> list[tuple[str, str]]:
        """Author and text of everything a person sees."""
        async with self.sessions() as session:
            return [(message.author, message.text) for message in await list_messages(session, self.conversation_id)]


_NAMED = {"language_not_spoken": " {{ languages }}"}
"""What the platform's own wording here names."""


@asynccontextmanager
async def staged(
    sessions: Sessions, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue, *, start: bool = False
) -> AsyncIterator[Stage]:
    """A stage with one conversation whose opening is answered already (unless `start`)."""
    clock, follow_ups, watchers = MovedClock(now), NotedFollowUps(), NotedWatchers()
    live, system, meetings = SetLive(), OtherSystem(), BookedMeetings()
    client = RasaDialogue([dialogue.url], SECRET, MemorySource())
    await client.open()
    turns = TurnService(
        sessions=sessions,
        dialogue=client,
        live=live,
        needs=PlatformNeeds(sessions, keys, clock, "https://shop.example", http=system.obtain),
        follow_ups=follow_ups,
        watchers=watchers,
        keys=keys,
        clock=clock,
        wording=lambda name, language, channel: f"<{name} {language}>" + _NAMED.get(name, ""),
        settings=TurnSettings("Northwind Ledger", "test-process"),
        confirm_meeting=meetings.confirm,
        answers=OutboxAnswers(("sms", "telegram", "email")),
    )
    async with transaction(sessions) as session:
        conversation_id = await start_conversation(
            session, channel="web", language="en", time_zone="Europe/Madrid", page_url=None, now=now
        )
    stage = Stage(sessions, dialogue, turns, clock, follow_ups, watchers, conversation_id, live, system, meetings, keys)
    if not start:
        await stage.answer_opening()
    try:
        yield stage
    finally:
        await turns.drain()
        await client.close()

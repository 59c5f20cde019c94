"""The way in for channels with providers: keep, acknowledge, then make a turn of it, in each sender's order.

A channel calls `receive` with what it verified and parsed, and acknowledges when that returns. Whatever dies later is
done again by `resume`: every step finds what was done before by the event's own id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid5

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from base.channel_contract import Attachment, Said
from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import ParleyError
from base.ids import new_id
from base.messages import MAX_TEXT, Inbound
from bot.claims import Taken
from bot.files.questions import find_file_question
from bot.files.service import store_file
from bot.intake.closing import close_channel
from bot.intake.joining import join_conversation
from bot.intake.keeping import Keeper
from bot.intake.lanes import Lanes
from bot.intake.models import InboundEvent
from bot.intake.sealing import seal, unseal
from bot.intake.stops import Stops, is_opt_out
from bot.models import Conversation, Message
from bot.opt_out_effects import may_reopen
from bot.turns import TurnService

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3
"""Times an event is begun before it is put aside for a person to look at: it may be what takes processes down."""
STOP_PATIENCE = timedelta(seconds=5)
"""How long the acknowledgement of an opt-out waits until it has taken effect."""
RESUME_PATIENCE = timedelta(seconds=1)
"""How long a look for what was left behind waits until it is done."""
_START = "START"
LEFT_ALONE_FOR = timedelta(seconds=5)
"""How old an event is before other processes than the one that received it look after it."""


class Attachments(Protocol):
    """Fetches files from where a channel's provider keeps them."""

    async def fetch(self, account_id: UUID, attachment: Attachment, *, max_bytes: int) -> bytes:
        """The file's bytes.

        Raises:
            ParleyError: it cannot be had, or has more bytes.
        """
        ...


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an arrival: `new` is False when its provider had told it before."""

    event_id: UUID
    new: bool


class Intake:
    """Takes in what people say on channels with providers."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        turns: TurnService,
        keys: KeyRing,
        clock: Clock,
        attachments: Mapping[str, Attachments] | None = None,
        language: str = "en",
    ) -> None:
        self._sessions = sessions
        self._turns = turns
        self._keys = keys
        self._clock = clock
        self._attachments = dict(attachments or {})
        self._language = language
        self._keeper = Keeper(sessions)
        self._lanes = Lanes(self._process_safely, self._keeper.is_crowded)
        self._stops = Stops(self._hurry, self._keeper.is_crowded)

    async def receive(self, channel: str, account_id: UUID, said: Said) -> Received:
        """Keeps what somebody said; when this returns it may be acknowledged, and it is answered soon.

        An opt-out has taken effect by then, unless that takes longer than `STOP_PATIENCE`. One in other words than the
        carriers' that comes in a crowd takes effect as soon as the crowd is through.

        Raises:
            SQLAlchemyError: it was not kept: do not acknowledge it, the provider tells it again.
        """
        event_id, now = new_id(), self._clock.now()
        sealed = seal(self._keys, event_id, said)
        row = {
            "id": event_id,
            "account_id": account_id,
            "channel": channel,
            "provider_id": said.provider_id,
            "sender_index": sealed.sender_index,
            "sealed": sealed.sealed,
            "key_id": sealed.key_id,
            "state": "pending",
            "received_at": now,
        }
        new = await self._keeper.keep(row)
        if not new:
            return Received(event_id, new=False)
        stops = said.closes or self._stops.is_one(sealed.sender_index, said, channel)
        work = self._lanes.run_soon(sealed.sender_index, hurry=stops)
        if stops:
            await asyncio.wait([work], timeout=STOP_PATIENCE.total_seconds())
        return Received(event_id, new=True)

    async def resume(self, *, limit: int = 100) -> int:
        """Processes what dead processes left; returns how many senders that were."""
        left = (
            select(InboundEvent.sender_index)
            .where(
                InboundEvent.state == "pending",
                InboundEvent.received_at < self._clock.now() - LEFT_ALONE_FOR,
            )
            .distinct()
            .limit(limit)
        )
        async with self._sessions() as session:
            senders = list(await session.scalars(left))
        work = {self._lanes.run_soon(sender) for sender in senders}
        if work:
            # Where much is waiting it goes on by itself: who looks has other things to look after.
            await asyncio.wait(work, timeout=RESUME_PATIENCE.total_seconds())
        return len(senders)

    async def drain(self) -> None:
        """Waits for what is in hand."""
        await self._stops.drain()
        await self._lanes.drain()

    def _hurry(self, sender: bytes) -> None:
        self._lanes.run_soon(sender, hurry=True)

    async def _process_safely(self, sender: bytes) -> bool:
        """`_process_next`; what breaks ends the sender's work for now."""
        try:
            return await self._process_next(sender)
        except OperationalError as error:
            log.warning("intake_lost_the_database", error=type(error.orig).__name__)
        except Exception:
            # The loop boundary: the event is still pending, and the sweep tries it again.
            log.exception("intake_broke")
        return False

    async def _process_next(self, sender: bytes) -> bool:
        """Processes the sender's oldest event; False when there is none left."""
        async with transaction(self._sessions) as session:
            await _lock_sender(session, sender)
            event = await self._begin(session, sender)
        if event is None:
            return False
        if event.attempts > MOST_ATTEMPTS:
            log.error("inbound_quarantined", event_id=str(event.id), channel=event.channel)
            await self._end(event, state="failed", problem="It broke off three times while it was processed.")
            return True
        said = unseal(self._keys, event.id, event.sealed)
        try:
            await self._take(event, said)
        except ParleyError as error:
            log.warning("inbound_refused", event_id=str(event.id), channel=event.channel, error=error.code)
            await self._end(event, state="failed", problem=error.message)
        return True

    async def _begin(self, session: AsyncSession, sender: bytes) -> _Event | None:
        oldest = (
            select(InboundEvent.id)
            .where(InboundEvent.sender_index == sender, InboundEvent.state == "pending")
            .order_by(InboundEvent.id)
            .limit(1)
            .scalar_subquery()
        )
        counted = (
            update(InboundEvent)
            .where(InboundEvent.id == oldest, InboundEvent.state == "pending")
            .values(attempts=InboundEvent.attempts + 1)
            .returning(
                InboundEvent.id,
                InboundEvent.account_id,
                InboundEvent.channel,
                InboundEvent.sealed,
                InboundEvent.attempts,
            )
        )
        row = (await session.execute(counted)).first()
        # A pending row is sealed: the table's own check says so.
        return None if row is None else _Event(row.id, row.account_id, row.channel, row.sealed or b"", row.attempts)

    async def _take(self, event: _Event, said: Said) -> None:
        if said.closes:
            async with transaction(self._sessions) as session:
                await close_channel(session, self._keys, said, channel=event.channel, now=self._clock.now())
            await self._end(event, state="done")
            return
        async with transaction(self._sessions) as session:
            conversation_id = await join_conversation(
                session,
                self._keys,
                said,
                channel=event.channel,
                account_id=event.account_id,
                language=self._language,
                now=self._clock.now(),
            )
        takens = [await self._turns.take(one) for one in await self._to_inbound(event, said, conversation_id)]
        await self._end(event, state="done", conversation_id=conversation_id)
        await self._answer(takens, waits=is_opt_out(said, event.channel))

    async def _answer(self, takens: Sequence[Taken], *, waits: bool) -> None:
        for taken in takens:
            if taken.claim is not None:
                answered = self._turns.answer_soon(taken.claim)
                self._lanes.count_turn(answered)
                if waits:
                    await asyncio.wait([answered])

    async def _to_inbound(self, event: _Event, said: Said, conversation_id: UUID) -> list[Inbound]:
        """The messages that it makes: a tap, a text, and each file."""
        made: list[Inbound] = []
        tap = await self._find_tap(said, conversation_id)
        if tap is not None:
            step, value, label = tap
            made.append(Inbound(conversation_id, uuid5(event.id, "tap"), "choice", label, step, value))
        else:
            made += await self._find_opening(event, said, conversation_id)
            if said.text.strip():
                # What is longer than a message may be is still heard as far as it goes.
                client_id, heard = uuid5(event.id, "text"), said.text[:MAX_TEXT]
                made.append(
                    Inbound(
                        conversation_id,
                        client_id,
                        "text",
                        heard,
                        answered=said.answered,
                        answers_promotion=said.answers_promotion,
                    )
                )
        for number, attachment in enumerate(said.attachments):
            file_id = await self._keep_file(event, attachment, conversation_id)
            client_id = uuid5(event.id, f"file:{number}")
            made.append(Inbound(conversation_id, client_id, "file", attachment.name, value=file_id))
        return made

    async def _find_opening(self, event: _Event, said: Said, conversation_id: UUID) -> list[Inbound]:
        """What the wish to begin is: START, where it has a stop of theirs to lift; else the talk's opening."""
        if not said.opens:
            return []
        client_id = uuid5(event.id, "start")
        async with self._sessions() as session:
            contact_id = await session.scalar(select(Conversation.contact_id).where(Conversation.id == conversation_id))
            if contact_id is not None and await may_reopen(session, contact_id, conversation_id, event.channel):
                return [Inbound(conversation_id, client_id, "text", _START)]
        # With the code of another talk it is that one which is gone on with.
        return [] if said.text.strip() else [Inbound(conversation_id, client_id, "start", "")]

    async def _find_tap(self, said: Said, conversation_id: UUID) -> tuple[str, str, str] | None:
        """Step, value and label of the choice tapped; a tap on what is not in this talk is the text on it."""
        if said.tapped is None:
            return None
        message_id, index = said.tapped
        async with self._sessions() as session:
            data = await session.scalar(
                select(Message.data).where(Message.id == message_id, Message.conversation_id == conversation_id)
            )
        choices = (data or {}).get("choices") or []
        if not data or not 0 <= index < len(choices) or not data.get("step"):
            return None
        return data["step"], choices[index]["value"], choices[index]["label"]

    async def _keep_file(self, event: _Event, attachment: Attachment, conversation_id: UUID) -> str | None:
        """The id of the file kept; None when no question asks for one or it cannot be had."""
        source = self._attachments.get(event.channel)
        async with self._sessions() as session:
            question = await find_file_question(session, conversation_id)
        if source is None or question is None:
            return None
        try:
            data = await source.fetch(event.account_id, attachment, max_bytes=question.max_bytes)
            async with transaction(self._sessions) as session:
                kept = await store_file(
                    session,
                    conversation_id=conversation_id,
                    name=attachment.name,
                    data=data,
                    accept=question.accept,
                    max_bytes=question.max_bytes,
                    now=self._clock.now(),
                )
        except ParleyError as error:
            log.warning("attachment_not_kept", event_id=str(event.id), channel=event.channel, error=error.code)
            return None
        return str(kept.id)

    async def _end(
        self, event: _Event, *, state: str, problem: str | None = None, conversation_id: UUID | None = None
    ) -> None:
        """What was said stands in `messages` from here on, so its sealed copy goes; one put aside keeps it."""
        values: dict[str, object] = {
            "state": state,
            "problem": problem,
            "conversation_id": conversation_id,
            "done_at": self._clock.now(),
        }
        if state == "done":
            values |= {"sealed": None, "key_id": None}
        async with transaction(self._sessions) as session:
            await session.execute(update(InboundEvent).where(InboundEvent.id == event.id).values(**values))


@dataclass(frozen=True, slots=True)
class _Event:
    id: UUID
    account_id: UUID
    channel: str
    sealed: bytes
    attempts: int


async def _lock_sender(session: AsyncSession, sender: bytes) -> None:
    """One process at a time begins a sender's events, so that they are begun in order."""
    await session.execute(select(func.pg_advisory_xact_lock(text("hashtext(:sender)"))), {"sender": sender.hex()})

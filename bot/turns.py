"""The turn port every channel calls: take what a person said, answer it, one transaction per turn.

Taking stores the message and commits before anything else happens; answering asks Rasa without a transaction open
and commits state, replies and effects together, if the claim still holds. Whatever dies in between is done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import InvalidInput
from base.ids import new_id
from base.messages import MAX_TEXT, Inbound, Stored
from bot.claims import (
    Claim,
    Taken,
    claim_conversation,
    finish_and_claim_next,
    hold,
    list_waiting,
    release,
    store_and_claim,
)
from bot.dialogue import DialogueFailed, DialogueUnavailable, RasaDialogue, Reply, TurnMessage, TurnRequest, TurnResult
from bot.effects import Scene, carry_out
from bot.models import Conversation
from bot.ports import FollowUps, Watchers
from bot.turn_statements import CLAIM
from crm.consent.opt_out_words import match_opt_out

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
"""Times a replica may be reached and fail on one message before a person is asked to take over."""

RESUMED_AT_ONCE = 8
"""Conversations a sweep answers at the same time."""

PATIENCE = timedelta(minutes=2)
"""How long a message waits for a dialogue process to come back before a person is asked to take over."""


class TextTooLong(InvalidInput):
    """That message is too long: send it in parts of at most 4,000 characters."""

    code = "too_long"


@dataclass(frozen=True)
class TurnSettings:
    """What turns need to know of the operator."""

    controller: str
    """The company's name, as it stands in consent records."""
    process_id: str
    """Names this process in notifications, so that it does not read back what it wrote."""


class TurnService:
    """Takes messages and answers them."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        dialogue: RasaDialogue,
        follow_ups: FollowUps,
        watchers: Watchers,
        keys: KeyRing,
        clock: Clock,
        wording: Callable[[str, str], str],
        settings: TurnSettings,
    ) -> None:
        self._sessions = sessions
        self._dialogue = dialogue
        self._follow_ups = follow_ups
        self._watchers = watchers
        self._keys = keys
        self._clock = clock
        self._wording = wording
        self._settings = settings
        self._running: set[asyncio.Task[None]] = set()

    async def take(self, inbound: Inbound) -> Taken:
        """Stores the message and commits. The same `client_id` again gives the same answer and no second turn.

        Raises:
            TextTooLong: nothing was stored.
            NotFound: the conversation is gone.
        """
        if len(inbound.text) > MAX_TEXT:
            raise TextTooLong
        now = self._clock.now()
        async with self._sessions() as session:
            # Storing is one statement: without a transaction around it, it is one round trip and as safe.
            await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            taken = await store_and_claim(session, inbound, now)
        if not taken.duplicate:
            self._watchers.publish(
                inbound.conversation_id,
                [
                    Stored(
                        taken.message_id,
                        inbound.conversation_id,
                        taken.seq,
                        "visitor",
                        inbound.text,
                        now,
                        inbound.client_id,
                        inbound.data,
                    )
                ],
            )
        return taken

    def answer_soon(self, claim: Claim) -> asyncio.Task[None]:
        """Answers in a task of its own, which `drain` waits for."""
        return self.keep(asyncio.create_task(self.answer(claim)))

    def resume_soon(self, conversation_id: UUID) -> asyncio.Task[None]:
        """`resume` in a task of its own, which `drain` waits for."""
        return self.keep(asyncio.create_task(self.resume(conversation_id)))

    def keep(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        """Holds on to a task until it is done."""
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def drain(self) -> None:
        """Waits for the turns in hand: called when the process is asked to stop."""
        if self._running:
            await asyncio.wait(self._running, timeout=CLAIM.total_seconds())

    async def resume(self, conversation_id: UUID) -> None:
        """Claims and answers whatever is open in the conversation."""
        async with transaction(self._sessions) as session:
            claim = await claim_conversation(session, conversation_id)
        if claim is not None:
            await self.answer(claim)

    async def resume_waiting(self, *, limit: int = 100) -> int:
        """Answers what dead processes left behind; returns how many conversations that were."""
        async with transaction(self._sessions) as session:
            waiting = await list_waiting(session, limit=limit)
        # One that hangs must not hold up the others.
        few = asyncio.Semaphore(RESUMED_AT_ONCE)
        results = await asyncio.gather(*(self._resume(one, few) for one in waiting), return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException):
                raise error
        return len(waiting)

    async def _resume(self, conversation_id: UUID, few: asyncio.Semaphore) -> None:
        async with few:
            await self.resume(conversation_id)

    async def answer(self, claim: Claim | None) -> None:
        """Answers the claimed message and those that came meanwhile."""
        while claim is not None:
            conversation_id = claim.conversation_id
            try:
                claim = await self._one_turn(claim)
            except Exception:
                # The loop boundary: the claim runs out and the sweep tries again, so the error must only be seen.
                log.exception("turn_broke", conversation_id=str(conversation_id))
                return

    async def _one_turn(self, claim: Claim) -> Claim | None:
        result: TurnResult | None
        try:
            if claim.attempts > MAX_ATTEMPTS:
                # Counted before each try: this message took its process down, or its turn could not be stored.
                result = self._to_a_person(claim, "turn_broke")
            else:
                result = await self._decide(claim)
        except DialogueUnavailable:
            if self._clock.now() - claim.received_at < PATIENCE:
                await self._give_back(claim, count_attempt=False)
                return None
            result = self._to_a_person(claim, "dialogue_unavailable")
        except DialogueFailed as error:
            log.warning("turn_failed", conversation_id=str(claim.conversation_id), error=error.message)
            if claim.attempts < MAX_ATTEMPTS:
                await self._give_back(claim, count_attempt=True)
                return None
            result = self._to_a_person(claim, "dialogue_failed")
        return await self._commit(claim, result)

    async def _decide(self, claim: Claim) -> TurnResult | None:
        """The turn's result; None when a person has the conversation and the bot stays silent."""
        if claim.kind == "text" and match_opt_out(claim.text, claim.channel):
            return self._stopped(claim)
        if claim.status == "handed_off":
            return None
        request = TurnRequest(
            conversation_id=str(claim.conversation_id),
            channel=claim.channel,
            language=claim.language,
            message=TurnMessage(
                id=str(claim.message_id),
                kind=claim.kind,
                text=claim.text,
                value=claim.data.get("value"),
                step=claim.data.get("step"),
            ),
            state=claim.state,
        )
        return await self._dialogue.turn(request)

    def _stopped(self, claim: Claim) -> TurnResult:
        """An opt-out in the carriers' words never depends on Rasa."""
        return TurnResult(
            state=claim.state,
            replies=[Reply(text=self._wording("stopped", claim.language))],
            effects=[{"effect": "opt_out", "scope": "everything", "method": "keyword"}],
        )

    def _to_a_person(self, claim: Claim, reason: str) -> TurnResult:
        log.error("turn_given_up", conversation_id=str(claim.conversation_id), reason=reason)
        return TurnResult(
            state=claim.state,
            replies=[Reply(text=self._wording("handed_off", claim.language))],
            effects=[{"effect": "hand_off", "team": "support", "reason": reason}],
        )

    async def _give_back(self, claim: Claim, *, count_attempt: bool) -> None:
        async with transaction(self._sessions) as session:
            await release(session, claim, count_attempt=count_attempt)

    async def _commit(self, claim: Claim, result: TurnResult | None) -> Claim | None:
        """The turn's one transaction; nothing of it happens if the claim was lost meanwhile."""
        now = self._clock.now()
        replies = result.replies if result is not None else []
        state = result.state if result is not None else None
        async with transaction(self._sessions) as session:
            row = await hold(session, claim, messages=len(replies), state=state)
            if row is None:
                log.warning("turn_stale", conversation_id=str(claim.conversation_id))
                return None
            said = _to_stored(claim, replies, row.next_seq - len(replies), now)
            if result is not None and result.effects:
                await self._carry_out(session, claim, result, now)
            following = await finish_and_claim_next(
                session,
                claim,
                replies=[{"id": str(one.id), "seq": one.seq, "text": one.text, "data": one.data} for one in said],
                notice=f"{self._settings.process_id} {claim.conversation_id}",
                now=now,
            )
        self._watchers.publish(claim.conversation_id, said)
        if result is not None and any(effect.get("effect") == "enrol_in_journey" for effect in result.effects):
            await self._follow_ups.settled()
        return following

    async def _carry_out(self, session: AsyncSession, claim: Claim, result: TurnResult, now: datetime) -> None:
        scene = Scene(
            session=session,
            keys=self._keys,
            follow_ups=self._follow_ups,
            controller=self._settings.controller,
            claim=claim,
            now=now,
            contact_id=claim.contact_id,
            status=claim.status,
        )
        await carry_out(scene, result.effects)
        if scene.status != claim.status:
            await session.execute(
                update(Conversation).where(Conversation.id == claim.conversation_id).values(status=scene.status)
            )


def _to_stored(claim: Claim, replies: list[Reply], first_seq: int, now: datetime) -> list[Stored]:
    return [
        Stored(
            new_id(),
            claim.conversation_id,
            first_seq + offset,
            "bot",
            reply.text,
            now,
            None,
            reply.model_dump(exclude={"text"}, exclude_none=True, exclude_defaults=True),
        )
        for offset, reply in enumerate(replies)
    ]

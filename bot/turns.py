"""The turn port every channel calls: take what a person said, answer it, one transaction per turn.

Taking stores the message and commits before anything else happens; answering asks Rasa without a transaction open
and commits state, replies and effects together, if the claim still holds. Whatever dies in between is done again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, one_statement, transaction
from base.encryption import KeyRing
from base.errors import InvalidInput
from base.ids import new_id
from base.messages import ANSWERED, MAX_TEXT, Inbound, Stored
from base.tracing import tell_span
from bot.begun import BEGUN_BY, find_begun_by
from bot.carrier_words import HELP, OPT_OUT, REOPEN
from bot.claims import (
    Claim,
    Kept,
    Taken,
    claim_conversation,
    claim_next,
    finish_alone,
    finish_and_claim_next,
    hold,
    list_waiting,
    release,
    start_and_claim,
    store_and_claim,
)
from bot.conversations import start_conversation
from bot.deciding import SILENCES, ClaimLost, Decided, Decider, FlowsBehind, Wording
from bot.dialogue import DialogueFailed, DialogueUnavailable, RasaDialogue, Reply
from bot.effects import carry_out
from bot.models import Conversation
from bot.moving import move_by_code
from bot.ports import Answers, ConfirmMeeting, FollowUps, LiveFlows, Needs, Watchers
from bot.presence import Presence
from bot.publishing.live import NothingPublished
from bot.rendering.capabilities import get_capabilities
from bot.said_out import to_parts
from bot.scene import Scene
from bot.turn_figures import note_answer, note_turn, watched_turn
from bot.turn_statements import CLAIM
from bot.understanding.gaps import PIECES, write_gap
from bot.walked import WALKED

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
"""Times a replica may be reached and fail on one message before a person is asked to take over."""

SOON = timedelta(minutes=2)
"""Timers that ring sooner are told to the due pump, which looks by itself once a minute."""

RESUMED_AT_ONCE = 8
"""Conversations a sweep answers at the same time."""

UNASKED = frozenset({OPT_OUT, HELP})
"""Effects of a turn whose answer goes out even to somebody who stopped everything: that it was understood, and HELP."""

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
        live: LiveFlows,
        needs: Needs,
        follow_ups: FollowUps,
        watchers: Watchers,
        keys: KeyRing,
        clock: Clock,
        wording: Wording,
        settings: TurnSettings,
        confirm_meeting: ConfirmMeeting | None = None,
        answers: Answers | None = None,
        presence: Presence | None = None,
    ) -> None:
        self._sessions = sessions
        self._decider = Decider(
            sessions=sessions, dialogue=dialogue, live=live, needs=needs, keys=keys, clock=clock, wording=wording
        )
        self._follow_ups = follow_ups
        self._watchers = watchers
        self._keys = keys
        self._clock = clock
        self._settings = settings
        self._confirm_meeting = confirm_meeting
        self._answers = answers
        self._presence = presence or Presence()
        self._running: set[asyncio.Task[None]] = set()
        self._waiting: dict[UUID, asyncio.Task[None]] = {}
        self._resumed: dict[UUID, asyncio.Task[None]] = {}
        self._few = asyncio.Semaphore(RESUMED_AT_ONCE)

    async def take(self, inbound: Inbound) -> Taken:
        """Stores the message and commits. The same `client_id` again gives the same answer and no second turn.

        A text that waits for more is answered by this process when the wait is over, or by any process's sweep.

        Raises:
            TextTooLong: nothing was stored.
            NotFound: the conversation is gone.
        """
        if len(inbound.text) > MAX_TEXT:
            raise TextTooLong
        now = self._clock.now()
        async with one_statement(self._sessions) as session:
            taken = await store_and_claim(session, inbound, now, self._presence.number)
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
        if taken.waits_until is not None:
            self._resume_later(inbound.conversation_id, taken.waits_until - now)
        return taken

    async def start(
        self, *, channel: str, language: str, time_zone: str | None = None, page_url: str | None = None
    ) -> UUID:
        """A new conversation of a visitor of whom nothing is known yet; its opening is answered soon."""
        async with transaction(self._sessions) as session:
            claim = await start_and_claim(
                session,
                channel=channel,
                language=language,
                time_zone=time_zone,
                page_url=page_url,
                now=self._clock.now(),
                by=self._presence.number,
            )
        self.answer_soon(claim)
        return claim.conversation_id

    async def resume_by_code(
        self, code: str, *, channel: str, language: str, time_zone: str | None = None, page_url: str | None = None
    ) -> UUID:
        """A new conversation on this channel in which the talk that the code opens goes on; it is answered soon.

        Whoever calls counts wrong codes.

        Raises:
            CodeNotValid: unknown, used, run out, or not for this channel.
        """
        now = self._clock.now()
        async with transaction(self._sessions) as session:
            conversation_id = await start_conversation(
                session,
                channel=channel,
                language=language,
                time_zone=time_zone,
                page_url=page_url,
                now=now,
                opening="resume",
            )
            await move_by_code(session, self._keys, code, into=conversation_id, now=now)
        self.resume_soon(conversation_id)
        return conversation_id

    def _resume_later(self, conversation_id: UUID, delay: timedelta) -> None:
        """`resume` after a while; each further call for the conversation puts it off."""
        if (earlier := self._waiting.pop(conversation_id, None)) is not None:
            earlier.cancel()

        async def wait() -> None:
            await asyncio.sleep(delay.total_seconds())
            self._waiting.pop(conversation_id, None)
            self.resume_soon(conversation_id)

        self._waiting[conversation_id] = asyncio.create_task(wait())

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
        """Waits for the turns in hand: called when the process is asked to stop. What waits is left to the others."""
        while self._waiting:
            self._waiting.popitem()[1].cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=CLAIM.total_seconds())

    async def resume(self, conversation_id: UUID, *, lost_fence: int | None = None) -> None:
        """Claims and answers whatever is open in the conversation.

        Args:
            lost_fence: a claim with this fence is a dead process's, and is taken over.
        """
        async with transaction(self._sessions) as session:
            claim = await claim_conversation(
                session, conversation_id, self._clock.now(), self._presence.number, lost_fence=lost_fence
            )
        if claim is not None:
            await self.answer(claim)

    async def resume_waiting(self, *, limit: int = 100, patience: float | None = None) -> int:
        """Answers what dead processes left behind; returns how many conversations that were.

        Args:
            patience: seconds after which it goes on by itself, so that whoever looks can look again; None: until done.
        """
        async with transaction(self._sessions) as session:
            waiting = await list_waiting(session, self._clock.now(), self._presence.judge, limit=limit)
        work = [self._resume_one(one, lost_fence) for one, lost_fence in waiting.items()]
        if work:
            await asyncio.wait(work, timeout=patience)
        return len(waiting)

    def _resume_one(self, conversation_id: UUID, lost_fence: int | None) -> asyncio.Task[None]:
        """`resume` beside a few others, which fails in the log only; the next look finds again what waits for it."""
        if (begun := self._resumed.get(conversation_id)) is not None:
            return begun

        async def resume() -> None:
            try:
                async with self._few:
                    await self.resume(conversation_id, lost_fence=lost_fence)
            except OperationalError as error:
                # Of each, while the database is away: one line, not a stack. The next look finds it again.
                log.warning("resume_failed", conversation_id=str(conversation_id), error=type(error.orig).__name__)
            except Exception:
                log.exception("resume_failed", conversation_id=str(conversation_id))
            finally:
                del self._resumed[conversation_id]

        self._resumed[conversation_id] = self.keep(asyncio.create_task(resume()))
        return self._resumed[conversation_id]

    async def answer(self, claim: Claim | None) -> None:
        """Answers the claimed message and those that came meanwhile."""
        while claim is not None:
            conversation_id = claim.conversation_id
            try:
                with watched_turn(claim):
                    claim = await self._one_turn(claim)
            except Exception:
                # The loop boundary: the claim runs out and the sweep tries again, so the error must only be seen.
                log.exception("turn_broke", conversation_id=str(conversation_id))
                return

    async def _one_turn(self, claim: Claim) -> Claim | None:
        decided: Decided | None
        try:
            if claim.attempts > MAX_ATTEMPTS:
                # Counted before each try: this message took its process down, or its turn could not be stored.
                decided = self._decider.hand_over(claim, "turn_broke")
            else:
                decided = await self._decider.decide(claim)
        except ClaimLost:
            _note_stale(claim)
            return None
        except NothingPublished:
            # There is nothing to answer with, however long that lasts, and no fault of the message.
            await self._give_back(claim, count_attempt=False)
            return None
        except DialogueUnavailable as error:
            # Where only this process has not seen the flows yet, the dialogue is there and knows better.
            decided = None if isinstance(error, FlowsBehind) else self._decider.hand_over_if_asked(claim)
            if decided is None:
                if self._clock.now() - claim.received_at < PATIENCE:
                    await self._give_back(claim, count_attempt=False)
                    return None
                decided = self._decider.hand_over(claim, error.code, problem=error.message)
        except DialogueFailed as error:
            log.warning("turn_failed", conversation_id=str(claim.conversation_id), error=error.message)
            if claim.attempts < MAX_ATTEMPTS:
                await self._give_back(claim, count_attempt=True)
                return None
            decided = self._decider.hand_over(claim, "dialogue_failed", problem=error.message)
        return await self._commit(decided.claim if decided is not None else claim, decided)

    async def _give_back(self, claim: Claim, *, count_attempt: bool) -> None:
        note_turn("given_back")
        async with transaction(self._sessions) as session:
            await release(session, claim, count_attempt=count_attempt)

    async def _commit(self, claim: Claim, decided: Decided | None) -> Claim | None:
        """The turn's one transaction; nothing of it happens if the claim was lost meanwhile."""
        if decided is not None and self._stands_alone(decided):
            return await self._commit_alone(claim, decided)
        now = self._clock.now()
        replies = _to_say(claim, decided)
        async with transaction(self._sessions) as session:
            kept = None if decided is None else _kept(decided, now)
            row = await hold(session, claim, messages=len(replies), kept=kept)
            if row is None:
                _note_stale(claim)
                return None
            said = _to_stored(claim, replies, row.next_seq - len(replies), now)
            added: list[Stored] = []
            if decided is not None and decided.effects:
                scene = await self._carry_out(session, claim, decided.effects, now)
                added = scene.said
                if scene.number_waits and said:
                    said[-1] = _with_number_work(said[-1])
            if decided is not None and decided.gap is not None:
                await write_gap(session, claim, decided.gap, now)
            following = await finish_and_claim_next(
                session,
                claim,
                replies=[{**_to_row(one), "seq": one.seq} for one in said],
                came_to=_came_to(claim, decided),
                notice=self._notice(claim),
                now=now,
            )
            said += added
            queued = await self._queue(session, decided, said, now) if said and decided is not None else 0
        self._tell(claim, decided, said, now)
        if decided is not None and any(effect.get("effect") == "enrol_in_journey" for effect in decided.effects):
            await self._follow_ups.settled()
        await self._set_timer(decided, now)
        if queued:
            await self._follow_ups.settled()
        return following

    def _stands_alone(self, decided: Decided) -> bool:
        """Whether the turn changes nothing but its talk."""
        is_queued = self._answers is not None and decided.claim.channel in self._answers.channels
        return not (decided.effects or decided.gap or is_queued)

    async def _commit_alone(self, claim: Claim, decided: Decided) -> Claim | None:
        """The same for a turn that stands alone, as most do: in one statement."""
        now = self._clock.now()
        said = _to_stored(claim, _to_say(claim, decided), 0, now)
        async with one_statement(self._sessions) as session:
            finished = await finish_alone(
                session,
                claim,
                kept=_kept(decided, now),
                replies=[_to_row(one) for one in said],
                came_to=_came_to(claim, decided),
                notice=self._notice(claim),
                now=now,
            )
        if finished is None:
            _note_stale(claim)
            return None
        said = [replace(one, seq=finished.first_seq + place) for place, one in enumerate(said)]
        self._tell(claim, decided, said, now)
        await self._set_timer(decided, now)
        if not finished.more_came:
            return None
        async with transaction(self._sessions) as session:
            return await claim_next(session, claim)

    def _notice(self, claim: Claim) -> str:
        return f"{self._settings.process_id} {claim.conversation_id}"

    def _tell(self, claim: Claim, decided: Decided | None, said: list[Stored], now: datetime) -> None:
        """Shows what is stored to who looks, and notes it."""
        self._watchers.publish(claim.conversation_id, said)
        note_turn("silent" if decided is None else "answered")
        # By these ids the spans of their sends, in another process, are found.
        tell_span(said=[one.id for one in said])
        if said:
            note_answer(claim, now)

    async def _set_timer(self, decided: Decided | None, now: datetime) -> None:
        if decided is not None and decided.timer is not None and decided.timer.seconds < SOON.total_seconds():
            await self._follow_ups.settled(now + timedelta(seconds=decided.timer.seconds))

    async def _queue(self, session: AsyncSession, decided: Decided, said: list[Stored], now: datetime) -> int:
        """Queues what was said where a provider carries it; returns how many messages that makes."""
        claim = decided.claim
        if self._answers is None or claim.channel not in self._answers.channels:
            return 0
        begun_by = claim.data.get(BEGUN_BY)
        if claim.kind in SILENCES:
            # A word into the silence of somebody who never answered is what the opening was.
            begun_by = await find_begun_by(session, claim.conversation_id)
        return await self._answers.queue(
            session,
            conversation_id=claim.conversation_id,
            purpose=_purpose_of(decided) if begun_by is None else begun_by["purpose"],
            parts=to_parts(said, claim.channel, claim.language, joined=begun_by is not None),
            now=now,
            begun_by=begun_by,
        )

    async def _carry_out(
        self, session: AsyncSession, claim: Claim, effects: list[dict[str, Any]], now: datetime
    ) -> Scene:
        """Returns the turn after them, with what they have said beside the replies."""
        scene = Scene(
            session=session,
            keys=self._keys,
            follow_ups=self._follow_ups,
            controller=self._settings.controller,
            claim=claim,
            now=now,
            contact_id=claim.contact_id,
            status=claim.status,
            confirm_meeting=self._confirm_meeting,
        )
        await carry_out(scene, effects)
        if scene.status != claim.status:
            await session.execute(
                update(Conversation).where(Conversation.id == claim.conversation_id).values(status=scene.status)
            )
        return scene


def _note_stale(claim: Claim) -> None:
    note_turn("stale")
    log.warning("turn_stale", conversation_id=str(claim.conversation_id))


def _with_number_work(said: Stored) -> Stored:
    """Has the browser that shows it do the work that the number waits for."""
    return replace(said, data=said.data | {"limits": {**(said.data.get("limits") or {}), "number_work": True}})


def _came_to(claim: Claim, decided: Decided | None) -> dict[str, Any]:
    """What is kept with the message: what replays need, the ways that were taken, and which messages make up a text
    that was not understood.
    """
    if decided is None:
        return {}
    needs = {"needs": decided.needs} if decided.needs else {}
    in_pieces = decided.gap is not None and len(claim.pieces) > 1
    walked = {WALKED: decided.walked} if decided.walked else {}
    return {**needs, **walked, **({PIECES: [str(piece) for piece in claim.pieces]} if in_pieces else {})}


def _to_say(claim: Claim, decided: Decided | None) -> list[Reply]:
    """What is said; nothing to a word of the carriers that the provider has answered already."""
    if decided is None:
        return []
    by_carrier = any(str(effect.get("effect")) in {*UNASKED, REOPEN} for effect in decided.effects)
    return [] if by_carrier and claim.data.get(ANSWERED) else decided.replies


def _purpose_of(decided: Decided) -> Literal["answer", "nudge", "notice"]:
    if any(str(effect.get("effect")) in UNASKED for effect in decided.effects):
        return "notice"
    return "nudge" if decided.claim.kind in SILENCES else "answer"


def _kept(decided: Decided, now: datetime) -> Kept:
    timer = decided.timer
    return Kept(
        state=decided.state,
        publication=decided.publication,
        timer=None if timer is None else {"kind": timer.kind, "step": timer.step},
        timer_due_at=None if timer is None else now + timedelta(seconds=timer.seconds),
        # A spoken turn is whole: nobody on the phone goes on with the same sentence in the next.
        debounce_ms=0 if get_capabilities(decided.claim.channel).speaks else round(decided.debounce * 1000),
        language=decided.claim.language,
        language_from=decided.claim.language_from,
    )


def _to_row(said: Stored) -> dict[str, Any]:
    return {"id": str(said.id), "text": said.text, "data": said.data}


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

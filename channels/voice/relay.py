"""Calls over ConversationRelay: a socket on which Twilio tells what people say and speaks what we send.

What ends a call (a stop, a person, silence) is said in the answer to the webhook that follows the socket, where nothing
cuts it off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from sqlalchemy.exc import OperationalError

from base.database import transaction
from base.errors import Malformed, NotAllowed
from base.metrics import SOCKETS
from channels.voice import addresses
from channels.voice.calls import find_call
from channels.voice.frames import (
    MAX_FRAME,
    Frame,
    Interrupt,
    Key,
    Problem,
    Prompt,
    Setup,
    end_frame,
    language_frame,
    read_frame,
    speech_frames,
    was_heard,
)
from channels.voice.hearing import MOST_KEYS, Meant, objects_to_recording, read_keys, read_speech
from channels.voice.models import Call
from channels.voice.payloads import is_machine
from channels.voice.prompts import Ask, Speech, Step, spoken
from channels.voice.settings import VoiceAccount
from channels.voice.talk import GOODBYE, HANDOFF, MOST_QUIET, TROUBLE, Talk
from channels.voice.webhook import VoiceWebhooks
from channels.voice.words import Words, spoken_language

log = structlog.get_logger(__name__)

SETUP_WITHIN = 10.0
"""Seconds a fresh socket may stay silent before it says which call it is."""
MOST_WAITING = 50
"""Frames that may wait while the bot thinks; more than that is a flood and is dropped."""
MOST_MALFORMED = 20
_ENOUGH = 60.0
"""Seconds for an answer, after which something does not work."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait on the line, in seconds.

    Attributes:
        silence: after we have spoken, until it counts as silence.
        next_key: for another key, where more may follow.
        moment: for an answer, until we say that it takes a moment.
        letters: characters that are spoken in a second.
    """

    silence: float = 7.0
    next_key: float = 2.0
    moment: float = 4.0
    letters: float = 14.0


@dataclass(frozen=True)
class RelaySockets:
    """The handler of sockets."""

    hooks: VoiceWebhooks
    patience: Patience = Patience()
    sockets: set[web.WebSocketResponse] = field(default_factory=set)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One session, from its first frame to its end. Each socket that was announced opens once."""
        account_id, account = await self.hooks.verify_socket(request)
        call_sid = request.match_info["call"]
        await self._open(account_id, call_sid, request.match_info["number"])
        socket = web.WebSocketResponse(heartbeat=20, compress=False, max_msg_size=MAX_FRAME, timeout=3)
        await socket.prepare(request)
        self.sockets.add(socket)
        SOCKETS.labels("call").inc()
        session = Session(self.hooks, account_id, account, call_sid, socket, self.patience)
        try:
            await session.run()
        except (ConnectionError, TimeoutError):
            await socket.close()
        except Malformed:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        except OperationalError as error:
            log.warning("relay_lost_the_database", error=type(error.orig).__name__)
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)
        except Exception:
            # The loop boundary: the webhook that follows goes on turn by turn.
            log.exception("relay_broke", account_id=str(account_id))
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            self.sockets.discard(socket)
            SOCKETS.labels("call").dec()
        return socket

    async def _open(self, account_id: UUID, call_sid: str, number: str) -> None:
        """Notes that the socket was opened: a request that somebody copied opens none.

        Raises:
            NotAllowed: no such socket was announced, or it was opened before.
        """
        async with transaction(self.hooks.talk.sessions) as session:
            call = await find_call(session, account_id, call_sid, lock=True)
            is_known = call is not None and call.ended_at is None and not is_machine(call.answered_by)
            if call is None or not is_known or number != str(call.relays) or call.relay_opened >= call.relays:
                raise NotAllowed("No call is to be relayed here.")
            call.relay_opened = call.relays


@dataclass
class Session:
    """One call on a socket."""

    _hooks: VoiceWebhooks
    _account_id: UUID
    _account: VoiceAccount
    _call_sid: str
    _socket: web.WebSocketResponse
    _patience: Patience
    _frames: asyncio.Queue[Frame | None] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    _language: str = ""
    _ask: Ask = field(default_factory=Ask)
    _pressed: str = ""
    _cut: bool = False
    """Whether a consent text was not heard to its end."""
    _speaks_until: float = 0.0

    @property
    def _talk(self) -> Talk:
        return self._hooks.talk

    async def run(self) -> None:
        """Until we end it, or they hang up.

        Raises:
            Malformed: it is not the call that its address names, or not ConversationRelay at all.
            TimeoutError: it never said which call it is.
        """
        first = read_frame(await self._socket.receive_str(timeout=SETUP_WITHIN))
        told = (first.call_sid, first.account_sid) if isinstance(first, Setup) else None
        if told != (self._call_sid, self._account.account_sid):
            raise Malformed("This is another call than the address is for.")
        reading = asyncio.create_task(self._read())
        try:
            if await self._answer():
                await self._converse()
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def _read(self) -> None:
        malformed = 0
        async for received in self._socket:
            if received.type is not WSMsgType.TEXT:
                continue
            try:
                frame = read_frame(received.data)
            except Malformed:
                malformed += 1
                if malformed > MOST_MALFORMED:
                    break
                continue
            self._queue(frame)
        while self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(None)

    def _queue(self, frame: Frame | None) -> None:
        if frame is None:
            return
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            # Dropped with the flood; that something was cut off is not forgotten.
            self._cut = self._cut or isinstance(frame, Interrupt)

    async def _converse(self) -> None:
        while True:
            try:
                frame = await asyncio.wait_for(self._frames.get(), self._waits_for())
            except TimeoutError:
                meant = self._read_pressed() if self._pressed else Meant("silence")
            else:
                if frame is None:
                    return
                heard = self._hear(frame)
                if heard is None:
                    continue
                meant = heard
            if not await self._take(meant):
                return

    def _waits_for(self) -> float:
        if self._pressed:
            return self._patience.next_key * (2 if self._ask.typed else 1)
        return max(self._speaks_until - _now(), 0) + self._patience.silence

    def _hear(self, frame: Frame) -> Meant | None:
        """What a frame means; None while more may follow."""
        match frame:
            case Key():
                return self._press(frame.digit)
            case Prompt(last=True):
                self._pressed = ""
                return read_speech(frame.text, None, self._ask, self._language)
            case Interrupt():
                self._speaks_until = _now()
                question = self._ask.message
                if self._ask.consent and question is not None:
                    text = " ".join(speech.text for speech in spoken([question], self._language))
                    self._cut = self._cut or not was_heard(text, frame.heard)
            case Problem():
                log.warning("relay_refused_a_frame", account_id=str(self._account_id))
        return None

    def _press(self, digit: str) -> Meant | None:
        self._pressed += digit
        ends = digit == "#" or len(self._pressed) > MOST_KEYS
        if ends or not (self._ask.typed or self._ask.begins_a_longer(self._pressed)):
            return self._read_pressed()
        return None

    def _read_pressed(self) -> Meant:
        pressed, self._pressed = self._pressed, ""
        return read_keys(pressed, self._ask, self._language)

    async def _take(self, meant: Meant) -> bool:
        """One turn; False when the session is over."""
        if meant.is_said and meant.kind != "stop" and self._cut:
            # A text that was cut off is asked again: no answer to it counts.
            return await self._ask_whole()
        call = await self._begin_turn(meant)
        if call is None:
            return False
        if call.recording == "on" and objects_to_recording(meant.text, self._language):
            if not await self._hooks.object(self._account, call):
                return await self._end(GOODBYE)
            meant = Meant("no recording")
        if meant.is_said:
            await self._talk.hear(call, call.turn, meant, self._ask)
            return await self._answer()
        if call.quiet >= MOST_QUIET and meant.kind != "no recording":
            return await self._end(GOODBYE)
        async with self._talk.sessions() as session:
            step = await self._talk.quiet_step(session, call, meant)
        await self._speak(step)
        return True

    async def _begin_turn(self, meant: Meant) -> Call | None:
        async with transaction(self._talk.sessions) as session:
            call = await find_call(session, self._account_id, self._call_sid, lock=True)
            if call is None or call.ended_at is not None:
                return None
            call.turn += 1
            call.quiet = 0 if meant.is_said else call.quiet + (meant.kind != "again")
        return call

    async def _answer(self) -> bool:
        """Waits for the bot and speaks what it says; False when the session is over."""
        async with self._talk.sessions() as session:
            call = await find_call(session, self._account_id, self._call_sid)
        if call is None:
            return False
        if not await self._talk.wait(call, self._patience.moment):
            await self._say_something("one_moment")
            if not await self._talk.wait(call, _ENOUGH):
                return await self._end(TROUBLE)
        async with self._talk.sessions() as session:
            held = await find_call(session, self._account_id, self._call_sid, lock=True)
            if held is None or held.ended_at is not None:
                return False
            step = await self._talk.next_step(session, held, self._account)
            if step.then != "listen":
                # Said in the answer to the webhook that follows, so nothing of it counts as said here.
                await session.rollback()
                return await self._end(HANDOFF)
            await session.commit()
        await self._speak(step)
        return True

    async def _ask_whole(self) -> bool:
        words = Words(self._language)
        again = spoken([self._ask.message], self._language) if self._ask.message is not None else ()
        await self._speak(Step("listen", self._language, (Speech(words.say("whole_consent")), *again), self._ask))
        return True

    async def _say_something(self, name: str) -> None:
        async with self._talk.sessions() as session:
            call = await find_call(session, self._account_id, self._call_sid)
            language = (await self._talk.asked(session, call)).language if call is not None else self._language
        await self._send_all(Step("listen", language, (Speech(Words(language).say(name)),)))

    async def _speak(self, step: Step) -> None:
        self._ask, self._cut, self._pressed = step.ask, False, ""
        await self._send_all(step)

    async def _send_all(self, step: Step) -> None:
        language = spoken_language(step.language, self._account.region)
        if self._language and step.language != self._language:
            await self._send(language_frame(language))
        self._language = step.language
        said: Sequence[Speech] = step.said
        for number, speech in enumerate(said, start=1):
            # What may be interrupted and what may not are spoken one after the other, each to its own end.
            ends = number == len(said) or said[number].whole != speech.whole
            for frame in speech_frames(speech, language, last=ends):
                await self._send(frame)
        letters = sum(len(speech.text) for speech in said)
        self._speaks_until = max(self._speaks_until, _now()) + letters / self._patience.letters

    async def _end(self, handoff: str) -> bool:
        await self._send(end_frame(handoff))
        return False

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_json(frame)


def routes(sockets: RelaySockets) -> list[web.RouteDef]:
    """The route of sockets."""
    return [web.get(addresses.RELAY, sockets.handle)]


def _now() -> float:
    return asyncio.get_running_loop().time()

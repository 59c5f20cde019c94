"""The chat's HTTP and WebSocket handlers. They read, check and pass on; what is said back is the turn port's affair."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from sqlalchemy.exc import OperationalError

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import Malformed, NotAllowed, NotFound, ParleyError, TooMany
from base.messages import Inbound, Stored
from base.metrics import PUSH_SECONDS, SOCKETS
from base.request_bodies import read_limited
from bot.claims import Taken
from bot.files.questions import FileQuestion
from bot.files.service import StoredFile, store_file
from bot.handoff.typing import Typing, tell_typing
from bot.turns import TurnService
from channels.web import frames
from channels.web.hub import Hub, Watcher
from channels.web.limits import ChatLimits, RateLimit
from channels.web.number_work import NumberWork
from channels.web.opening import read_opening
from channels.web.replays import PAGE, Replays
from channels.web.sessions import ChatSessions
from channels.web.tokens import TokenInvalid, VisitorTokens
from channels.web.uploads import (
    AT_ONCE,
    Upload,
    find_stored_seq,
    get_file_question,
    read_client_id,
    read_upload,
)
from crm.privacy.signals import asks_to_opt_out

log = structlog.get_logger(__name__)

HEARTBEAT = 25.0
"""Seconds between pings. A browser that has not answered one after half as long again is let go."""
HELLO_WITHIN = 10.0
"""Seconds a fresh socket may stay silent before its hello."""
LONGEST_WAIT = 25.0
"""Seconds a long-poll may wait."""
TYPING_TOLD = (1, 3)
"""How often in so many seconds it is told on that a visitor types; the widget says so with each letter."""
WORK_SCRIPT = Path(__file__).with_name("number_work.js")
CLOSE_TOKEN = 4401
CLOSE_ORIGIN = 4403


class OriginNotAllowed(NotAllowed):
    """This page may not use the chat: its address must be added to PARLEY_ALLOWED_ORIGINS."""

    code = "origin_not_allowed"


class ConversationMoved(ParleyError):
    """This conversation goes on on another channel. Load the page again to start a new one here."""

    code = "moved"
    status = 409


@dataclass(frozen=True)
class WebChatSettings:
    """What the operator decides about the web chat."""

    allowed_origins: frozenset[str]


class WebChat:
    """The routes of the web chat."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        turns: TurnService,
        hub: Hub,
        tokens: VisitorTokens,
        clock: Clock,
        limits: ChatLimits,
        settings: WebChatSettings,
        work: NumberWork,
    ) -> None:
        self._sessions = sessions
        self._turns = turns
        self._hub = hub
        self._tokens = tokens
        self._clock = clock
        self._settings = settings
        self._limits = limits
        self._work = work
        self._typings = RateLimit(*TYPING_TOLD)
        self._openings = ChatSessions(
            sessions=sessions,
            turns=turns,
            tokens=tokens,
            clock=clock,
            limits=limits,
        )
        self._replays = Replays(sessions)
        self._uploads = asyncio.Semaphore(AT_ONCE)
        self._sockets: set[web.WebSocketResponse] = set()
        self._closing = False

    def add_to(self, app: web.Application) -> None:
        """Adds the routes, what they need around them, and the orderly end."""
        app.add_routes(
            [
                web.post("/chat/session", self.open_session),
                web.get("/chat/socket", self.socket),
                web.post("/chat/messages", self.say),
                web.get("/chat/messages", self.poll),
                web.post("/chat/files", self.upload),
                web.get("/chat/number-work", self.ask_work),
                web.get("/chat/number-work.js", self.work_script),
                web.post("/chat/number-work", self.take_work),
                web.options("/chat/number-work", self.preflight),
                web.options("/chat/session", self.preflight),
                web.options("/chat/files", self.preflight),
                web.options("/chat/messages", self.preflight),
            ]
        )
        app.on_response_prepare.append(self._let_page_read)
        app.on_shutdown.append(self._close)

    async def _let_page_read(self, request: web.Request, response: web.StreamResponse) -> None:
        """Lets a page of an allowed origin read what is answered, errors too: the widget acts on their status."""
        if not request.path.startswith("/chat/"):
            return
        response.headers["Vary"] = "Origin"
        origin = request.headers.get("Origin")
        if origin in self._settings.allowed_origins:
            response.headers["Access-Control-Allow-Origin"] = origin

    async def _close(self, _app: web.Application) -> None:
        """Tells every socket and poll to come back later, and waits for the turns in hand."""
        self._closing = True
        self._hub.wake_all()
        # A browser that does not answer the close takes some seconds: all at once, not one after the other.
        await asyncio.gather(*(_send_away(socket) for socket in self._sockets), self._turns.drain())

    # Sessions

    async def open_session(self, request: web.Request) -> web.Response:
        """Starts a conversation, or goes on with the one of a valid old token."""
        origin = self._origin(request)
        opening = read_opening(await read_limited(request, frames.MAX_FRAME))
        opts_out = asks_to_opt_out(request.headers)
        opened = await self._openings.open(opening, origin=origin, address=request.remote or "", opts_out=opts_out)
        session = {
            "token": opened.token,
            "conversation_id": str(opened.conversation_id),
            "socket": "/chat/socket",
            "poll": "/chat/messages",
        }
        return web.json_response(session | ({"notice": opened.notice} if opened.notice else {}))

    # Socket

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """One visitor's socket, from hello to close."""
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT, compress=False, max_msg_size=frames.MAX_FRAME, timeout=5, writer_limit=65_536
        )
        try:
            origin = self._origin(request)
        except OriginNotAllowed:
            await socket.prepare(request)
            await socket.close(code=CLOSE_ORIGIN, message=b"origin not allowed")
            return socket
        await socket.prepare(request)
        self._sockets.add(socket)
        SOCKETS.labels("chat").inc()
        try:
            hello = frames.read_hello(await socket.receive_str(timeout=HELLO_WITHIN))
            conversation_id = self._tokens.read(hello.token, origin)
            await self._converse(socket, conversation_id, hello.last_seen)
        except (TokenInvalid, Malformed) as error:
            await socket.close(code=CLOSE_TOKEN, message=error.code.encode())
        except (TimeoutError, TypeError, ConnectionError):
            await socket.close()  # silent, not text, or gone
        except OperationalError as error:
            # The database is away: every socket's, so no stack for each. The browser comes back and sends again.
            log.warning("socket_lost_the_database", error=type(error.orig).__name__)
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)
        except Exception:
            # The loop boundary: the browser comes back and is shown what it missed.
            log.exception("socket_broke")
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            self._sockets.discard(socket)
            SOCKETS.labels("chat").dec()
            _let_go(request)
        return socket

    async def _converse(self, socket: web.WebSocketResponse, conversation_id: UUID, last_seen: int) -> None:
        """Reads and writes until either ends: a socket that only listens would look alive and be deaf or mute."""
        with self._hub.watch(conversation_id) as watcher:
            halves = (
                asyncio.create_task(self._read(socket, conversation_id)),
                asyncio.create_task(self._write(socket, conversation_id, watcher, last_seen)),
            )
            try:
                done, _ = await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for half in halves:
                    half.cancel()
                await asyncio.gather(*halves, return_exceptions=True)
            for half in done:
                half.result()

    async def _write(
        self, socket: web.WebSocketResponse, conversation_id: UUID, watcher: Watcher, last_seen: int
    ) -> None:
        """Sends the replay, then everything new, each seq once and in order."""
        last, more, greeted, replayed = last_seen, True, False, False
        while not socket.closed:
            news = () if more else await watcher.wait()
            if isinstance(news, Typing):
                await socket.send_str(frames.typing_frame(on=news.on))
                continue
            batch = [message for message in news if message.seq > last]
            if not batch or batch[0].seq != last + 1:
                batch = list(await self._replays.read(conversation_id, last))
            more = len(batch) == PAGE
            if batch or not greeted:
                await socket.send_str(frames.messages_frame(batch))
            if replayed:
                # What was written before somebody looked was not late.
                self._note_pushed(batch)
            greeted, replayed = True, replayed or not more
            last = batch[-1].seq if batch else last

    def _note_pushed(self, batch: Sequence[Stored]) -> None:
        now = self._clock.now()
        for message in batch:
            if message.author != "visitor":
                PUSH_SECONDS.observe(max((now - message.at).total_seconds(), 0.0))

    async def _read(self, socket: web.WebSocketResponse, conversation_id: UUID) -> None:
        async for received in socket:
            if received.type is not WSMsgType.TEXT:
                continue
            client_id = None
            try:
                frame = frames.read_client_frame(received.data)
                if isinstance(frame, frames.VisitorTypes):
                    await self._tell_typing(conversation_id, on=frame.on)
                    continue
                client_id = frame.client_id
                await self._limits.messages.check(frames.pace_key(frame, conversation_id))
                taken = await self._turns.take(frames.to_inbound(frame, conversation_id))
            except NotFound as error:
                raise TokenInvalid from error  # the conversation was erased: the browser must open a new one
            except ParleyError as error:
                await socket.send_str(frames.error_frame(error.code, error.message, client_id))
                continue
            await socket.send_str(frames.received_frame(frame.client_id, taken.seq))
            self._answer(taken, socket)
            if _has_moved(taken):
                await socket.send_str(frames.error_frame(ConversationMoved.code, ConversationMoved().message, None))

    async def _tell_typing(self, conversation_id: UUID, *, on: bool) -> None:
        """Lets a person who has the talk see that the visitor types; too often, and it is not told."""
        with suppress(TooMany):
            self._typings.check(str(conversation_id))
            async with transaction(self._sessions) as session:
                await tell_typing(session, Typing(conversation_id, "visitor", on))

    def _answer(self, taken: Taken, socket: web.WebSocketResponse | None) -> None:
        if taken.claim is None:
            return
        task = self._turns.answer_soon(taken.claim)
        if socket is not None:
            typing = asyncio.create_task(_show_typing(socket, task))
            self._turns.keep(typing)

    # Long-poll

    async def say(self, request: web.Request) -> web.Response:
        """The same as a frame over the socket."""
        origin = self._origin(request)
        conversation_id = self._authorised(request, origin)
        frame = frames.read_client_frame(await read_limited(request, frames.MAX_FRAME))
        if isinstance(frame, frames.VisitorTypes):
            await self._tell_typing(conversation_id, on=frame.on)
            return web.Response(status=204)
        await self._limits.messages.check(frames.pace_key(frame, conversation_id))
        try:
            taken = await self._turns.take(frames.to_inbound(frame, conversation_id))
        except NotFound as error:
            raise TokenInvalid from error
        self._answer(taken, None)
        if _has_moved(taken):
            raise ConversationMoved
        return _accepted(frame.client_id, taken.seq)

    async def poll(self, request: web.Request) -> web.Response:
        """New messages as soon as there are any, or none after the wait."""
        origin = self._origin(request, required=False)
        conversation_id = self._authorised(request, origin)
        after = _number(request, "after", 0, 2**53)
        wait = _number(request, "wait", 0, LONGEST_WAIT)
        deadline = asyncio.get_running_loop().time() + wait
        with self._hub.watch(conversation_id) as watcher:
            messages = await self._replays.read(conversation_id, int(after))
            # Being woken may mean nothing: another process tells that something happened, not what.
            while not messages and not self._closing and await watcher.wait_until(deadline):
                messages = await self._replays.read(conversation_id, int(after))
        body = {"messages": [frames.to_shown(message) for message in messages]}
        return web.json_response(body, dumps=_dumps, headers={"Cache-Control": "no-store"})

    # Files

    async def upload(self, request: web.Request) -> web.Response:
        """Takes the file that the open question asks for, as a message of kind `file`."""
        origin = self._origin(request)
        conversation_id = self._authorised(request, origin)
        client_id = read_client_id(request)
        await self._limits.messages.check(str(conversation_id))
        async with self._sessions() as session:
            seq = await find_stored_seq(session, conversation_id, client_id)
            if seq is not None:
                return _accepted(client_id, seq)
            question = await get_file_question(session, conversation_id)
        try:
            async with self._uploads:
                kept = await self._keep(conversation_id, question, await read_upload(request, question.max_bytes))
            said = Inbound(conversation_id, client_id, "file", kept.name, value=str(kept.id))
            taken = await self._turns.take(said)
        except NotFound as error:
            raise TokenInvalid from error
        self._answer(taken, None)
        if _has_moved(taken):
            raise ConversationMoved
        return _accepted(client_id, taken.seq)

    async def _keep(self, conversation_id: UUID, question: FileQuestion, sent: Upload) -> StoredFile:
        async with transaction(self._sessions) as session:
            return await store_file(
                session,
                conversation_id=conversation_id,
                name=sent.name,
                data=sent.data,
                accept=question.accept,
                max_bytes=question.max_bytes,
                now=self._clock.now(),
            )

    # Work for a number that the visitor left

    async def ask_work(self, request: web.Request) -> web.Response:
        """What this browser has to do before the number it left is texted or called; 204 when there is nothing."""
        conversation_id = self._authorised(request, self._origin(request, required=False))
        task = await self._work.ask(conversation_id, address=request.remote or "")
        if task is None:
            return web.Response(status=204)
        return web.json_response(task, dumps=_dumps, headers={"Cache-Control": "no-store"})

    async def work_script(self, _request: web.Request) -> web.StreamResponse:
        """What does it, for the widget to load when it is needed."""
        return web.FileResponse(WORK_SCRIPT, headers={"Cache-Control": "no-cache"})

    async def take_work(self, request: web.Request) -> web.Response:
        """Takes the work that was done."""
        conversation_id = self._authorised(request, self._origin(request))
        raw = await read_limited(request, frames.MAX_FRAME)
        await self._work.take(conversation_id, raw, address=request.remote or "")
        return web.Response(status=204)

    # Who asks

    async def preflight(self, request: web.Request) -> web.Response:
        """Lets pages of allowed origins call us."""
        self._origin(request)
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Client-Id",
                "Access-Control-Max-Age": "600",
            },
        )

    def _authorised(self, request: web.Request, origin: str) -> UUID:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid
        return self._tokens.read(token, origin or None)

    def _origin(self, request: web.Request, *, required: bool = True) -> str:
        """The page's origin. Browsers send none with a same-origin GET, where the token alone decides."""
        origin = request.headers.get("Origin")
        if origin is None and not required:
            return ""
        if origin is None or origin not in self._settings.allowed_origins:
            raise OriginNotAllowed
        return origin


def _accepted(client_id: UUID, seq: int) -> web.Response:
    return web.Response(text=frames.received_frame(client_id, seq), status=202, content_type="application/json")


def _has_moved(taken: Taken) -> bool:
    """Whether nobody will answer here: the talk goes on elsewhere."""
    return taken.claim is not None and taken.claim.status == "closed"


def _let_go(request: web.Request) -> None:
    """Ends the connection of a reader who does not read: what is buffered for it would keep it open for good."""
    transport = request.transport
    if isinstance(transport, asyncio.WriteTransport) and transport.get_write_buffer_size() > 0:
        transport.abort()


async def _send_away(socket: web.WebSocketResponse) -> None:
    with suppress(ConnectionError, RuntimeError):
        await socket.close(code=WSCloseCode.GOING_AWAY, message=b"restarting")


async def _show_typing(socket: web.WebSocketResponse, turn: asyncio.Task[None]) -> None:
    """Shows the bot typing for as long as the turn runs; quick answers show none."""
    with suppress(ConnectionError):
        done, _ = await asyncio.wait({turn}, timeout=0.15)
        if done:
            return
        await socket.send_str(frames.typing_frame(on=True))
        await asyncio.wait({turn})
        await socket.send_str(frames.typing_frame(on=False))


def _number(request: web.Request, name: str, default: float, largest: float) -> float:
    raw = request.query.get(name)
    if raw is None:
        return default
    if not raw.isdecimal() or float(raw) > largest:
        raise Malformed(f"{name} must be a whole number from 0 to {largest:.0f}.")
    return float(raw)


def _dumps(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)

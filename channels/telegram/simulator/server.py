"""The local Telegram as a whole: its Bot API on loopback, and updates brought to webhooks or given when asked for."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web

from channels.telegram.simulator.methods import METHODS, Call, Upload
from channels.telegram.simulator.person import Person
from channels.telegram.simulator.state import JSON, Chat, Refusal, Shown, SimulatedBot, new_token, now

LOOPBACK = "127.0.0.1"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
"""Seconds before an update is brought again. Telegram's own pauses are longer; nobody here wants to wait for them."""
_BRINGING = 20.0
_FIRST_PERSON = 100_000_001


class LocalTelegram:
    """A Telegram with some bots.

    Attributes:
        on_shown: told of each message or change that a chat shows.
        url: where its Bot API is.
    """

    def __init__(self, *, on_shown: Callable[[Chat, Shown], None] | None = None) -> None:
        self.bots: dict[str, SimulatedBot] = {}
        self.on_shown = on_shown or (lambda _chat, _message: None)
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._bringing: dict[str, asyncio.Task[None]] = {}
        self._people = _FIRST_PERSON

    async def start(self, port: int = 0) -> str:
        """Begins to listen on loopback; returns its address. Port 0 takes a free one."""
        app = web.Application(client_max_size=60 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        app.router.add_get("/file/bot{token}/{path:.+}", self._serve_file)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_BRINGING))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, port).start()
        self.url = f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"
        for token in self.bots:
            self._bring_soon(token)
        return self.url

    async def stop(self) -> None:
        """Stops listening. What was not taken stays, for the next start."""
        for task in self._bringing.values():
            task.cancel()
        await asyncio.gather(*self._bringing.values(), return_exceptions=True)
        self._bringing.clear()
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def add_bot(self, username: str = "parley_bot", token: str | None = None) -> SimulatedBot:
        """A new bot."""
        bot = SimulatedBot(token or new_token(), username)
        self.bots[bot.token] = bot
        if self._runner is not None:
            self._bring_soon(bot.token)
        return bot

    def person(self, bot: SimulatedBot, name: str = "Ada", *, language: str | None = "en") -> Person:
        """Somebody new, who has not written to the bot yet."""
        chat = Chat(self._people, name, language)
        self._people += 1
        bot.chats[chat.id] = chat
        return Person(bot, chat)

    async def settled(self, bot: SimulatedBot) -> None:
        """Waits until every update was taken."""
        while bot.pending:  # noqa: ASYNC110  # whoever takes them is on the other side of a socket
            await asyncio.sleep(0.01)

    # The Bot API

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            bot = self._find_bot(request.match_info["token"])
            result = await self._call(bot, request.match_info["method"], request)
        except Refusal as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response({"ok": True, "result": result})

    def _find_bot(self, token: str) -> SimulatedBot:
        for known, bot in self.bots.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return bot
        raise Refusal(401, "Unauthorized")

    async def _call(self, bot: SimulatedBot, method: str, request: web.Request) -> Any:
        call = await _read_call(request)
        bot.calls.append((method, dict(call)))
        scripted = bot.take_answer(method)
        if scripted is not None:
            await asyncio.sleep(scripted.delay)
            if scripted.body is not None:
                return web.Response(status=scripted.status, body=scripted.body)
            if scripted.status != 200:
                raise Refusal(scripted.status, scripted.description, scripted.retry_after)
        if method == "getUpdates":
            return await self._get_updates(bot, call)
        if method not in METHODS:
            raise Refusal(404, "Not Found")
        result = METHODS[method](bot, call)
        self._tell_shown(bot, method, call)
        if method == "setWebhook":
            self._bring_soon(bot.token)
        if scripted is not None and scripted.hangs_up and request.transport is not None:
            request.transport.abort()
        return result

    def _tell_shown(self, bot: SimulatedBot, method: str, call: Call) -> None:
        if method.startswith("send"):
            chat = bot.chats[int(call["chat_id"])]
            self.on_shown(chat, chat.messages[-1])

    async def _get_updates(self, bot: SimulatedBot, call: Call) -> list[JSON]:
        """Waits for updates; those below `offset` are taken."""
        if bot.webhook is not None:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to "
                          "delete the webhook first")  # fmt: skip
        bot.poll += 1
        mine = bot.poll
        bot.news.set()  # whoever asked before must notice
        if call.get("allowed_updates") is not None:
            allowed = call["allowed_updates"]
            bot.allowed = [str(kind) for kind in (json.loads(allowed) if isinstance(allowed, str) else allowed)]
        offset, limit = int(call.get("offset") or 0), int(call.get("limit") or 100)
        if offset < 0:
            offset = bot.pending[max(offset, -len(bot.pending))]["update_id"] if bot.pending else 0
        if offset and any(update["update_id"] == offset - 1 for update in bot.pending):
            # By place, not by size: numbers may begin anew.
            while bot.pending.popleft()["update_id"] != offset - 1:
                pass
        elif offset:
            while bot.pending and bot.pending[0]["update_id"] < offset and not _began_anew(bot, offset):
                bot.pending.popleft()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(float(call.get("timeout") or 0)):
                while not bot.pending and bot.poll == mine:
                    bot.news.clear()
                    await bot.news.wait()
        if bot.poll != mine:
            raise Refusal(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance "
                          "is running")  # fmt: skip
        return list(bot.pending)[:limit]

    async def _serve_file(self, request: web.Request) -> web.Response:
        try:
            bot = self._find_bot(request.match_info["token"])
        except Refusal as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)
        data = next((data for path, data in bot.files.values() if path == request.match_info["path"]), None)
        if data is None:
            return web.json_response(Refusal(404, "Not Found").as_json(), status=404)
        return web.Response(body=data, content_type="application/octet-stream")

    # Webhooks

    def _bring_soon(self, token: str) -> None:
        task = self._bringing.get(token)
        if task is None or task.done():
            self._bringing[token] = asyncio.create_task(self._bring(self.bots[token]))

    async def _bring(self, bot: SimulatedBot) -> None:
        """Brings updates in their order, one at a time, each until it is taken."""
        pause = _FIRST_PAUSE
        while True:
            if not bot.pending or bot.webhook is None:
                bot.news.clear()
                await bot.news.wait()
                continue
            update = bot.pending[0]
            problem = await self._bring_one(bot, update)
            if problem is None:
                if bot.pending and bot.pending[0] is update:
                    bot.pending.popleft()
                pause = _FIRST_PAUSE
                continue
            bot.last_error = (now(), problem)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _bring_one(self, bot: SimulatedBot, update: JSON) -> str | None:
        """What went wrong, in Telegram's words; None when it was taken."""
        assert self._session is not None
        assert bot.webhook is not None
        headers = {} if bot.webhook.secret is None else {SECRET_HEADER: bot.webhook.secret}
        try:
            # Telegram writes every letter beyond ASCII escaped, as this does.
            body = json.dumps(update).encode()
            async with self._session.post(
                bot.webhook.url, data=body, headers={**headers, "Content-Type": "application/json"}
            ) as answer:
                await answer.read()
                if 200 <= answer.status <= 299:
                    return None
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except TimeoutError:
            return "Read timeout expired"
        except aiohttp.ClientError:
            return "Connection refused"


def _began_anew(bot: SimulatedBot, offset: int) -> bool:
    """Numbers that are far below what was asked for are of a new count."""
    return bool(bot.pending) and offset - bot.pending[0]["update_id"] > 10_000


async def _read_call(request: web.Request) -> JSON:
    """A method's parameters, in any of the forms Telegram takes."""
    call: JSON = dict(request.query)
    if request.content_type == "application/json":
        call |= await request.json()
    elif request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        form = await request.post()
        for name, value in form.items():
            call[name] = Upload(value.file.read()) if isinstance(value, web.FileField) else value
    return {name: call.get(value.removeprefix("attach://"), value) if _is_attached(value) else value
            for name, value in call.items()}  # fmt: skip


def _is_attached(value: object) -> bool:
    return isinstance(value, str) and value.startswith("attach://")

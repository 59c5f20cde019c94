"""The local Twilio as a whole: its server on loopback, and people who call or are called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import aiohttp
from aiohttp import web

from channels.voice.simulator.line import Line
from channels.voice.simulator.rest import RESTAPI
from channels.voice.simulator.state import Input, Number, PhoneCall, State, new_sid

LOOPBACK = "127.0.0.1"
_PATIENCE = 60.0
"""Seconds until something is said or asked: longer than Twilio waits for an answer, three times over."""


class LocalTwilio:
    """A Twilio with one account.

    Attributes:
        state: what it knows; change it to script what it does.
        show: told of everything that a person hears.
        tasks: what is under way.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        tokens: Sequence[str],
        numbers: Sequence[Number] = (),
        show: Callable[[str], None] | None = None,
        pace: float = 0.0,
    ) -> None:
        self.state = State(account_sid, list(tokens), numbers=list(numbers))
        self.show = show or (lambda _line: None)
        self.pace = pace
        self.tasks: set[asyncio.Task[Any]] = set()
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self, port: int = 0) -> str:
        """Begins to listen on loopback; returns its address. Port 0 takes a free one."""
        api = RESTAPI(self.state, self._ring)
        app = web.Application(middlewares=[api.login])
        app.add_routes(api.routes())
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, port).start()
        self.url = f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        """Stops listening and drops what is under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def drain(self) -> None:
        """Waits for what is under way: calls that are over report that."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    # People

    def dial(self, phone: str, to: Number, *, verification: str = "", sid: str | None = None) -> Person:
        """Somebody calls one of our numbers."""
        call = PhoneCall(
            sid or new_sid("CA"), phone, to.number, "inbound", status_callback=to.status_callback,
            verification=verification,
        )  # fmt: skip
        self.state.calls.append(call)
        line = self.line(call)
        self._keep(line.run_inbound(to.voice_url))
        return Person(call)

    def taken(self, number: int = -1) -> Person:
        """Who is called: by default by the last call."""
        return Person(self.state.calls[number])

    def line(self, call: PhoneCall) -> Line:
        """What carries a call out."""
        return Line(self.state, self.session, call, self.show, self.pace)

    def _ring(self, call: PhoneCall) -> None:
        self._keep(self.line(call).run_outbound(self.state.pickup(call.to)))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    @property
    def session(self) -> aiohttp.ClientSession:
        """What it asks our webhooks with."""
        assert self._session is not None, "it was not started"
        return self._session


class Person:
    """Somebody on the phone."""

    def __init__(self, call: PhoneCall) -> None:
        self.call = call

    async def says(
        self, words: str, *, confidence: float | None = 0.9, barges: bool = False, cuts: bool = False
    ) -> list[str]:
        """Says something; returns what is heard until it is their turn again."""
        return await self.does(Input("speech", words, confidence, barges, cuts))

    async def presses(self, keys: str, *, barges: bool = False) -> list[str]:
        """Presses keys."""
        return await self.does(Input("keys", keys, barges=barges))

    async def stays_silent(self) -> list[str]:
        """Says nothing for as long as we wait."""
        return await self.does(Input("silence"))

    async def hangs_up(self) -> None:
        """Ends the call."""
        await self.call.inputs.put(Input("hang up"))
        await asyncio.wait_for(self.call.ended.wait(), _PATIENCE)

    async def listens(self) -> list[str]:
        """What is heard from the beginning until it is their turn, or the call is over."""
        await self._until_turn()
        return list(self.call.heard)

    async def does(self, what: Input) -> list[str]:
        """Does something; returns what is heard until it is their turn again, or the call is over."""
        await self._until_turn()
        before = len(self.call.heard)
        self.call.listening.clear()
        await self.call.inputs.put(what)
        await self._until_turn()
        return self.call.heard[before:]

    async def _until_turn(self) -> None:
        waits = [asyncio.ensure_future(one.wait()) for one in (self.call.listening, self.call.ended)]
        done, left = await asyncio.wait(waits, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        for one in left:
            one.cancel()
        assert done, f"nothing happens on the line; heard so far: {self.call.heard}"

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self.call.ended.is_set()

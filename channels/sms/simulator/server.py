"""The local Twilio as a whole: its server on loopback, people who text it, the reports it makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
from aiohttp import web

from channels.sms.simulator.calling import Called, call
from channels.sms.simulator.rest import RESTAPI
from channels.sms.simulator.state import (
    HELP_WORDS,
    START_WORDS,
    STOP_WORDS,
    Answer,
    Number,
    Sent,
    Service,
    State,
    new_sid,
)

LOOPBACK = "127.0.0.1"
_AUTO_REPLIES = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


class LocalTwilio:
    """A Twilio with one account.

    Attributes:
        state: what it knows; change it to script what it does.
        on_text: told of every text that reaches a phone: number and words.
        reports_by_itself: whether it reports of each message at once; else `report` is called.
        tasks: what is under way.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        tokens: Sequence[str],
        numbers: Sequence[Number] = (),
        services: Sequence[Service] = (),
        on_text: Callable[[str, str], None] | None = None,
        reports_by_itself: bool = False,
    ) -> None:
        self.state = State(account_sid, list(tokens), numbers=list(numbers), services=list(services))
        self.on_text = on_text or (lambda _phone, _text: None)
        self.reports_by_itself = reports_by_itself
        self.tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    async def start(self, port: int = 0) -> str:
        """Begins to listen on loopback; returns its address. Port 0 takes a free one."""
        api = RESTAPI(self.state, self._accepted)
        app = web.Application(middlewares=[api.login])
        app.add_routes([*api.routes(), web.get("/store/{name}", self._serve_media)])
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
        """Waits for reports that are under way."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    # People

    def inbound_form(
        self, phone: str, to: Number, text: str, *, media: Sequence[str] = (), sid: str | None = None
    ) -> dict[str, str]:
        """What is told of a text that came in."""
        sid = sid or new_sid("MM" if media else "SM")
        service = self.state.service_of(to)
        files = [(self.state.media[name][0], name) for name in media]
        form = {
            "ToCountry": "US",
            "ToState": "",
            "SmsMessageSid": sid,
            "NumMedia": str(len(files)),
            "ToCity": "",
            "FromZip": "",
            "SmsSid": sid,
            "FromState": "",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": text,
            "FromCountry": "US",
            "To": to.number,
            "ToZip": "",
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": self.state.account_sid,
            "From": phone,
            "ApiVersion": "2010-04-01",
        }
        if service is not None:
            form["MessagingServiceSid"] = service.sid
        for number, (media_type, name) in enumerate(files):
            account = self.state.account_sid
            form[f"MediaUrl{number}"] = f"{self.url}/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{name}"
            form[f"MediaContentType{number}"] = media_type
        return form

    def keep_media(self, media_type: str, data: bytes) -> str:
        """Puts a file where messages may point to; returns its id."""
        name = new_sid("ME")
        self.state.media[name] = (media_type, data)
        return name

    async def text(self, phone: str, to: Number, text: str, *, media: Sequence[str] = ()) -> Called | None:
        """Somebody texts one of our numbers: the carriers' words are answered here, then the webhook is called.

        Returns:
            None where no webhook is set.
        """
        form = self.inbound_form(phone, to, text, media=media)
        word = self._read_word(text)
        if word is not None:
            self._act_on(word, to, phone)
            service = self.state.service_of(to)
            if service is not None and service.advanced_opt_out:
                form["OptOutType"] = word
        return await self.bring(to, form)

    async def bring(self, to: Number, form: dict[str, str]) -> Called | None:
        """Calls the webhook of a number with a form."""
        service = self.state.service_of(to)
        url, fallback = to.sms_url, to.sms_fallback_url
        if service is not None and not service.use_inbound_webhook_on_number:
            url, fallback = service.inbound_request_url, service.fallback_url
        return await call(self._open, self.state.tokens[0], url, form, fallback=fallback) if url else None

    def _read_word(self, text: str) -> str | None:
        if not self.state.answers_words:
            return None
        said = text.strip().lower()
        sets = {"STOP": STOP_WORDS, "START": START_WORDS, "HELP": HELP_WORDS}
        return next((word for word, words in sets.items() if said in words), None)

    def _act_on(self, word: str, to: Number, phone: str) -> None:
        key = self.state.block_key(to, phone)
        if word == "STOP":
            self.state.blocked.add(key)
        elif word == "START":
            self.state.blocked.discard(key)
        self.on_text(phone, _AUTO_REPLIES[word])

    # Reports

    def report_form(self, sent: Sent, status: str, error_code: int | None = None) -> dict[str, str]:
        """What is told of a message of ours."""
        service = self.state.find_service(sent.service_sid)
        form = {
            "SmsSid": sent.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": sent.to,
            "MessageSid": sent.sid,
            "AccountSid": self.state.account_sid,
            "From": sent.sender or (service.numbers[0].number if service else ""),
            "ApiVersion": "2010-04-01",
        }
        if sent.service_sid is not None:
            form["MessagingServiceSid"] = sent.service_sid
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        return form

    async def report(self, sent: Sent, status: str, error_code: int | None = None) -> Called:
        """Calls back about a message."""
        sent.status, sent.error_code = status, error_code
        form = self.report_form(sent, status, error_code)
        return await call(self._open, self.state.tokens[0], sent.status_callback, form)

    async def _accepted(self, sent: Sent, told: Answer) -> None:
        if "delivered" in told.statuses or told.what == "take and break":
            self.on_text(sent.to, sent.body)
        if told.early:
            await self._report_all(sent, told)
        elif self.reports_by_itself and sent.status_callback:
            task = asyncio.create_task(self._report_all(sent, told))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _report_all(self, sent: Sent, told: Answer) -> None:
        for status in told.statuses:
            failed = status in ("undelivered", "failed")
            await self.report(sent, status, told.code if failed else None)

    async def _serve_media(self, request: web.Request) -> web.Response:
        found = self.state.media.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found[1], content_type=found[0])

    @property
    def _open(self) -> aiohttp.ClientSession:
        assert self._session is not None, "it was not started"
        return self._session

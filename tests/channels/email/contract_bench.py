"""E-mail on the contract bench: an SMTP server takes what is sent, and a mail server posts what comes in."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import ClassVar
from uuid import UUID, uuid4

import aiohttp
from aiosmtpd.smtp import SMTP

from channels.email.arrivals import MailArrivals
from channels.email.collecting import MailFiles
from channels.email.hook import MailHook, routes
from channels.email.reading import LONGEST
from channels.email.sender import EmailSender
from channels.email.settings import SMTPServer
from tests.channels.email.conftest import SETTINGS, ScriptedServer
from tests.channels.email.mails import SITE, bounce, written
from tests.contracts.channel_bench import ChannelBench, Expected
from tests.contracts.house import House

TOKEN, OTHER_TOKEN = "a-token-of-this-mailbox", "a-token-of-another-mailbox"
PEOPLE = ("ada@customer.example", "bob@customer.example")
_TRUSTED = "mx.northwind.example; dmarc=pass header.from=customer.example"
_ANSWERS: Mapping[str, Mapping[str, str]] = {
    "take": {},
    "there is no such mailbox": {"RCPT": "550 5.1.1 <ada@customer.example>: user unknown"},
    "their mailbox is full": {"RCPT": "552 5.2.2 mailbox full"},
    "greylisted": {"RCPT": "450 4.2.1 try again later"},
    "looks like spam": {"DATA": "554 5.7.1 refused"},
    "busy": {"DATA": "452 4.3.1 no space"},
    "we may not send": {"MAIL": "550 5.7.1 not you"},
    "closes": {"MAIL": "421 4.7.0 too many connections"},
}


class Bench(ChannelBench):
    """The channel, its mailbox and the mail servers."""

    channel: ClassVar[str] = "email"
    forgeries: ClassVar[Sequence[str]] = (
        "no token",
        "wrong token",
        "half a token",
        "another mailbox's token",
        "unknown account",
        "no account at all",
        "no mail",
        "a mail of nobody",
        "parts in parts",
        "too large",
    )
    behaviours: ClassVar[Mapping[str, Expected]] = {
        "there is no such mailbox": Expected("failed", stops="dead address"),
        "their mailbox is full": Expected("failed"),
        "greylisted": Expected("planned"),
        "looks like spam": Expected("failed"),
        "busy": Expected("planned"),
        "we may not send": Expected("failed"),
        "closes": Expected("planned"),
    }
    reports: ClassVar[Mapping[str, str]] = {
        "delayed": "accepted",
        "relayed": "accepted",
        "delivered": "delivered",
        "failed": "undelivered",
    }

    def __init__(self, house: House, server: ScriptedServer, accounts: tuple[UUID, UUID], http: aiohttp.ClientSession):
        self.house = house
        self.server = server
        self.account_id, self.other_id = accounts
        self.http = http
        self.secrets = (TOKEN, OTHER_TOKEN, *PEOPLE)
        self._last = b""

    @classmethod
    @asynccontextmanager
    async def put_up(cls, house: House) -> AsyncIterator[Bench]:
        settings = {"authserv_id": "mx.northwind.example"}
        ours = await house.add_account("email", SITE, settings, {"hook_token": TOKEN})
        other = await house.add_account("email", "other@northwind.example", {}, {"hook_token": OTHER_TOKEN}, "other")
        await house.accounts.refresh(now=True)
        # What the other side's mail server writes into its own log is its own.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        server = ScriptedServer()
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: SMTP(server, hostname="mail.test"), server.host, 0)
        port = listening.sockets[0].getsockname()[1]
        smtp = SMTPServer(host=server.host, port=port)
        house.sender = EmailSender(
            replace(SETTINGS, server=smtp, counts=True), house.keys, house.clock, house.sessions, house.accounts
        )
        house.attachments["email"] = MailFiles(house.accounts)
        arrivals = MailArrivals(
            house.sessions, house.keys, house.intake, house.clock, lookup=lambda _name, timeout=5: None
        )
        try:
            async with house.serve(routes(MailHook(house.accounts, arrivals))), aiohttp.ClientSession() as http:
                yield cls(house, server, (ours, other), http)
        finally:
            listening.close()

    async def say(self, text: str, *, person: int = 0) -> int:
        address = PEOPLE[person]
        self._last = written(
            text, sender=address, message_id=f"<{uuid4()}@customer.example>", Authentication_Results=_TRUSTED
        )
        return await self.repeat()

    async def repeat(self) -> int:
        return await self._post(self._last)

    async def forge(self, how: str) -> int:
        raw = written("I am not real", sender=PEOPLE[0], Authentication_Results=_TRUSTED)
        token = {
            "no token": None,
            "wrong token": "another",
            "half a token": TOKEN[:-1],
            "another mailbox's token": OTHER_TOKEN,
        }.get(how, TOKEN)
        account: object = {"unknown account": UUID(int=1), "no account at all": "nobody"}.get(how, self.account_id)
        parts = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(50))
        content = {
            "no mail": b"",
            "a mail of nobody": b"Subject: I am not real\r\n\r\nI am not real",
            "parts in parts": b"From: ada@customer.example\r\n" + parts + b"\r\nI am not real",
            "too large": raw + b"x" * LONGEST,
        }.get(how, raw)
        return await self._post(content, token=token, account=account)

    async def _post(self, raw: bytes, *, token: str | None = TOKEN, account: object = None) -> int:
        url = f"{self.house.public_url}/hooks/email/{account or self.account_id}/mail"
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.http.post(url, data=io.BytesIO(raw), headers=headers) as answer:
            return answer.status

    def play(self, behaviour: str) -> None:
        self.server.script = dict(_ANSWERS[behaviour])

    def arrived(self) -> list[str]:
        bodies = [message.get_body(("plain",)).get_content() for message in self.server.taken]  # type: ignore[union-attr]
        return [body.replace("\r\n", "\n").partition("\n\n-- \n")[0] for body in bodies]

    async def report(self, outbox_id: UUID, status: str) -> int:
        return await self._post(_report(outbox_id, status))

    async def forge_report(self, outbox_id: UUID, status: str) -> int:
        return await self._post(_report(outbox_id, status), token="another")


def _report(outbox_id: UUID, status: str) -> bytes:
    code = {"delayed": "4.4.1", "failed": "5.2.2"}.get(status, "2.0.0")
    return bounce(outbox_id, action=status, status=code)

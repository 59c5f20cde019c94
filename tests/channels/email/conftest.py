"""A real SMTP server with a script of refusals, and a sender that talks to it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from base.encryption import KeyRing
from base.ids import new_id
from channels.email.sender import EmailSender
from channels.email.settings import EmailSettings, SMTPServer
from outreach.ports import Envelope


@dataclass
class ScriptedServer:
    """Answers each SMTP command as the script says; what it takes it keeps."""

    script: dict[str, str] = field(default_factory=dict)
    hang_after_data: bool = False
    hang_at: str | None = None
    taken: list[EmailMessage] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str], list[str]]] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0

    async def _pause(self, command: str) -> None:
        if self.hang_at == command:
            await asyncio.sleep(600)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        await self._pause("MAIL")
        if "MAIL" in self.script:
            return self.script["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        await self._pause("RCPT")
        if "RCPT" in self.script:
            return self.script["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "DATA" in self.script:
            return self.script["DATA"]
        content = envelope.content if isinstance(envelope.content, bytes) else envelope.content.encode()
        self.raws.append(content)
        self.taken.append(message_from_bytes(content, policy=policy.default))
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos), list(envelope.mail_options)))
        if self.hang_after_data:
            await asyncio.sleep(600)
        return "250 2.0.0 Queued"

    def log_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """Starts a scripted server: `await serve(script=…, smtp={…})`."""
    running: list[asyncio.Server] = []

    async def start(*, smtp: dict[str, Any] | None = None, ssl: Any = None, **fields: Any) -> ScriptedServer:
        scripted = ScriptedServer(**fields)
        options = {"hostname": "mail.test", "enable_SMTPUTF8": True} | (smtp or {})
        if options.pop("with_login", False):
            options |= {"authenticator": scripted.log_in, "auth_required": True}
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(scripted, **options), scripted.host, 0, ssl=ssl)
        running.append(server)
        scripted.port = server.sockets[0].getsockname()[1]
        return scripted

    yield start
    for server in running:
        server.close()


SETTINGS = EmailSettings(
    server=SMTPServer(host="127.0.0.1", port=1),
    from_address="hello@northwind.example",
    from_name="Northwind Ledger",
    reply_to="team@northwind.example",
    postal_address="1 Harbour Street\nBristol BS1 4RW",
    public_url="https://chat.northwind.example",
)


@pytest.fixture
def settings() -> EmailSettings:
    """Complete settings; the server's port is that of nobody."""
    return SETTINGS


@pytest.fixture
def sender_to(keys: KeyRing, now: Any) -> Callable[..., EmailSender]:
    """A sender whose mail server is a scripted one."""

    class StandingClock:
        def now(self) -> Any:
            return now

    def build(server: ScriptedServer, **server_fields: Any) -> EmailSender:
        target = SMTPServer(host=server.host, port=server.port, **server_fields)
        return EmailSender(replace(SETTINGS, server=target), keys, StandingClock())

    return build


@pytest.fixture
def envelope() -> Callable[..., Envelope]:
    """An envelope to Ada, with changes."""

    def build(**changes: Any) -> Envelope:
        values: dict[str, Any] = {
            "outbox_id": new_id(),
            "contact_id": new_id(),
            "conversation_id": None,
            "attempt": 1,
            "channel": "email",
            "purpose": "marketing",
            "language": "en",
            "address": "ada@customer.example",
            "subject": "Your demo",
            "text": "Hello Ada,\n\nsee https://northwind.example/demo.",
        }
        return Envelope(**values | changes)

    return build


@pytest.fixture(scope="module")
def imap_port() -> Iterator[int]:
    """pymap: an IMAP server that is not ours, with one mailbox in memory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("pymap")
    command = [program, "--no-tls", "--host", "127.0.0.1", "--port", str(port), "dict", "--demo-data"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(10)

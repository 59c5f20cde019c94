"""A mail server on loopback that files each message as .eml, for trying Parley without one. Delivers to nobody."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP

from base.ids import new_id
from channels.email.settings import SMTPServer

_log = structlog.get_logger(__name__)

LOOPBACK = "127.0.0.1"
_LARGEST = 5_000_000  # bytes


class Mailbox:
    """The server and its folder. Listens on loopback only: it has no log-in and no encryption."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self._folder = folder
        self._port = port
        self._server: asyncio.Server | None = None

    async def start(self) -> SMTPServer:
        """Begins to listen; returns how to reach it. Port 0 takes a free one."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._speak, LOOPBACK, self._port)
        port = self._server.sockets[0].getsockname()[1]
        _log.info("mailbox_started", port=port, folder=self._folder.name)
        return SMTPServer(host=LOOPBACK, port=port)

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _speak(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = SMTP(
            _Filing(self._folder), hostname="mailbox.localhost", enable_SMTPUTF8=True, data_size_limit=_LARGEST
        )
        return protocol


class _Filing:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802
        await asyncio.to_thread(self._file, bytes(envelope.content))
        return "250 2.0.0 Filed"

    def _file(self, content: bytes) -> None:
        # UUIDv7: the folder sorted by name is the folder sorted by time. Readers see whole messages only.
        path = self._folder / f"{new_id()}.eml"
        draft = path.with_suffix(".part")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        draft.replace(path)

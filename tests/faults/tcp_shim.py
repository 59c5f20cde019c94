"""What stands between a process and a server and can be cut: nothing comes through any more and nobody is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from base.database import libpq_url


class Shim:
    """Hands bytes to and fro. While it is cut, connections stay open and are silent, as behind a dead switch."""

    def __init__(self, target: str | tuple[str, int]) -> None:
        self._target = target
        self._passes = asyncio.Event()
        self._passes.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    def cut(self) -> None:
        self._passes.clear()

    def heal(self) -> None:
        """What was held back goes on its way."""
        self._passes.set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self._target, str):
            far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        else:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                await self._passes.wait()
                sink.write(data)
                await sink.drain()
        await self._passes.wait()
        sink.close()

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def shim(target: str | tuple[str, int], port: int = 0) -> AsyncIterator[Shim]:
    """One before a socket of this machine, at a port that is free or the given one."""
    made = Shim(target)
    server = await asyncio.start_server(made.handle, "127.0.0.1", port)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()


def socket_of(database_url: str) -> str | tuple[str, int]:
    """Where the tests' server listens: a Unix socket, or an address and a port."""
    parts = conninfo_to_dict(libpq_url(database_url))
    host, port = str(parts.get("host", "127.0.0.1")), int(parts.get("port") or 5432)
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


def address_at(database_url: str, port: int) -> str:
    """The same database by way of a port of this machine."""
    return make_url(database_url).set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)

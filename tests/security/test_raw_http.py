"""Bytes that no client sends, to a real web process: each is refused, none is read twice, and it goes on serving."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache

import psutil
import pytest

from base.database import create_engine, create_sessions
from server.supervisor import Supervisor
from tests.conftest import Database, fresh_database
from tests.contracts.house import free_port
from tests.server.test_web import publish_something
from tests.server.test_web_replicas import web

WITHIN = 20.0
QUICKLY = 10.0
"""Seconds for an answer on a machine that does much else; who is held up by others here waits longer."""
HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /chat/session HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\n"
SECOND = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
MOST_MORE = 80 * 2**20
"""Bytes a process may grow by."""


@dataclass(frozen=True)
class Process:
    """A real web process."""

    port: int
    pid: int

    async def tell(self, data: bytes, *, within: float = WITHIN) -> bytes:
        """All that comes back until the connection is closed from the other side, which it must be in time.

        We do not hang up: to whoever hangs up no web server says anything.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        said = bytearray()
        try:
            writer.write(data)
            async with asyncio.timeout(within):
                while part := await reader.read(65_536):
                    said += part
        except TimeoutError as error:
            raise AssertionError(f"not closed within {within} s, after {bytes(said[:200])!r}") from error
        except ConnectionError:
            pass
        finally:
            writer.close()
        return bytes(said)

    async def is_well(self) -> float:
        """Seconds that its health takes to be told."""
        began = time.monotonic()
        answer = await self.tell(GET + HOST + b"Connection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        return time.monotonic() - began

    def memory(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)


@pytest.fixture(scope="module")
async def process(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    folder = tmp_path_factory.mktemp("raw")
    with fresh_database(postgres_url) as url:
        engine = create_engine(url)
        database = Database(url, engine, create_sessions(engine))
        await publish_something(database)
        supervisor, port = Supervisor(folder / "log"), free_port()
        await supervisor.start(web("web", database, folder, port))
        pid = supervisor.pid_of("web")
        assert pid is not None
        (serving,) = psutil.Process(pid).children()
        yield Process(port, serving.pid)
        log = (folder / "log" / "web.log").read_text("utf-8", "replace")
        await supervisor.stop()
        await engine.dispose()
    assert "Traceback" not in log
    assert "unhandled" not in log.lower()


def chunked(body: bytes) -> bytes:
    return POST + b"Transfer-Encoding: chunked\r\n\r\n" + body


MALFORMED = {
    "two hosts": GET + HOST + b"Host: evil.example\r\n\r\n",
    "no host": GET + b"\r\n",
    "length and pieces": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "pieces and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a length as Python writes it": POST + b"Content-Length: 1_0\r\n\r\n{}",
    "a length in other digits": POST + "Content-Length: ٢\r\n\r\n{}".encode(),
    "an unknown coding": POST + b"Transfer-Encoding: chunked, gopher\r\n\r\n0\r\n\r\n",
    "pieces twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "pieces in disguise": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "pieces not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a space before the colon": GET + b"Host : 127.0.0.1\r\n\r\n",
    "a header that goes on": GET + HOST + b"X-A: 1\r\n 2\r\n\r\n",
    "a NUL in a header": GET + HOST + b"X-A: 1\x002\r\n\r\n",
    "a bare return in a header": GET + HOST + b"X-A: 1\r2\r\n\r\n",
    "a header without a name": GET + HOST + b": 1\r\n\r\n",
    "a header without a colon": GET + HOST + b"nonsense\r\n\r\n",
    "a piece of no size": chunked(b"zz\r\n{}\r\n0\r\n\r\n"),
    "a piece of negative size": chunked(b"-2\r\n{}\r\n0\r\n\r\n"),
    "a piece with a sign": chunked(b"+2\r\n{}\r\n0\r\n\r\n"),
    "a piece as Python writes it": chunked(b"0x2\r\n{}\r\n0\r\n\r\n"),
    "a piece longer than it says": chunked(b"2\r\n{}{}\r\n0\r\n\r\n"),
    "another version": b"GET /healthz HTTP/9.9\r\n" + HOST + b"\r\n",
    "no version": b"GET /healthz\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method in brackets": b"G<T /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target of control signs": b"GET /\x01\x02 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target of 100 kB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header of 100 kB": GET + HOST + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "a hundred thousand headers": GET + HOST + b"".join(b"X-%d: 1\r\n" % one for one in range(100_000)) + b"\r\n",
    "a hundred thousand cookies": GET + HOST + b"Cookie: " + b"a=b; " * 100_000 + b"\r\n\r\n",
    "trailers without end": chunked(b"0\r\n" + b"X-A: 1\r\n" * 100_000 + b"\r\n"),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_request_that_two_readers_could_read_differently_is_refused_and_nothing_after_it_is_read(
    process: Process, name: str
) -> None:
    answer = await process.tell(MALFORMED[name] + SECOND)
    assert answer.count(b"HTTP/1.1 200") == 0
    assert answer == b"" or answer.split(b"\r\n")[0].split()[1] in (
        b"400",
        b"404",
        b"405",
        b"413",
        b"414",
        b"431",
        b"505",
    )
    assert b"Traceback" not in answer
    await process.is_well()


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A quarter of a gigabyte, packed."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(2**20)
    return b"".join(packer.compress(zeros) for _ in range(256)) + packer.flush()


@pytest.mark.parametrize("path", ["/chat/session", "/hooks/telegram/x", "/events/webhooks/x"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
async def test_a_packed_body_is_not_unpacked_beyond_the_limit(process: Process, path: str, coding: str) -> None:
    packed = bomb()
    before = process.memory()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Encoding: {coding}\r\n"
        f"Connection: close\r\nContent-Length: {len(packed)}\r\n\r\n"
    )
    answer = await process.tell(head.encode() + packed)
    assert answer == b"" or 400 <= int(answer.split()[1]) < 500
    assert process.memory() - before < MOST_MORE
    assert await process.is_well() < QUICKLY


async def test_a_bomb_in_small_pieces_is_not_unpacked_either(process: Process) -> None:
    packed = gzip.compress(bytes(64 * 2**20))
    pieces = b"".join(
        b"%x\r\n%s\r\n" % (len(part), part) for part in (packed[at : at + 512] for at in range(0, len(packed), 512))
    )
    answer = await process.tell(
        chunked(pieces + b"0\r\n\r\n").replace(
            b"\r\n\r\n", b"\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n", 1
        )
    )
    assert answer == b"" or 400 <= int(answer.split()[1]) < 500
    assert await process.is_well() < QUICKLY


async def test_three_hundred_who_never_finish_their_request_hold_nobody_up(process: Process) -> None:
    before = process.memory()
    slow = [await asyncio.open_connection("127.0.0.1", process.port) for _ in range(300)]
    try:
        for begin in (GET, b"X-A: 1\r\n", b"X-B:", POST):
            for number, (_, writer) in enumerate(slow):
                writer.write(begin if begin is not POST or number % 2 else b" 1\r\n")
            waits = [await process.is_well() for _ in range(5)]
            assert max(waits) < QUICKLY
        assert process.memory() - before < MOST_MORE
    finally:
        for _, writer in slow:
            writer.close()


@pytest.mark.parametrize(
    "body", [b"[" * 60_000, b'{"a":' * 10_000, b"9" * 60_000, b"\xff\xfe" * 100, b'"\\ud800"', b"NaN", b""]
)
async def test_json_that_is_none_or_too_deep_is_malformed(process: Process, body: bytes) -> None:
    answer = await process.tell(
        POST + b"Origin: http://127.0.0.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    assert 400 <= int(answer.split()[1]) < 500

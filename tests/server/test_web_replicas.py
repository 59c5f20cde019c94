"""Several web processes on one port: each is ready for itself, and one may end without anybody noticing.

In short, with small programs: `test_supervisor.py`; what ready means: `test_web.py`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from base.encryption import create_key_file
from server import supervisor as supervisor_module
from server.settings import ROOT
from server.supervisor import Program, Supervisor
from tests.bot.scripted_dialogue import SECRET
from tests.conftest import Database
from tests.contracts.house import free_port
from tests.server.test_supervisor import until
from tests.server.test_web import publish_something

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="SO_REUSEPORT balances on Linux"),
]
WITHIN = 90.0
"""Seconds; on a machine that is busy with other tests a start takes half a minute."""
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    running = Supervisor(tmp_path / "log")
    yield running
    await running.stop()


def web(name: str, database: Database, folder: Path, port: int) -> Program:
    """As `parley up` starts it, with no dialogue to be had."""
    create_key_file(folder / "keys" / "root.json")
    socket = folder / f"{name}.sock"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "DATABASE_URL"))}
    env = {
        **kept, "DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(folder), "PARLEY_PORT": str(port),
        "PARLEY_RASA_URLS": NOBODY, "PARLEY_RASA_SECRET": SECRET,
    }  # fmt: skip
    command = [sys.executable, "-m", "server.cli", "web", "--socket", str(socket)]
    return Program(name, command, ROOT, env, "http://web/readyz", WITHIN, socket, "http://web/healthz")


async def ask(port: int) -> int:
    """By a new connection, as another browser would."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/healthz") as answer:
        return answer.status


async def test_two_share_a_port_and_the_site_is_there_while_one_is_killed_and_while_one_is_stopped(
    database: Database, supervisor: Supervisor, tmp_path: Path
) -> None:
    await publish_something(database)
    port = free_port()
    programs = [web(name, database, tmp_path, port) for name in ("web-1", "web-2")]
    await asyncio.gather(*(supervisor.start(program) for program in programs))
    first, second = supervisor.pid_of("web-1"), supervisor.pid_of("web-2")
    assert first is not None
    assert second is not None
    assert [await ask(port) for _ in range(20)] == [200] * 20
    (serving,) = psutil.Process(first).children()
    serving.kill()
    await until(lambda: serving not in psutil.Process(first).children(), within=WITHIN)
    async with asyncio.timeout(WITHIN):
        while await ready(programs[0]) != (200, None):
            await asyncio.sleep(0.05)
    assert supervisor.pid_of("web-1") == first, "it was forked anew by the one that keeps it"
    (serving,) = psutil.Process(first).children()
    os.kill(first, signal.SIGKILL)
    await until(lambda: not serving.is_running(), within=WITHIN)
    await until(lambda: not Path(f"/proc/{first}").exists() or supervisor.pid_of("web-1") != first, within=WITHIN)
    assert [await ask(port) for _ in range(20)] == [200] * 20
    await until(lambda: supervisor.pid_of("web-1") != first, within=WITHIN)
    async with asyncio.timeout(WITHIN):
        while await ready(programs[0]) != (200, None):
            await asyncio.sleep(0.1)
    os.kill(second, signal.SIGTERM)
    statuses = []
    while supervisor.pid_of("web-2") == second:
        statuses.append(await ask(port))
        await asyncio.sleep(0.01)
    assert set(statuses) <= {200}


async def test_one_that_is_stuck_is_killed_and_started_again(
    database: Database, supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "ALIVE_EVERY", 0.2)
    await publish_something(database)
    port = free_port()
    await supervisor.start(web("web", database, tmp_path, port))
    stuck = supervisor.pid_of("web")
    assert stuck is not None
    await asyncio.sleep(1)
    assert supervisor.pid_of("web") == stuck, "who answers is left alone"
    os.kill(psutil.Process(stuck).children()[0].pid, signal.SIGSTOP)
    await until(lambda: supervisor.pid_of("web") != stuck, within=WITHIN)
    await until((tmp_path / "web.sock").exists, within=WITHIN)


async def ready(program: Program) -> tuple[int, str | None]:
    """What a process says for itself; 0 while it does not listen."""
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(program.socket))) as http:
        try:
            async with http.get("http://web/readyz") as answer:
                return answer.status, (await answer.json()).get("code")
        except aiohttp.ClientError:
            return 0, None

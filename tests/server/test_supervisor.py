"""The supervisor with real processes: they come up, come back, go in order, and never outlive it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.settings import ROOT
from server.supervisor import ProcessFailed, Program, Supervisor
from tests.contracts.house import free_port

WITHIN = 15.0
"""Seconds."""

NOTING = """
import os, signal, sys, time
name, folder = sys.argv[1:]
def stop(*_):
    with open(os.path.join(folder, "stopped"), "a") as file: file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
with open(os.path.join(folder, "started"), "a") as file: file.write(f"{name} {os.getpid()}\\n")
while True: time.sleep(0.05)
"""

SERVING = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ready" else 503); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

SERVING_ON_A_SOCKET = """
import asyncio, os, sys
async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
    await writer.drain()
    writer.close()
async def serve():
    server = await asyncio.start_unix_server(answer, sys.argv[1])
    await server.serve_forever()
asyncio.run(serve())
"""

SUPERVISING = """
import asyncio, sys
from pathlib import Path
from server.supervisor import Program, Supervisor
async def run():
    folder = Path(sys.argv[1])
    supervisor = Supervisor(folder / "log")
    command = [sys.executable, str(folder / "noting.py"), "child", str(folder)]
    await supervisor.start(Program("child", command, folder, {}))
    await asyncio.sleep(60)
asyncio.run(run())
"""


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    running = Supervisor(tmp_path / "log")
    yield running
    await running.stop()


def noting(folder: Path, name: str) -> Program:
    """A program that writes down its start and its orderly stop."""
    (folder / "noting.py").write_text(NOTING)
    return Program(name, [sys.executable, str(folder / "noting.py"), name, str(folder)], folder, {})


def starts(folder: Path) -> list[tuple[str, int]]:
    file = folder / "started"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]


async def until(holds: Callable[[], object], *, within: float = WITHIN) -> None:
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_program_that_dies_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(noting(tmp_path, "web"))
    await until(lambda: len(starts(tmp_path)) == 1)
    (_, first), *_ = starts(tmp_path)
    assert supervisor.pid_of("web") == first
    os.kill(first, signal.SIGKILL)
    await until(lambda: len(starts(tmp_path)) == 2)
    (_, second) = starts(tmp_path)[-1]
    assert second != first
    assert supervisor.pid_of("web") == second


async def test_programs_stop_in_the_order_opposite_to_starting(supervisor: Supervisor, tmp_path: Path) -> None:
    for number, name in enumerate(("mailbox", "rasa", "web"), 1):
        await supervisor.start(noting(tmp_path, name))
        await until(lambda number=number: len(starts(tmp_path)) == number)
    await supervisor.stop()
    assert (tmp_path / "stopped").read_text().split() == ["web", "rasa", "mailbox"]
    await asyncio.sleep(0.7)  # longer than the first pause before a restart
    assert len(starts(tmp_path)) == 3, "what was stopped stays stopped"
    assert not any(is_running(pid) for _, pid in starts(tmp_path))


async def test_a_program_that_will_not_stop_is_killed(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.supervisor.STOP_WITHIN", 0.3)
    (tmp_path / "noting.py").write_text(NOTING)
    stubborn = NOTING.replace("signal.signal(signal.SIGTERM, stop)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    (tmp_path / "stubborn.py").write_text(stubborn)
    command = [sys.executable, str(tmp_path / "stubborn.py"), "stubborn", str(tmp_path)]
    await supervisor.start(Program("stubborn", command, tmp_path, {}))
    await until(lambda: starts(tmp_path))
    ((_, pid),) = starts(tmp_path)
    await supervisor.stop()
    await until(lambda: not is_running(pid))


async def test_starting_waits_until_the_program_is_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", SERVING, str(port)]
    await supervisor.start(Program("web", command, tmp_path, {}, f"http://127.0.0.1:{port}/ready", WITHIN))
    with socket.create_connection(("127.0.0.1", port)):
        pass


async def test_a_program_that_does_not_get_ready_fails_with_the_end_of_its_log(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", "print('line one'); raise SystemExit('the port is taken')"]
    program = Program("web", command, tmp_path, {"PYTHONUNBUFFERED": "1"}, f"http://127.0.0.1:{free_port()}/", 1.0)
    with pytest.raises(ProcessFailed) as caught:
        await supervisor.start(program)
    assert "web did not get ready" in caught.value.message
    assert caught.value.message.endswith("the port is taken")
    assert str(tmp_path / "log" / "web.log") in caught.value.message


async def test_an_answer_other_than_200_is_not_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", SERVING, str(port)]
    with pytest.raises(ProcessFailed):
        await supervisor.start(Program("web", command, tmp_path, {}, f"http://127.0.0.1:{port}/other", 1.0))


def on_a_socket(folder: Path, name: str) -> Program:
    """A program that answers on a Unix socket of its own, as web processes do that share a port."""
    socket_path = folder / f"{name}.sock"
    command = [sys.executable, "-c", SERVING_ON_A_SOCKET, str(socket_path)]
    return Program(name, command, folder, {}, "http://web/ready", WITHIN, socket_path, "http://web/ready")


async def test_two_that_share_a_port_are_each_asked_by_a_socket_of_their_own(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    first, second = (on_a_socket(tmp_path, name) for name in ("web-1", "web-2"))
    await supervisor.start(first)
    assert not (tmp_path / "web-2.sock").exists()
    silent = Program("web-2", ["sleep", "60"], tmp_path, {}, "http://web/ready", 0.5, second.socket)
    with pytest.raises(ProcessFailed, match="web-2 did not get ready"):
        await supervisor.start(silent)


async def test_a_program_that_is_stuck_is_killed_and_started_again_and_one_that_answers_is_left_alone(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.supervisor.ALIVE_EVERY", 0.15)
    await supervisor.start(on_a_socket(tmp_path, "web"))
    pid = supervisor.pid_of("web")
    assert pid is not None
    await asyncio.sleep(1)
    assert supervisor.pid_of("web") == pid
    os.kill(pid, signal.SIGSTOP)
    await until(lambda: supervisor.pid_of("web") != pid)


async def test_a_program_gets_only_the_environment_it_is_given(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    command = [sys.executable, "-c", "import os, time; print(sorted(os.environ), flush=True); time.sleep(60)"]
    await supervisor.start(Program("rasa", command, tmp_path, {"ONLY": "this"}))
    log = tmp_path / "log" / "rasa.log"
    await until(lambda: log.exists() and log.read_text().endswith("\n"))
    assert "ONLY" in log.read_text()
    assert "DATABASE_URL" not in log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_no_program_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "noting.py").write_text(NOTING)
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISING, str(tmp_path)], cwd=ROOT)
    try:
        wait_for(lambda: starts(tmp_path))
        ((_, child),) = starts(tmp_path)
        assert is_running(child)
    finally:
        supervisor.kill()
        supervisor.wait()
    wait_for(lambda: not is_running(child))
    assert (tmp_path / "stopped").read_text() == "child\n", "it was asked to stop, not killed"


def wait_for(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether the process is there and no mere zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"

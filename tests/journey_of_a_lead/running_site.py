"""Starts `parley up` as an operator does, on a data folder and ports of its own, and lets tests reach into it."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import psycopg
from aiosmtpd.controller import Controller
from psycopg.rows import dict_row

from server.settings import ROOT

QUICK = {"10 minutes": "1 seconds", "2 days": "20 seconds"}
"""The waits of the journey, made short; everything else of the content is as it ships."""

PROGRAMS = {"web": "server.cli web", "worker": "server.cli worker", "rasa": "parley_rasa.serve"}
"""What `parley up` runs, and how each is known by its command line."""
PROCESSES = 2
"""How many each is: the one that serves is forked from another, which keeps it."""


@dataclass
class Letters:
    """What a real SMTP server received."""

    received: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """aiosmtpd's hook for a message."""
        self.received.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """What came for one person."""
        return [letter for letter in self.received if letter["To"] == address]

    async def wait_for(self, address: str, *, seconds: float = 40) -> EmailMessage:
        """The first letter to a person, as soon as it has come."""
        deadline = time.monotonic() + seconds
        while not self.to(address) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert self.to(address), f"no letter in {seconds} s"
        return self.to(address)[0]

    async def wait_for_text(self, address: str, text: str, *, seconds: float = 40) -> EmailMessage:
        """The first letter to a person with this in its plain text."""
        deadline = time.monotonic() + seconds
        while True:
            for letter in self.to(address):
                body = letter.get_body(("plain",))
                if body is not None and text in body.get_content():
                    return letter
            assert time.monotonic() < deadline, f"no letter with {text!r} in {seconds} s"
            await asyncio.sleep(0.1)


@dataclass
class RunningSite:
    """A running set-up."""

    url: str
    setup_link: str
    folder: Path
    process: subprocess.Popen[str]
    letters: Letters

    @property
    def database_url(self) -> str:
        """The embedded database, over its socket."""
        return f"postgresql://postgres@/postgres?host={self.folder / 'postgres'}"

    def query(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Rows straight from the database."""
        with psycopg.connect(self.database_url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    async def parley(self, *arguments: str, **settings: str) -> str:
        """What a command on this site's data folder says; it must succeed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        own = {"PARLEY_DATA_DIR": str(self.folder), "PARLEY_CONTENT_DIR": str(self.folder / "content")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.cli", *arguments, cwd=ROOT, env={**kept, **own, **settings},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        return output.decode()

    def pid_of(self, name: str) -> int | None:
        """A process that serves under this name: one that was forked from another."""
        pids = self.pids()[name]
        return next((pid for pid in pids if psutil.Process(pid).ppid() in pids), None)

    def pids(self) -> dict[str, list[int]]:
        """The processes of each program."""
        found: dict[str, list[int]] = {name: [] for name in PROGRAMS}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                command = " ".join(child.cmdline())
                for name, mark in PROGRAMS.items():
                    if mark in command:
                        found[name].append(child.pid)
        return found

    def kill(self, name: str) -> int:
        """`kill -9`; returns the process id that is gone."""
        pid = self.pid_of(name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    async def wait_until_back(self, name: str, killed: int, *, seconds: float = 120) -> None:
        """Until the program was started again and can be used."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pids = self.pids()[name]
            if killed not in pids and len(pids) >= PROCESSES and (name != "web" or await self._answers()):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{name} did not come back in {seconds} s")

    async def _answers(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/readyz") as response:
                return response.status == 200
        return False


def quick_content(folder: Path) -> Path:
    """The shipped flows and journeys with short waits."""
    content = folder / "content"
    for part in ("library", "journeys"):
        shutil.copytree(ROOT / "flows" / part, content / part)
    for journey in (content / "journeys").glob("*/journey.yml"):
        text = journey.read_text()
        for slow, quick in QUICK.items():
            text = text.replace(f"duration: {slow}", f"duration: {quick}")
        journey.write_text(text)
    return content


@contextlib.asynccontextmanager
async def running_site(folder: Path, **environment: str) -> AsyncIterator[RunningSite]:
    """`parley up` until it has printed its address; stopped with SIGTERM at the end, which must succeed."""
    for name in ("encoder", "models"):
        (folder / name).symlink_to(ROOT / "var" / name)
    letters = Letters()
    with _smtp_server(letters) as smtp_port, (folder / "up.log").open("w") as log:
        port = _free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "up"],
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")},
                "PARLEY_DATA_DIR": str(folder),
                "PARLEY_CONTENT_DIR": str(quick_content(folder)),
                "PARLEY_PORT": str(port),
                "PARLEY_RASA_PORT": str(_free_port()),
                "PARLEY_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
                "PARLEY_EMAIL_FROM": "hello@northwind-ledger.example",
                "PARLEY_POSTAL_ADDRESS": "Northwind Ledger Ltd, 1 Example Street, Example Town",
                **environment,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            output = await _wait_for_address(process, folder / "up.log")
            link = next(part for part in output.split() if "/admin/setup?token=" in part)
            yield RunningSite(f"http://127.0.0.1:{port}", link, folder, process, letters)
        finally:
            process.terminate()
            code = await asyncio.to_thread(process.wait, 60)
        assert code == 0, (folder / "up.log").read_text()


async def _wait_for_address(process: subprocess.Popen[str], log: Path) -> str:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        output = log.read_text()
        if "Parley is running" in output and "Ctrl-C" in output:
            return output
        await asyncio.sleep(0.2)
    logs = "\n".join(f"== {path.name}\n{path.read_text()[-2000:]}" for path in log.parent.glob("log/*.log"))
    raise AssertionError(f"parley up did not get ready:\n{log.read_text()}\n{logs}")


@contextlib.contextmanager
def _smtp_server(letters: Letters) -> Iterator[int]:
    port = _free_port()
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

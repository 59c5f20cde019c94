"""Starts the processes of a one-machine set-up, keeps them running, and stops them without dropping work."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import structlog

from base.errors import ParleyError

log = structlog.get_logger(__name__)

STOP_WITHIN = 40.0
"""Seconds a process gets to finish what it has in hand."""
ALIVE_EVERY = 10.0
"""Seconds between looks whether a process is stuck, and that it has to answer."""
STUCK_AFTER = 6
"""Looks in a row without an answer. A machine that is very busy may keep a process from answering for a while, and to
kill it then only adds to that."""
_HOPELESS = 3
"""Times a program may end by itself before it was ready."""
_PR_SET_PDEATHSIG = 1


class ProcessFailed(ParleyError):
    """A process did not come up."""

    code = "process_failed"
    status = 500


@dataclass(frozen=True)
class Program:
    """A process to keep running."""

    name: str
    command: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    """Its whole environment: Rasa gets no database address, so nothing is inherited by itself."""
    ready_url: str | None = None
    """Answers 200 when the process may be used."""
    ready_within: float = 60.0
    """Seconds."""
    socket: Path | None = None
    """Where its addresses are asked for, when it shares its port with others: a Unix socket of its own."""
    alive_url: str | None = None
    """Answers at once as long as the process is not stuck; one that is stuck is killed, and so started again."""


class Supervisor:
    """Runs programs. A program that ends by itself is started again, at once first, then with growing pauses."""

    def __init__(self, log_folder: Path) -> None:
        self._logs = log_folder
        self._keepers: list[tuple[Program, asyncio.Task[None]]] = []
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._endings: Counter[str] = Counter()
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self, program: Program) -> None:
        """Starts a program and waits until it is ready.

        Raises:
            ProcessFailed: it did not get ready in time; with the end of its log.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        self._keepers.append((program, asyncio.create_task(self._keep(program))))
        if program.ready_url is not None:
            await self._wait_ready(program, program.ready_url)
        if program.alive_url is not None:
            self._watchers.append(asyncio.create_task(self._watch(program, program.alive_url)))

    def pid_of(self, name: str) -> int | None:
        """The process id of a running program."""
        process = self._running.get(name)
        return process.pid if process is not None else None

    async def stop(self) -> None:
        """Asks every program to stop, in the order opposite to starting, and insists after a while."""
        self._stopping = True
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for program, keeper in reversed(self._keepers):
            process = self._running.get(program.name)
            if process is not None and process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), STOP_WITHIN)
                except TimeoutError:
                    log.warning("process_killed", name=program.name)
                    process.kill()
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _keep(self, program: Program) -> None:
        pause = 0.0
        while not self._stopping:
            started = time.monotonic()
            with (self._logs / f"{program.name}.log").open("ab") as out:
                process = await asyncio.create_subprocess_exec(
                    *program.command,
                    cwd=program.cwd,
                    env=dict(program.env),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    preexec_fn=_die_with_parent() if sys.platform == "linux" else None,
                )
            self._running[program.name] = process
            code = await process.wait()
            if self._stopping:
                return
            self._endings[program.name] += 1
            lived = time.monotonic() - started
            pause = 0.0 if lived > 10 else min(max(pause * 2, 0.5), 10.0)
            log.error("process_ended", name=program.name, code=code, lived_seconds=round(lived, 1), again_in=pause)
            await asyncio.sleep(pause)

    async def _wait_ready(self, program: Program, url: str) -> None:
        deadline = time.monotonic() + program.ready_within
        async with _session(program, within=2) as session:
            while time.monotonic() < deadline and self._endings[program.name] < _HOPELESS:
                if await _answers(session, url):
                    return
                await asyncio.sleep(0.1)
        path = self._logs / f"{program.name}.log"
        tail = "\n".join(path.read_text(errors="replace").splitlines()[-15:]) if path.exists() else ""
        raise ProcessFailed(
            f"{program.name} did not get ready (waited {program.ready_within:.0f} s at most). Its log ({path}):\n{tail}"
        )

    async def _watch(self, program: Program, url: str) -> None:
        """Kills it whenever it is stuck. One that is being started anew has as long as at first."""
        async with _session(program, within=ALIVE_EVERY) as session:
            watched, silent, answered, began = self.pid_of(program.name), 0, True, time.monotonic()
            while True:
                await asyncio.sleep(ALIVE_EVERY)
                process = self._running.get(program.name)
                if process is None or process.returncode is not None:
                    continue
                if process.pid != watched:
                    watched, silent, answered, began = process.pid, 0, False, time.monotonic()
                if await _answers(session, url):
                    silent, answered = 0, True
                elif answered or time.monotonic() - began > program.ready_within:
                    silent += 1
                if silent >= STUCK_AFTER and process.returncode is None:
                    log.error("process_stuck", name=program.name, killed=process.pid)
                    process.kill()


def _session(program: Program, *, within: float) -> aiohttp.ClientSession:
    connector = None if program.socket is None else aiohttp.UnixConnector(str(program.socket), force_close=True)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=within))


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def _die_with_parent() -> Callable[[], None]:
    """Makes the kernel end a child whose supervisor was killed, so that no orphan holds a port (prctl(2))."""
    libc = ctypes.CDLL(None, use_errno=True)

    def set_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        os.setpgid(0, 0)  # Ctrl-C reaches the supervisor only; it stops the others in order

    return set_signal

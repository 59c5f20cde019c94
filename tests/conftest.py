"""Fixtures every room's tests share: a real PostgreSQL with a migrated template, a key ring, a moment in time."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog
from hypothesis import settings as hypothesis_settings
from playwright.async_api import Browser, async_playwright
from sqlalchemy.ext.asyncio import AsyncEngine
from xdist.scheduler import LoadScopeScheduling

from base.database import Sessions, create_engine, create_sessions, libpq_url
from base.encryption import KeyRing
from base.migrate import migrate
from base.postgres import start_embedded
from server.setup.machine import find_browser

if TYPE_CHECKING:
    from tests.bot.scripted_dialogue import ScriptedDialogue
    from tests.bot.stage import Stage

# How long an example takes says how busy the machine is, not whether the rule holds.
hypothesis_settings.register_profile("parley", deadline=None)
hypothesis_settings.load_profile("parley")

# As the product's own log has it: a stack with the values of all variables takes seconds to draw, and tells keys.
_console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _console])

_ROOM = 4 * 2**30  # bytes
_numbers = itertools.count(1)
_SHARED = {"journey_of_a_lead"}
"""Folders whose tests share what takes long to start: one process runs all of them."""
_LONG = {
    "test_merging_histories.py", "test_harried_journeys.py", "test_imports.py", "test_races.py",
    "test_transfer_money_talks.py",
}  # fmt: skip
"""Files that one process works at for half a minute."""
_QUICK = {"flows"}
"""Folders of files that take a second or two: with these all processes end at about the same time."""


class _ByFile(LoadScopeScheduling):
    """One process runs all tests of a file, or of such a folder, in their order."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        return str(file.parent if file.parent.name in _SHARED else file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFile:
    """How tests are shared out (pytest-xdist). Its own groups are lost with pytest 9.2."""
    return _ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one process runs for longest begins first (with `--no-loadscope-reorder`)."""

    def turn(item: pytest.Item) -> int:
        folder, file = item.path.parent.name, item.path.name
        return 0 if folder in _SHARED else 1 if file in _LONG else 3 if folder in _QUICK else 2

    items.sort(key=turn)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Next to nothing becomes garbage meanwhile: looking for some again and again took a fifth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector of garbage need not look through them again and again."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class Database:
    """A database of one test's own."""

    url: str
    engine: AsyncEngine
    sessions: Sessions


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server for the whole run (the embedded one, or TEST_DATABASE_URL) holding the template `parley_template`."""
    given = os.environ.get("TEST_DATABASE_URL")
    with tempfile.TemporaryDirectory(prefix="parley-test-", dir=_memory()) as folder:
        server = None if given else start_embedded(Path(folder) / "pg")
        url = given or server.url  # type: ignore[union-attr]
        with psycopg.connect(libpq_url(url), autocommit=True) as admin:
            if server is not None:
                # A server that lives for one run need not survive a power cut.
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    admin.execute(f"ALTER SYSTEM SET {setting} = off")
                admin.execute("SELECT pg_reload_conf()")
            admin.execute("DROP DATABASE IF EXISTS parley_template WITH (FORCE)")
            admin.execute("CREATE DATABASE parley_template")
        migrate(database_url(url, "parley_template"))
        try:
            yield url
        finally:
            if server is not None:
                server.stop()


def _memory() -> Path | None:
    """A folder in memory with room for the databases of a run, where there is one: they are made in half the time."""
    folder = Path("/dev/shm")
    has_room = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM
    return folder if has_room else None


def database_url(url: str, name: str) -> str:
    """The same server, another database."""
    from sqlalchemy import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def fresh_database(postgres_url: str) -> Iterator[str]:
    """The address of a fresh, migrated database, dropped afterwards."""
    name = f"parley_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(libpq_url(postgres_url), autocommit=True) as admin:
        # Copying files takes a third of the time that copying through the log takes.
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE parley_template STRATEGY file_copy')
    yield database_url(postgres_url, name)
    with psycopg.connect(libpq_url(postgres_url), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def fresh_database_url(postgres_url: str) -> Iterator[str]:
    """The address of a fresh, migrated database, dropped afterwards."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database with its engine and sessions."""
    engine = create_engine(fresh_database_url, pool_size=10)
    yield Database(fresh_database_url, engine, create_sessions(engine))
    await engine.dispose()


@pytest.fixture
def keys() -> KeyRing:
    """A key ring with fixed keys."""
    return KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)


@pytest.fixture
def now() -> datetime:
    """The moment tests take place at."""
    return datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.fixture
async def dialogue() -> AsyncIterator[ScriptedDialogue]:
    """A dialogue that says what a test scripts; without a script it echoes."""
    from tests.bot.scripted_dialogue import scripted_dialogue

    async with scripted_dialogue() as running:
        yield running


@pytest.fixture
async def stage(database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue) -> AsyncIterator[Stage]:
    """Turns with that dialogue, and a conversation."""
    from tests.bot.stage import staged

    async with staged(database.sessions, keys, now, dialogue) as ready:
        yield ready


_SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A real, headless Chromium."""
    program = find_browser()
    if program is None:
        pytest.fail("No Chromium found: apt-get install chromium, or set PARLEY_TEST_BROWSER.")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=str(program), args=_SWITCHES)
        yield running
        await running.close()


@pytest.fixture
def oracle() -> Callable[..., Awaitable[None]]:
    """Asks the invariants of `parley audit`: to be called when a fault is over and everything has come to rest."""
    from server.audit.oracle import audit

    async def ask(sessions: Sessions, now: datetime) -> None:
        # One machine, one clock.
        assert await audit(sessions, now, skew=timedelta(0)) == []

    return ask

"""Gives a command the database: the one that is set or runs, or the embedded one for as long as it needs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import click
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from base.database import libpq_url
from base.encryption import create_key_file
from base.errors import ParleyError
from base.migrate import migrate
from base.postgres import start_embedded
from server.data_folder import DataFolderInUse, hold_data_folder
from server.running import with_running
from server.settings import Settings
from server.wiring import Platform, database_url, open_platform

PATIENCE = 60.0
"""Seconds to wait for `parley up` to come up, or for another command that has the embedded database, to end."""
_LOOK_EVERY = 0.25
"""Seconds."""
_EMBEDDED = "postgres"
"""The embedded database's folder in the data folder."""
_SOCKET_LINE = 4
"""Of `postmaster.pid`: the folder of the server's socket."""


class NoDatabase(ParleyError):
    """None is set, and there is no embedded one either."""

    code = "no_database"
    status = 500


def check_database_exists(settings: Settings) -> None:
    """For a command that has no use for an empty database: no embedded one is begun for it.

    Raises:
        NoDatabase: none is set or runs, and there is none in the data folder.
    """
    if with_running(settings).database_url is None and not (settings.data_dir / _EMBEDDED / "PG_VERSION").exists():
        raise NoDatabase(
            f"There is no embedded database in {settings.data_dir}, and DATABASE_URL is not set: set it (or "
            "DATABASE_URL_FILE), or PARLEY_DATA_DIR to the data folder that is meant."
        )


def name_database(settings: Settings) -> str:
    """What an operator knows it by: name and host, or the folder of the embedded one. Never who may in, or how."""
    embedded = settings.data_dir / _EMBEDDED
    if settings.database_url is None:
        return f"embedded in {embedded}"
    parts = conninfo_to_dict(libpq_url(database_url(settings)))
    host = str(parts.get("host") or parts.get("hostaddr") or "this machine")
    if host == _socket_folder(embedded):
        return f"embedded in {embedded}"
    port = f", port {parts['port']}" if parts.get("port") else ""
    return f"{parts.get('dbname') or parts.get('user') or 'the default one'} at {host}{port}"


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Platform]:
    """A platform on the database, with the newest schema when it had to be started for this.

    Raises:
        DataFolderInUse: somebody else has the embedded database and does not let go of it.
    """
    with ExitStack() as stack:
        settings = await _wait_for_turn(settings, stack)
        if settings.database_url is None:
            settings = await _start_embedded(settings, stack)
        async with _opened(settings) as platform:
            yield platform


@contextmanager
def hold_database(settings: Settings) -> Iterator[str]:
    """The address of the database, for what must be alone on it: no `parley up` may run here meanwhile.

    Raises:
        DataFolderInUse: one does.
    """
    with hold_data_folder(settings.data_dir):
        if settings.database_url is not None:
            yield database_url(settings)
            return
        postgres = start_embedded(settings.data_dir / _EMBEDDED)
        try:
            yield postgres.url
        finally:
            postgres.stop()


async def _wait_for_turn(settings: Settings, stack: ExitStack) -> Settings:
    """The settings with the database that is set or runs; without one, the data folder is held."""
    deadline = time.monotonic() + PATIENCE
    told = False
    while (found := with_running(settings)).database_url is None:
        try:
            stack.enter_context(hold_data_folder(settings.data_dir))
        except DataFolderInUse as error:
            if time.monotonic() > deadline:
                raise DataFolderInUse(
                    f"`parley up` or another command is using the database in {settings.data_dir}: try again later."
                ) from error
        else:
            break
        if not told:
            click.echo("Waiting for `parley up`, or for another command that is using the database …", err=True)
            told = True
        await asyncio.sleep(_LOOK_EVERY)
    return found


async def _start_embedded(settings: Settings, stack: ExitStack) -> Settings:
    click.echo("Starting the embedded PostgreSQL for this command …", err=True)
    postgres = await asyncio.to_thread(start_embedded, settings.data_dir / _EMBEDDED)
    stack.callback(postgres.stop)
    settings = settings.model_copy(update={"database_url": SecretStr(postgres.url)})
    create_key_file(settings.key_file)
    await asyncio.to_thread(migrate, database_url(settings))
    return settings


def _socket_folder(embedded: Path) -> str | None:
    """Where the embedded server is reached while it runs; in another folder where its own has too long a path."""
    try:
        return (embedded / "postmaster.pid").read_text().splitlines()[_SOCKET_LINE]
    except (OSError, IndexError):
        return None


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Platform]:
    platform = open_platform(settings)
    try:
        yield platform
    finally:
        await platform.engine.dispose()

"""Gives a command the database: the one that is set or runs, or the embedded one for as long as it needs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import click
from pydantic import SecretStr

from base.encryption import create_key_file
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
        postgres = start_embedded(settings.data_dir / "postgres")
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
    postgres = await asyncio.to_thread(start_embedded, settings.data_dir / "postgres")
    stack.callback(postgres.stop)
    settings = settings.model_copy(update={"database_url": SecretStr(postgres.url)})
    create_key_file(settings.key_file)
    await asyncio.to_thread(migrate, database_url(settings))
    return settings


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Platform]:
    platform = open_platform(settings)
    try:
        yield platform
    finally:
        await platform.engine.dispose()

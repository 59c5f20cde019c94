"""Gives a command the database: the one that is set or runs, or the embedded one for as long as it needs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from base.encryption import create_key_file
from base.migrate import migrate
from base.postgres import start_embedded
from server.data_folder import hold_data_folder
from server.running import with_running
from server.settings import Settings
from server.wiring import Platform, database_url, open_platform


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Platform]:
    """A platform on the database, with the newest schema when it had to be started for this.

    Raises:
        DataFolderInUse: the embedded database is just being started or stopped by somebody else.
    """
    settings = with_running(settings)
    if settings.database_url is not None:
        async with _opened(settings) as platform:
            yield platform
        return
    with hold_data_folder(settings.data_dir):
        postgres = await asyncio.to_thread(start_embedded, settings.data_dir / "postgres")
        try:
            settings = settings.model_copy(update={"database_url": SecretStr(postgres.url)})
            create_key_file(settings.key_file)
            await asyncio.to_thread(migrate, database_url(settings))
            async with _opened(settings) as platform:
                yield platform
        finally:
            await asyncio.to_thread(postgres.stop)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Platform]:
    platform = open_platform(settings)
    try:
        yield platform
    finally:
        await platform.engine.dispose()

"""Has a process refuse to run on a schema that it was not written for."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from base.postgres import DatabaseUnavailable
from base.schema_version import check_schema, needed_revision, read_schema_version
from server.wiring import Platform


async def check_schema_of(platform: Platform) -> None:
    """Also while it runs: the schema may be changed under it.

    Raises:
        SchemaTooOld, SchemaTooNew: this program must not run on it.
        DatabaseUnavailable: it cannot be told.
    """
    try:
        async with platform.engine.connect() as connection:
            found = await read_schema_version(connection)
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseUnavailable from error
    check_schema(found, needed_revision())

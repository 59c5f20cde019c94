"""A program refuses a schema that it was not written for, and says what to do."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from base.schema_version import (
    SchemaTooNew,
    SchemaTooOld,
    SchemaVersion,
    check_schema,
    needed_revision,
    read_schema_version,
)


async def test_a_migrated_database_has_what_this_program_needs(database) -> None:
    async with database.engine.connect() as connection:
        found = await read_schema_version(connection)
    check_schema(found, needed_revision())
    assert found == SchemaVersion(needed_revision(), "0031")


@pytest.mark.parametrize("found", [SchemaVersion(None, None), SchemaVersion("0040", "0031")])
def test_an_older_schema_is_refused(found: SchemaVersion) -> None:
    with pytest.raises(SchemaTooOld, match="parley migrate"):
        check_schema(found, "0041")


@pytest.mark.parametrize("since", [None, "0042"])
def test_a_newer_schema_is_refused_that_does_not_say_that_this_program_runs_on_it(since: str | None) -> None:
    with pytest.raises(SchemaTooNew, match="newer version"):
        check_schema(SchemaVersion("0043", since), "0041")


@pytest.mark.parametrize("since", ["0031", "0041"])
def test_a_newer_schema_that_says_so_is_run_on(since: str) -> None:
    check_schema(SchemaVersion("0043", since), "0041")


async def test_a_database_of_somebody_else_is_of_no_parley(database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP TABLE alembic_version"))
        assert await read_schema_version(connection) == SchemaVersion(None, None)


async def test_a_schema_from_before_the_note_says_nothing_of_programs(database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP TABLE site_facts"))
        assert (await read_schema_version(connection)).runs_since is None

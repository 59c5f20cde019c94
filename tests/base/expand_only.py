"""Finds in a migration what a program of the version before could not live with: expand first, contract later.

Reads the SQL that the migration would send, so that it does not matter how it was written.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from base.migrate import alembic_config

_NAME = r'(?:only\s+)?(?:public\.)?"?(\w+)"?'
_RULES: tuple[tuple[str, str], ...] = (
    (r"^drop (?:table|sequence|type|view|materialized view|schema|extension)\b", "takes something away"),
    (r"^truncate\b", "takes rows away"),
    (r"\bdrop column\b", "takes a column away that is still read and written"),
    (r"\brename\b", "renames what is still used by its old name"),
    (r"\balter column \S+ set not null\b", "refuses rows that are still written without it"),
    (r"\balter column \S+ (?:set data )?type\b", "changes what a column takes, and rewrites the table under a lock"),
    (r"\balter column \S+ drop default\b", "refuses rows that are still written without it"),
    (r"\bdrop constraint\b", "lets through what is still relied on, or takes what ON CONFLICT names"),
    (r"^drop (?:unique )?index\b", "takes what ON CONFLICT names, or makes a query slow that is still asked"),
    (r"^(?:drop|create or replace) (?:trigger|function)\b", "changes what happens when rows are written as before"),
)
_ON_NEW_TABLES_ONLY: tuple[tuple[str, str], ...] = (
    (rf"^alter table {_NAME}\s+add (?:column )?(?!constraint\b)(?=.*\bnot null\b)(?!.*\bdefault\b)",
     "refuses rows that are still written without the new column"),
    (rf"^alter table {_NAME}\s+add constraint \S+ (?:check|unique|foreign key|exclude)\b",
     "refuses rows that are still written"),
    (rf"^create unique index (?:concurrently )?(?:if not exists )?\S+ on {_NAME}",
     "refuses rows that are still written"),
    (rf"^create (?:unique )?index (?!concurrently\b)(?:if not exists )?\S+ on {_NAME}",
     "holds up whoever writes while it is built: have it built concurrently, in a migration of its own"),
    (rf"^create (?:constraint )?trigger \S+ .*?\bon {_NAME}", "changes what happens when rows are written as before"),
)  # fmt: skip
_CREATES = re.compile(rf"^create (?:unlogged )?table (?:if not exists )?{_NAME}")
_DOLLARS = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)


def list_revisions(after: str) -> list[str]:
    """The revisions after one, in their order."""
    scripts = ScriptDirectory.from_config(alembic_config("postgresql://nowhere/"))
    return [
        script.revision for script in reversed(list(scripts.walk_revisions(after, "heads"))) if script.revision > after
    ]


def sql_of(revision: str) -> str:
    """What a migration would send."""
    scripts = ScriptDirectory.from_config(alembic_config("postgresql://nowhere/"))
    script = scripts.get_revision(revision)
    assert script is not None
    assert Path(script.path).exists()
    return sql_of_upgrade(script.module.upgrade)


def sql_of_upgrade(upgrade: Any) -> str:
    """What an `upgrade` function would send."""
    sent = io.StringIO()
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": sent})
    with Operations.context(context):
        upgrade()
    return sent.getvalue()


def find_objections(sql: str) -> Iterator[tuple[str, str]]:
    """Statements that are more than an expansion, with what is wrong with each."""
    statements = [" ".join(_DOLLARS.sub("$$", one).split()) for one in _split(sql)]
    new = {found[1].lower() for one in statements if (found := _CREATES.match(one.lower()))}
    for statement in statements:
        told = statement.lower()
        for pattern, problem in _RULES:
            if re.search(pattern, told):
                yield statement, problem
        for pattern, problem in _ON_NEW_TABLES_ONLY:
            found = re.search(pattern, told)
            if found is not None and found[1] not in new:
                yield statement, problem


def _split(sql: str) -> list[str]:
    """The statements; a semicolon in a function's body ends none."""
    bodies: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        bodies.append(found[0])
        return f"\0{len(bodies) - 1}\0"

    quoted = re.sub(r"'(?:[^']|'')*'", "''", _DOLLARS.sub(put_aside, sql))
    parts = re.sub(r"--[^\n]*", "", quoted).split(";")
    return [re.sub(r"\0(\d+)\0", lambda found: bodies[int(found[1])], part).strip() for part in parts if part.strip()]

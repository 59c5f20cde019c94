"""Listens in on what is asked of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from base.database import Sessions


@contextmanager
def statements(sessions: Sessions) -> Iterator[list[str]]:
    """What these sessions' engine asks meanwhile."""
    engine, asked = sessions.kw["bind"].sync_engine, list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def nodes_of(sessions: Sessions, statement: str, values: Any) -> set[str]:
    """The kinds of steps by which PostgreSQL does it, each with its table."""
    async with sessions() as session:
        connection = await session.connection()
        plan = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)).scalar_one()
    found, open_ = set(), [plan[0]["Plan"]]
    while open_:
        node = open_.pop()
        found.add(f"{node['Node Type']} {node.get('Relation Name', '')}".strip())
        open_ += node.get("Plans", [])
    return found

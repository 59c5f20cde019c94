"""Asks every invariant of a database and says which rows break one. Read only, in one snapshot.

What rows cannot show is not claimed: see `docs/howto/audit.md`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions
from crm.consent.export import LEDGER
from crm.consent.heads import find_head_breaks
from crm.consent.ledger import verify_chain
from crm.contacts.merged_rows import list_strays

SKEW = timedelta(seconds=5)
"""How far the clocks of a site's machines may be apart."""
MOST_SHOWN = 100
"""Rows of one invariant that are named."""
_FILE = Path(__file__).with_name("invariants.sql")
_NAME = re.compile(r"^-- name: (.+)$", re.MULTILINE)
CHAIN = "I8 as written"
MERGED = "I14 nothing is left behind"
"""No row names a contact that was merged into another: asked of every table that the registry says moves."""
_FOLLOWED = timedelta(minutes=30)
"""By then what was written during a merge has followed, see `server.merge_jobs`."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks an invariant."""

    invariant: str
    id: str
    what: str


@lru_cache(maxsize=1)
def read_invariants() -> dict[str, str]:
    """The queries by name."""
    _, *parts = _NAME.split(_FILE.read_text(encoding="utf-8"))
    return {name: query.strip().removesuffix(";") for name, query in zip(parts[::2], parts[1::2], strict=True)}


async def audit(
    sessions: Sessions, now: datetime, *, skew: timedelta = SKEW, only: Sequence[str] | None = None
) -> list[Violation]:
    """Everything that breaks an invariant, in their order.

    Args:
        now: the moment that waiting times are counted up to.
        only: names of queries, or their numbers such as `I7`.
    """
    async with sessions() as session:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        # It may look at everything there is, which takes longer than a request may.
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        found: list[Violation] = []
        for name, query in read_invariants().items():
            if _is_wanted(name, only):
                found += await _ask(session, name, query, now, skew)
        if _is_wanted(CHAIN, only):
            found += await _check_ledger(session)
        if _is_wanted(MERGED, only):
            strays = await list_strays(session, now - _FOLLOWED, limit=MOST_SHOWN)
            found += [
                Violation(MERGED, str(contact_id), f"was merged, and {name} names it") for name, contact_id in strays
            ]
        await session.rollback()
    return found


async def _ask(session: AsyncSession, name: str, query: str, now: datetime, skew: timedelta) -> list[Violation]:
    values = {"now": now, "skew": skew, "most": MOST_SHOWN}
    wanted = {bind: value for bind, value in values.items() if f":{bind}" in query or bind == "most"}
    rows = await session.execute(text(f"SELECT id, what FROM ({query}) AS found LIMIT :most"), wanted)  # noqa: S608  # our own file
    return [Violation(name, row.id, row.what) for row in rows]


async def _check_ledger(session: AsyncSession) -> list[Violation]:
    """Each event's hash, the texts shown, the signed heads: what SQL cannot compute."""
    report = await verify_chain(session)
    breaks = [*report.breaks, *await find_head_breaks(session, LEDGER)]
    return [Violation(CHAIN, str(one.seq or "-"), one.what) for one in breaks[:MOST_SHOWN]]


def _is_wanted(name: str, only: Sequence[str] | None) -> bool:
    return not only or name in only or name.split(maxsplit=1)[0] in only

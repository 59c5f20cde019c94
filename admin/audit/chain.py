"""The chain of the audit log: each entry's hash covers it and the hash before, as in the consent ledger.

Only this writes entries. Nobody else appends from the first entry of a transaction until it ends: so it is done last.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import rfc8785
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from admin.audit.models import AuditDetail, AuditEntry
from base.ids import new_id
from crm.consent.chain import GENESIS, Break, as_json

SCHEMA_VERSION = 1
_HASHED = (
    "id", "schema_version", "at", "author", "user_id", "token_id", "action", "subject_kind", "subject_id",
    "details_sha256", "prev_hash",
)  # fmt: skip
_LOCK = 7_274_004  # pg_advisory_xact_lock; the set-up of the first user has 7_274_003


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something: a user, a token of theirs, the command line, or nobody that is known."""

    kind: Literal["user", "token", "command_line", "nobody"]
    user_id: UUID | None = None
    token_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change as it is to be written. `before` and `after` are JSON already."""

    author: Author
    action: str
    subject_kind: str
    subject_id: str | None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    contact_id: UUID | None = None


def append(session: Session, changes: Sequence[Change], now: datetime) -> None:
    """Writes the changes behind the last entry, in the session's transaction."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    previous = session.scalar(select(AuditEntry.hash).order_by(AuditEntry.seq.desc()).limit(1)) or GENESIS
    for change in changes:
        detail = _detail_of(change, now)
        row: dict[str, Any] = {
            "id": new_id(),
            "schema_version": SCHEMA_VERSION,
            "at": now,
            "author": change.author.kind,
            "user_id": change.author.user_id,
            "token_id": change.author.token_id,
            "action": change.action,
            "subject_kind": change.subject_kind,
            "subject_id": change.subject_id,
            "details_sha256": detail and _hash_of_detail(detail),
            "prev_hash": previous,
        }
        row["hash"] = previous = _hash_of(row)
        session.execute(insert(AuditEntry), [row])
        if detail:
            session.execute(insert(AuditDetail), [{**detail, "entry_id": row["id"]}])


async def verify(session: AsyncSession) -> tuple[int, list[Break]]:
    """Reads the whole log: how many entries it has, and every place that is not as it was written.

    Details that are gone are no break: they were erased with whom they told of, or grew too old.
    """
    breaks: list[Break] = []
    length, head = 0, GENESIS
    rows = await session.stream(
        select(*AuditEntry.__table__.c, AuditDetail.entry_id, AuditDetail.salt, AuditDetail.before, AuditDetail.after)
        .outerjoin(AuditDetail, AuditDetail.entry_id == AuditEntry.id)
        .order_by(AuditEntry.seq)
        .execution_options(yield_per=1_000)
    )
    async for mapping in rows.mappings():
        row = {**mapping}
        if row["prev_hash"] != head:
            breaks.append(Break(row["seq"], "does not follow the entry before it: one was removed, added or moved"))
        if row["schema_version"] != SCHEMA_VERSION or _hash_of(row) != row["hash"]:
            breaks.append(Break(row["seq"], "was changed after it was written"))
        if row["entry_id"] is not None and _hash_of_detail(row) != row["details_sha256"]:
            breaks.append(Break(row["seq"], "has other details than those that were written"))
        length, head = length + 1, row["hash"]
    return length, breaks


def _detail_of(change: Change, now: datetime) -> dict[str, Any] | None:
    if change.before is None and change.after is None:
        return None
    return {
        "contact_id": change.contact_id,
        "at": now,
        "salt": secrets.token_hex(16),
        "before": change.before,
        "after": change.after,
    }


def _hash_of(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(rfc8785.dumps({name: as_json(row[name]) for name in _HASHED})).hexdigest()


def _hash_of_detail(detail: Mapping[str, Any]) -> str:
    held = {name: detail[name] for name in ("salt", "before", "after")}
    return hashlib.sha256(rfc8785.dumps(held)).hexdigest()

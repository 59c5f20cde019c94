"""Imports people, a set of rows a transaction: what is known of anybody already is never changed.

An import that is stopped keeps the sets it has finished: the same file again goes on, or `undo_import` takes them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import Conflict, NotFound
from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_events
from crm.contacts.addresses import ADDRESS_KINDS
from crm.imports.files import NumberedRow
from crm.imports.models import ContactImport
from crm.imports.rows import CleanRow, Defaults, Problem, clean_row
from crm.imports.staging import Staged, stage, store

SET = 2_000
"""Rows a transaction."""


@dataclass(frozen=True)
class Plan:
    """How a file is taken; `purpose` and `notice_text` are what people agreed to, where the file has evidence of it."""

    headings: tuple[str, ...]
    mapping: Mapping[int, str]
    file_sha256: str
    made_by: str
    controller: str
    defaults: Defaults = field(default_factory=Defaults)
    purpose: str = "marketing"
    notice_text: str | None = None


@dataclass
class Progress:
    """What became of the rows so far."""

    import_id: UUID
    rows: int = 0
    created: int = 0
    refused: int = 0
    consents: int = 0
    problems: list[Problem] = field(default_factory=list)
    """Those of the last set."""


async def import_rows(
    sessions: Sessions,
    keys: KeyRing,
    plan: Plan,
    rows: Iterable[NumberedRow],
    *,
    clock: Clock,
    told: Callable[[Progress], None],
) -> Progress:
    """Imports the rows behind the headings; `told` hears of every set after it is stored.

    Raises:
        Conflict: the import was undone while it ran.
    """
    progress = Progress(new_id())
    async with transaction(sessions) as session:
        await session.execute(
            insert(ContactImport).values(
                id=progress.import_id,
                file_sha256=plan.file_sha256,
                mapping={plan.headings[at]: target for at, target in plan.mapping.items()},
                made_by=plan.made_by,
                started_at=clock.now(),
            )
        )
    for some in _sets(rows):
        now = clock.now()
        cleaned = [clean_row(number, cells, plan.mapping, plan.defaults, now) for number, cells in some]
        async with transaction(sessions) as session:
            await _lock_running(session, progress.import_id)
            created, consents = await _store_set(session, keys, plan, progress.import_id, cleaned, now=now)
            refused = len(cleaned) - created
            await session.execute(
                update(ContactImport)
                .where(ContactImport.id == progress.import_id)
                .values(
                    rows=ContactImport.rows + len(cleaned),
                    created=ContactImport.created + created,
                    refused=ContactImport.refused + refused,
                    consents=ContactImport.consents + consents,
                )
            )
        progress.rows += len(cleaned)
        progress.created += created
        progress.refused += refused
        progress.consents += consents
        progress.problems = [problem for row in cleaned for problem in row.problems]
        told(progress)
    async with transaction(sessions) as session:
        await _lock_running(session, progress.import_id)
        await session.execute(
            update(ContactImport)
            .where(ContactImport.id == progress.import_id)
            .values(state="done", finished_at=clock.now())
        )
    return progress


async def get_import(session: AsyncSession, import_id: UUID) -> ContactImport:
    """The import as it stands, locked until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    found = await session.scalar(select(ContactImport).where(ContactImport.id == import_id).with_for_update())
    if found is None:
        raise NotFound("There is no such import: parley contacts imports lists them.")
    return found


async def list_imports(session: AsyncSession) -> list[ContactImport]:
    """All imports, the latest first."""
    return [*await session.scalars(select(ContactImport).order_by(ContactImport.started_at.desc()))]


async def _lock_running(session: AsyncSession, import_id: UUID) -> None:
    if (await get_import(session, import_id)).state != "running":
        raise Conflict("This import was undone while it ran: no more of it was stored.")


async def _store_set(
    session: AsyncSession, keys: KeyRing, plan: Plan, import_id: UUID, rows: list[CleanRow], *, now: datetime
) -> tuple[int, int]:
    """Stores the rows that are somebody new; returns how many, and how many consents."""
    good = [Staged(new_id(), row) for row in rows if not row.is_refused]
    stopped = await stage(session, keys, import_id, good)
    made = await store(session, import_id, [one for one in good if not one.row.is_refused], now)
    facts = [fact for one in made for fact in _facts(one, plan, import_id, stopped.get(one.row.number, frozenset()))]
    await record_consent_events(session, facts, now)
    return len(made), len(facts)


def _facts(one: Staged, plan: Plan, import_id: UUID, stopped: frozenset[str]) -> Iterator[ConsentFact]:
    evidence = one.row.evidence
    if evidence is None:
        return
    for channel in evidence.channels:
        if {channel, "all"} & stopped:
            one.row.note("consent_channels", f"No consent was taken over for {channel}: this address was stopped.")
            continue
        yield ConsentFact(
            event="imported",
            principal_ref=one.contact_id,
            purpose=plan.purpose,
            channel=channel,
            controller=plan.controller,
            language=one.row.language,
            method="import",
            actor=plan.made_by,
            effective_at=evidence.given_at,
            notice_text=plan.notice_text,
            evidence={
                "import_id": str(import_id),
                "row": one.row.number,
                "file_sha256": plan.file_sha256,
                "source": evidence.source,
            },
            address_hmac=one.indexes[ADDRESS_KINDS[channel]].hex(),
        )


def _sets(rows: Iterable[NumberedRow]) -> Iterator[list[NumberedRow]]:
    left = iter(rows)
    while some := list(islice(left, SET)):
        yield some

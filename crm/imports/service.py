"""Imports people, a set of rows a transaction: what is known of anybody already is never changed.

An import that is stopped keeps the sets it has finished: the same file again goes on, or `undo_import` takes them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import Conflict, NotFound
from base.ids import new_id
from crm.consent.ledger import ConsentFact, append_consent_events
from crm.contacts.addresses import ADDRESS_KINDS
from crm.imports.files import ENCODING, Headings
from crm.imports.models import ContactImport
from crm.imports.preparing import Prepared, PreparedSet, Source, prepare_sets
from crm.imports.rows import Defaults, Problem
from crm.imports.storing import Stopped, find_stopped, store_new


@dataclass(frozen=True)
class Plan:
    """How a file is taken; `purpose` and `notice_text` are what people agreed to, where the file has evidence of it."""

    path: Path
    headings: Headings
    mapping: Mapping[int, str]
    file_sha256: str
    made_by: str
    controller: str
    defaults: Defaults = field(default_factory=Defaults)
    purpose: str = "marketing"
    notice_text: str | None = None
    encoding: str = ENCODING


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


async def import_file(
    sessions: Sessions, keys: KeyRing, plan: Plan, *, clock: Clock, told: Callable[[Progress], None]
) -> Progress:
    """Imports the rows behind the headings; `told` hears of every set after it is stored.

    Raises:
        Conflict: the import was undone while it ran.
        UnreadableFile: the file is broken; the sets before that place are stored.
    """
    progress = Progress(new_id())
    async with transaction(sessions) as session:
        await session.execute(
            insert(ContactImport).values(
                id=progress.import_id,
                file_sha256=plan.file_sha256,
                mapping={plan.headings.names[at]: target for at, target in plan.mapping.items()},
                made_by=plan.made_by,
                started_at=clock.now(),
            )
        )
    source = Source(progress.import_id, plan.path, plan.encoding, plan.mapping, plan.defaults, plan.headings.row, keys)
    async with aclosing(prepare_sets(source, clock.now)) as sets:
        async for some in sets:
            async with transaction(sessions) as session:
                await _lock_running(session, progress.import_id)
                created, consents, problems = await _store_set(session, plan, progress.import_id, some, clock.now())
                refused = some.read - created
                await session.execute(
                    update(ContactImport)
                    .where(ContactImport.id == progress.import_id)
                    .values(
                        rows=ContactImport.rows + some.read,
                        created=ContactImport.created + created,
                        refused=ContactImport.refused + refused,
                        consents=ContactImport.consents + consents,
                    )
                )
            progress.rows += some.read
            progress.created += created
            progress.refused += refused
            progress.consents += consents
            progress.problems = problems
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
    session: AsyncSession, plan: Plan, import_id: UUID, some: PreparedSet, now: datetime
) -> tuple[int, int, list[Problem]]:
    """Stores the rows that are somebody new; returns how many, how many consents, and what was wrong with the rows."""
    made, refused = await store_new(session, import_id, some.rows)
    agreed = [one for one in made if one.evidence is not None]
    stopped = await find_stopped(session, agreed)
    problems = [*some.problems, *refused]
    facts = [fact for one in agreed for fact in _facts(one, plan, import_id, stopped, problems)]
    await append_consent_events(session, facts, now)
    return len(made), len(facts), sorted(problems, key=lambda problem: problem.row)


def _facts(
    one: Prepared, plan: Plan, import_id: UUID, stopped: Stopped, problems: list[Problem]
) -> Iterator[ConsentFact]:
    evidence = one.evidence
    if evidence is None:
        return
    indexes = {point.kind: point.blind_index for point in one.points}
    for channel in evidence.channels:
        if {channel, "all"} & stopped.get(one.number, frozenset()):
            reason = f"No consent was taken over for {channel}: this address was stopped."
            problems.append(Problem(one.number, "consent_channels", reason, refused=False))
            continue
        yield ConsentFact(
            event="imported",
            principal_ref=UUID(one.contact_id),
            purpose=plan.purpose,
            channel=channel,
            controller=plan.controller,
            language=one.language,
            method="import",
            actor=plan.made_by,
            effective_at=evidence.given_at,
            notice_text=plan.notice_text,
            evidence={
                "import_id": str(import_id),
                "row": one.number,
                "file_sha256": plan.file_sha256,
                "source": evidence.source,
            },
            address_hmac=indexes[ADDRESS_KINDS[channel]].hex(),
        )

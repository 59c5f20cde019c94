"""Imports people, a set of rows a transaction: what is known of anybody already is never changed.

An import that is stopped keeps the sets it has finished, and goes on behind them; `undo_import` takes them back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import Conflict, NotFound
from base.ids import new_id
from base.tables import table_of
from crm.consent.ledger import ConsentFact, append_consent_events
from crm.contacts.addresses import ADDRESS_KINDS
from crm.fields.service import find_definitions
from crm.imports.files import Headings, read_headings, sha256_of
from crm.imports.mapping import own_fields
from crm.imports.models import ContactImport, ImportProblem
from crm.imports.options import Options
from crm.imports.preparing import Prepared, PreparedSet, Source, prepare_sets
from crm.imports.rows import Problem
from crm.imports.storing import Stopped, find_stopped, store_new

CLAIM = timedelta(minutes=3)
"""How long an import is its worker's; each set that is stored prolongs it."""


class ImportEnded(Conflict):
    """This import was undone, cancelled or taken over while it ran: no more of it was stored."""

    code = "import_ended"


@dataclass(frozen=True)
class Plan:
    """How a file is taken."""

    path: Path
    headings: Headings
    mapping: Mapping[int, str]
    file_sha256: str
    made_by: str
    controller: str
    options: Options = field(default_factory=Options)

    @property
    def named_mapping(self) -> dict[str, str]:
        """Headings, each with what its column becomes; of two with one name the last."""
        return {self.headings.names[at]: target for at, target in self.mapping.items()}


@dataclass(frozen=True)
class Turn:
    """Who may write to an import now, and behind which row."""

    import_id: UUID
    claim: UUID
    after_row: int


@dataclass
class Progress:
    """What became of the rows in this turn so far."""

    import_id: UUID
    rows: int = 0
    created: int = 0
    refused: int = 0
    consents: int = 0
    problems: Sequence[Problem] = ()
    """Those of the last set."""


def plan_file(
    path: Path, mapping: Callable[[Headings], Mapping[int, str]], options: Options, *, made_by: str, controller: str
) -> Plan:
    """The plan for a file; `mapping` says what becomes of its columns.

    Raises:
        UnreadableFile: it is no table.
        InvalidMapping: the columns cannot be taken so.
    """
    headings = read_headings(path, options.encoding)
    return Plan(path, headings, mapping(headings), sha256_of(path), made_by, controller, options)


async def import_file(
    sessions: Sessions, keys: KeyRing, plan: Plan, *, clock: Clock, told: Callable[[Progress], None]
) -> Progress:
    """Imports the rows behind the headings at once; `told` hears of every set after it is stored.

    Raises:
        ImportEnded: the import was undone while it ran.
        UnreadableFile: the file is broken; the sets before that place are stored.
    """
    turn = Turn(new_id(), new_id(), plan.headings.row)
    async with transaction(sessions) as session:
        await session.execute(
            insert(ContactImport).values(
                id=turn.import_id,
                file_sha256=plan.file_sha256,
                mapping=plan.named_mapping,
                made_by=plan.made_by,
                started_at=clock.now(),
                claimed_by=turn.claim,
            )
        )
    return await carry_on(sessions, keys, plan, turn, clock=clock, told=told)


async def carry_on(
    sessions: Sessions, keys: KeyRing, plan: Plan, turn: Turn, *, clock: Clock, told: Callable[[Progress], None]
) -> Progress:
    """Imports what is left of a file.

    Raises:
        ImportEnded: the turn is over.
        UnreadableFile: the file is broken; the sets before that place are stored.
    """
    progress, began = Progress(turn.import_id), time.monotonic()
    options = plan.options
    async with sessions() as session:
        defaults = replace(options.defaults, definitions=await find_definitions(session, own_fields(plan.mapping)))
    source = Source(turn.import_id, plan.path, options.encoding, plan.mapping, defaults, turn.after_row, keys)
    async with aclosing(prepare_sets(source, clock.now)) as sets:
        async for some in sets:
            async with transaction(sessions) as session:
                await _check_turn(session, turn)
                done = await _store_set(session, plan, turn.import_id, some, clock.now())
                progress = _add(progress, done)
                seconds = max(time.monotonic() - began, 0.001)
                await _note_set(session, turn, some.last_row, done, int(progress.rows / seconds))
            told(progress)
    async with transaction(sessions) as session:
        await _check_turn(session, turn)
        await session.execute(
            update(ContactImport)
            .where(ContactImport.id == turn.import_id)
            .values(state="done", finished_at=clock.now(), claimed_until=None)
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


async def list_imports(
    session: AsyncSession, *, after: tuple[datetime, UUID] | None = None, limit: int | None = None
) -> list[ContactImport]:
    """Imports, the latest first; behind the one that `after` names."""
    key = (ContactImport.started_at, ContactImport.id)
    page = select(ContactImport).order_by(*(column.desc() for column in key)).limit(limit)
    return [*await session.scalars(page if after is None else page.where(tuple_(*key) < after))]


async def _check_turn(session: AsyncSession, turn: Turn) -> None:
    one = await get_import(session, turn.import_id)
    if one.state != "running" or one.claimed_by != turn.claim:
        raise ImportEnded


def _add(so_far: Progress, more: Progress) -> Progress:
    return Progress(
        so_far.import_id,
        so_far.rows + more.rows,
        so_far.created + more.created,
        so_far.refused + more.refused,
        so_far.consents + more.consents,
        more.problems,
    )


async def _store_set(session: AsyncSession, plan: Plan, import_id: UUID, some: PreparedSet, now: datetime) -> Progress:
    """Stores the rows that are somebody new, their consents, and what was wrong with the rows."""
    made, refused = await store_new(session, import_id, some.rows)
    agreed = [one for one in made if one.evidence is not None]
    stopped = await find_stopped(session, agreed)
    facts: list[ConsentFact] = []
    problems = [*some.problems, *refused]
    for one in agreed:
        open_to, closed = _part_channels(one, stopped)
        facts += _facts(one, plan, import_id, open_to)
        problems += closed
    problems.sort(key=lambda problem: problem.row)
    await append_consent_events(session, facts, now)
    await _save_problems(session, import_id, problems, now)
    return Progress(import_id, some.read, len(made), some.read - len(made), len(facts), problems)


async def _save_problems(session: AsyncSession, import_id: UUID, problems: Sequence[Problem], now: datetime) -> None:
    rows, before, place = [], None, 0
    for problem in problems:
        place = place + 1 if problem.row == before else 0
        before = problem.row
        rows.append(
            {
                "import_id": import_id,
                "row_number": problem.row,
                "place": place,
                "target": problem.column,
                "reason": problem.reason,
                "refused": problem.refused,
                "created_at": now,
            }
        )
    if rows:
        await session.execute(insert(table_of(ImportProblem)), rows)


async def _note_set(session: AsyncSession, turn: Turn, last_row: int, done: Progress, rows_a_second: int) -> None:
    await session.execute(
        update(ContactImport)
        .where(ContactImport.id == turn.import_id)
        .values(
            last_row=last_row,
            rows=ContactImport.rows + done.rows,
            created=ContactImport.created + done.created,
            refused=ContactImport.refused + done.refused,
            consents=ContactImport.consents + done.consents,
            problems=ContactImport.problems + len(done.problems),
            rows_a_second=rows_a_second,
            attempts=0,
            claimed_until=func.now() + CLAIM,
        )
        .execution_options(synchronize_session=False)
    )


def _part_channels(one: Prepared, stopped: Stopped) -> tuple[list[str], list[Problem]]:
    """The channels that a row's consent is for, without those that were stopped for its addresses."""
    closed = stopped.get(one.number, frozenset())
    agreed = one.evidence.channels if one.evidence else ()
    open_to = [channel for channel in agreed if not {channel, "all"} & closed]
    return open_to, [
        Problem(
            one.number,
            "consent_channels",
            f"No consent was taken over for {channel}: this address was stopped.",
            refused=False,
        )
        for channel in agreed
        if channel not in open_to
    ]


def _facts(one: Prepared, plan: Plan, import_id: UUID, channels: Sequence[str]) -> Iterator[ConsentFact]:
    assert one.evidence is not None
    indexes = {point.kind: point.blind_index for point in one.points}
    for channel in channels:
        yield ConsentFact(
            event="imported",
            principal_ref=UUID(one.contact_id),
            purpose=plan.options.purpose,
            channel=channel,
            controller=plan.controller,
            language=one.language,
            method="import",
            actor=plan.made_by,
            effective_at=one.evidence.given_at,
            notice_text=plan.options.notice_text,
            evidence={
                "import_id": str(import_id),
                "row": one.number,
                "file_sha256": plan.file_sha256,
                "source": one.evidence.source,
            },
            address_hmac=indexes[ADDRESS_KINDS[channel]].hex(),
        )

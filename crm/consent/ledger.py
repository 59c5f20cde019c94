"""The consent ledger: the only code that writes consent events, and what they come to. Never changes a row.

Recording locks the contact's row first and the chain second, and holds both until the caller's transaction ends:
do it late in a transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    any_,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import InvalidInput
from base.ids import new_id
from base.nested_rows import asked_id, asked_ids, nested
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.consent.chain import (
    GENESIS,
    SCHEMA_VERSION,
    Break,
    find_breaks,
    hash_of,
    is_recordable,
    notice_sha256,
)
from crm.consent.models import ConsentEvent, ConsentNotice
from crm.consent.principals import is_principal_of, links_of
from crm.consent.rules import (
    ALL,
    GRANTING,
    MAIN_BRAND,
    NOTHING_SAID,
    ConsentState,
    EventName,
    LedgerEntry,
    Scope,
    Standing,
    consent_for,
    fold,
)
from crm.consent.vocabulary import read_vocabulary
from crm.consent.weaving import Link, weave
from crm.contacts.models import Contact

__all__ = [
    "ALL",
    "ENTRY_COLUMNS",
    "MAIN_BRAND",
    "NOTHING_SAID",
    "ChainReport",
    "ConsentFact",
    "ConsentState",
    "Scope",
    "Standing",
    "append_consent_events",
    "consent_for",
    "consent_states",
    "events_about",
    "fold",
    "follow_up",
    "list_consent_events",
    "record_consent_event",
    "record_consent_events",
    "states_of",
    "to_entries",
    "verify_chain",
]

ENTRY_COLUMNS = (
    ConsentEvent.seq,
    ConsentEvent.id,
    ConsentEvent.event,
    ConsentEvent.purpose,
    ConsentEvent.channel,
    ConsentEvent.effective_at,
    ConsentEvent.valid_until,
    ConsentEvent.brand,
)
"""What a `LedgerEntry` is made of, in its order."""
_CHAIN_LOCK = 7_274_002  # pg_advisory_xact_lock; base.migrate has 7_274_001


class InvalidConsent(InvalidInput):
    """A consent record lacks what would make it a proof."""

    code = "invalid_consent"


@dataclass(frozen=True, kw_only=True)
class ConsentFact:
    """What happened, as the caller saw it. `evidence` holds ids and circumstances, nothing that names the person."""

    event: EventName
    principal_ref: UUID
    purpose: str
    channel: str
    controller: str
    language: str
    method: str
    actor: str
    effective_at: datetime
    lawful_basis: str = "consent"
    notice_text: str | None = None
    """The exact text that was on the person's screen; needed for `given`."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    valid_until: datetime | None = None
    address_hmac: str | None = None
    """Blind index (hex) of the address it is about."""
    brand: str | None = None
    """Of several brands the one it is about; None: the site's own, and of a withdrawal every one."""
    jurisdiction: str | None = None
    """ISO 3166 code of where the person is, such as DE or US-CA, when it is known."""


def follow_up(
    before: ConsentEvent,
    event: EventName,
    *,
    method: str,
    actor: str,
    effective_at: datetime,
    evidence: Mapping[str, Any],
) -> ConsentFact:
    """What became of an event: about the same person, purpose, channel, address, brand and place. Shows no text."""
    return ConsentFact(
        event=event,
        principal_ref=before.principal_ref,
        purpose=before.purpose,
        channel=before.channel,
        controller=before.controller,
        language=before.language,
        method=method,
        actor=actor,
        effective_at=effective_at,
        evidence=evidence,
        address_hmac=before.address_hmac,
        brand=before.brand,
        jurisdiction=before.jurisdiction,
    )


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The ledger's length and last hash; keep `head` elsewhere, a cut-off end shows only by comparing it."""

    length: int
    head: str
    breaks: tuple[Break, ...]

    @property
    def is_intact(self) -> bool:
        return not self.breaks


async def record_consent_event(session: AsyncSession, fact: ConsentFact, now: datetime) -> ConsentEvent:
    """Appends one event to the ledger, with the text that was shown.

    Raises:
        InvalidConsent: a consent that names no purpose, channel or text, or a time without a zone.
    """
    return (await record_consent_events(session, [fact], now))[0]


async def record_consent_events(
    session: AsyncSession, facts: Sequence[ConsentFact], now: datetime
) -> Sequence[ConsentEvent]:
    """Appends events in their order, in one statement however many they are: for nightly work.

    Raises:
        InvalidConsent: as `record_consent_event`; then none of them is recorded.
    """
    rows = await _chain(session, facts, now)
    if not rows:
        return []
    inserted = await session.scalars(
        insert(ConsentEvent).returning(ConsentEvent, sort_by_parameter_order=True),
        rows,
    )
    return inserted.all()


async def append_consent_events(session: AsyncSession, facts: Sequence[ConsentFact], now: datetime) -> None:
    """The same without reading them back, which for thousands of events is most of the work: for imports.

    Raises:
        InvalidConsent: as `record_consent_events`.
    """
    if rows := await _chain(session, facts, now):
        await session.execute(_APPEND, rows_of(rows))


_APPEND = insert_rows(
    table_of(ConsentEvent), [column.name for column in table_of(ConsentEvent).c if column.name != "seq"]
)


async def lock_ledger(session: AsyncSession, *contact_ids: UUID) -> None:
    """Until the transaction ends, nobody else appends to the ledger or claims a message to these contacts."""
    # In a fixed order, so that two transactions with the same contacts cannot wait for each other.
    await session.execute(
        select(Contact.id).where(Contact.id.in_(contact_ids)).order_by(Contact.id).with_for_update(key_share=True)
    )
    await session.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))


async def consent_states(
    session: AsyncSession,
    contact_ids: Iterable[UUID],
    now: datetime,
    *,
    brand: str = MAIN_BRAND,
    purposes: Collection[str] | None = None,
) -> dict[UUID, dict[Scope, ConsentState]]:
    """The state of many contacts in one query; read each with `consent_for`. Every contact asked for is a key.

    Args:
        purposes: to read only what decides about these; what is told of any other is then not to be relied on.
    """
    wanted = list(dict.fromkeys(contact_ids))
    if not wanted:
        return {}
    given: dict[str, Any] = {"purposes": None if purposes is None else list(purposes)}
    connection = await session.connection()
    if len(wanted) == 1:
        rows = await connection.execute(_SAID_BY_ONE, {"contact_id": wanted[0], **given})
    else:
        rows = await connection.execute(_SAID_BY_SEVERAL, {"contact_ids": wanted, **given})
    return {row.id: states_of(row.id, row.events, row.links, now, brand=brand) for row in rows}


def events_about(contact_id: ColumnElement[UUID], *, purposes: str = "purposes") -> Select[*tuple[Any, ...]]:
    """The ledger's events about the contact of a statement's row, to be part of it, for `states_of`.

    Args:
        purposes: the parameter that names those that are asked about; None there asks about all.
    """
    asked = ConsentEvent.purpose == any_(bindparam(purposes, type_=ARRAY(Text())))
    about_them = or_(func.coalesce(asked, literal_column("true")), ConsentEvent.purpose == literal(ALL, Text()))
    return (
        select(ConsentEvent.principal_ref, *ENTRY_COLUMNS)
        .where(is_principal_of(ConsentEvent.principal_ref, contact_id), about_them)
        .correlate(contact_id.table)
    )


def states_of(
    contact_id: UUID,
    events: Sequence[Sequence[Any]] | None,
    links: Sequence[Sequence[Any]] | None,
    now: datetime,
    *,
    brand: str = MAIN_BRAND,
) -> dict[Scope, ConsentState]:
    """What `events_about` a contact and `principals.links_of` it, as nested rows, come to."""
    if not events:
        return {}
    said = ((UUID(principal), _entry(columns)) for principal, *columns in events)
    joined = [Link(UUID(principal), UUID(other), seq) for principal, other, seq in links or ()]
    states = fold(weave(contact_id, said, joined), brand)
    return {scope: state.at(now) for scope, state in states.items()}


def _entry(columns: Sequence[Any]) -> LedgerEntry:
    """Of `ENTRY_COLUMNS` as JSON has them."""
    seq, event_id, event, purpose, channel, effective_at, valid_until, brand = columns
    until = None if valid_until is None else datetime.fromisoformat(valid_until)
    return LedgerEntry(seq, UUID(event_id), event, purpose, channel, datetime.fromisoformat(effective_at), until, brand)


def _said_by(asked: FromClause) -> Select[*tuple[Any, ...]]:
    contact_id = asked.c.id
    return select(
        contact_id, nested(events_about(contact_id)).label("events"), nested(links_of(contact_id)).label("links")
    )


_SAID_BY_ONE = _said_by(asked_id("contact_id"))
_SAID_BY_SEVERAL = _said_by(asked_ids("contact_ids"))


def to_entries(events: Iterable[ConsentEvent]) -> list[LedgerEntry]:
    """What of whole events decides about consent, to be folded."""
    return [LedgerEntry(*(getattr(event, column.key) for column in ENTRY_COLUMNS)) for event in events]


async def list_consent_events(session: AsyncSession, contact_id: UUID) -> list[tuple[ConsentEvent, str | None]]:
    """A contact's events, oldest first, each with the text that was shown; also of those it was merged with.

    What they come to is told by `consent_states`.
    """
    rows = await session.execute(
        select(ConsentEvent, ConsentNotice.text)
        .outerjoin(ConsentNotice, ConsentNotice.sha256 == ConsentEvent.notice_sha256)
        .where(is_principal_of(ConsentEvent.principal_ref, contact_id))
        .order_by(ConsentEvent.seq)
    )
    return [(event, text) for event, text in rows]


async def verify_chain(session: AsyncSession) -> ChainReport:
    """Reads the whole ledger and the texts it points to, and reports every place that is not as it was written."""
    breaks: list[Break] = []
    length, head = 0, GENESIS
    # Columns, not objects: an object the session already holds would hide what the table says now.
    events = await session.stream(
        select(*ConsentEvent.__table__.c).order_by(ConsentEvent.seq).execution_options(yield_per=1_000)
    )
    async for event in events.mappings():
        breaks.extend(find_breaks({**event}, head))
        length, head = length + 1, event["hash"]
    notices = await session.stream(select(*ConsentNotice.__table__.c).execution_options(yield_per=1_000))
    breaks += [
        Break(None, f"The consent text {notice['sha256'][:12]} was changed after it was written")
        async for notice in notices.mappings()
        if notice["sha256"] != notice_sha256(notice["language"], notice["text"])
    ]
    return ChainReport(length, head, tuple(breaks))


async def _chain(session: AsyncSession, facts: Sequence[ConsentFact], now: datetime) -> list[dict[str, Any]]:
    """The rows of checked facts, each with the hash of the one before. Nobody else appends until they are committed."""
    for fact in facts:
        _check(fact)
    if not facts:
        return []
    await lock_ledger(session, *{fact.principal_ref for fact in facts})
    await _keep_notices(session, facts, now)
    last = select(ConsentEvent.hash).order_by(ConsentEvent.seq.desc()).limit(1).scalar_subquery()
    recorded_at, previous = (await session.execute(select(func.clock_timestamp(), last))).one()
    rows: list[dict[str, Any]] = []
    for fact in facts:
        row = _row_of(fact, recorded_at, previous or GENESIS)
        row["hash"] = previous = hash_of(row)
        rows.append(row)
    return rows


def _check(fact: ConsentFact) -> None:
    if fact.event in GRANTING and ALL in (fact.purpose, fact.channel, fact.brand):
        raise InvalidConsent("A consent must name its purpose, channel and brand: record one event for each.")
    if fact.event == "given" and not fact.notice_text:
        raise InvalidConsent("A consent needs the exact text that was shown.")
    if not is_recordable(dict(fact.evidence)):
        raise InvalidConsent("The evidence of a consent may hold texts, whole numbers, true and false, nothing else.")
    if any(at is not None and at.tzinfo is None for at in (fact.effective_at, fact.valid_until)):
        raise InvalidConsent("The times of a consent need a time zone.")


def _row_of(fact: ConsentFact, recorded_at: datetime, previous: str) -> dict[str, Any]:
    vocabulary = read_vocabulary()
    valid_until = fact.valid_until
    if valid_until is None and fact.event in GRANTING:
        lasts = vocabulary.lasts(fact.purpose)
        valid_until = None if lasts is None else fact.effective_at + lasts
    return {
        "id": new_id(),
        "schema_version": SCHEMA_VERSION,
        "event": fact.event,
        "principal_ref": fact.principal_ref,
        "address_hmac": fact.address_hmac,
        "purpose": fact.purpose,
        "channel": fact.channel,
        "controller": fact.controller,
        "lawful_basis": fact.lawful_basis,
        "notice_sha256": None if fact.notice_text is None else notice_sha256(fact.language, fact.notice_text),
        "language": fact.language,
        "method": fact.method,
        "evidence": dict(fact.evidence),
        "actor": fact.actor,
        "effective_at": fact.effective_at,
        "recorded_at": recorded_at,
        "valid_until": valid_until,
        "prev_hash": previous,
        "brand": fact.brand,
        "purposes": vocabulary.iris_of(fact.purpose),
        "data_categories": vocabulary.data_of(fact.purpose, fact.channel),
        "jurisdiction": fact.jurisdiction,
    }


async def _keep_notices(session: AsyncSession, facts: Sequence[ConsentFact], now: datetime) -> None:
    shown = {(fact.language, fact.notice_text) for fact in facts if fact.notice_text is not None}
    if not shown:
        return
    rows = [
        {"sha256": notice_sha256(language, text), "language": language, "text": text, "created_at": now}
        for language, text in sorted(shown)
    ]
    await session.execute(upsert(ConsentNotice).on_conflict_do_nothing(index_elements=["sha256"]), rows)

"""Finds the enrolments that have to end now because of what their contact did meanwhile. Reads only.

Most people did nothing: who may have is found by indexes alone, and only they are looked at closely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Text, any_, case, exists, literal, null, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from base.nested_rows import asked_ids
from crm.consent.ledger import ConsentState, Scope, consent_for, consent_states
from crm.consent.models import ConsentEvent, PrincipalLink, Suppression
from crm.consent.suppression import list_suppressions
from crm.contacts.models import Contact, ContactPoint
from outreach.conditions_sql import compile_condition
from outreach.definitions import JourneyDefinition
from outreach.library import Library
from outreach.models import OutboxMessage
from outreach.neighbours import conversations, messages

_ARRIVED = ("accepted", "delivered", "read", "unknown")


@dataclass(frozen=True, slots=True)
class _Known:
    suppressed: Mapping[UUID, Mapping[str, str]]
    consents: Mapping[UUID, Mapping[Scope, ConsentState]]
    handed_off: frozenset[UUID]
    replied: frozenset[UUID]


class Standing(Protocol):
    """An enrolment as far as it is asked about here."""

    @property
    def id(self) -> UUID: ...
    @property
    def journey(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def contact_id(self) -> UUID: ...


async def find_leavers(
    session: AsyncSession,
    library: Library,
    rows: Sequence[Standing],
    definitions: Mapping[tuple[str, str], JourneyDefinition],
    now: datetime,
) -> dict[UUID, str]:
    """The reason to end, by enrolment, for those that have one: `exit_when` first, then `exit_if` in its order."""
    suspects = set(await session.scalars(_SUSPECTS, {"ids": list({row.contact_id for row in rows})}))
    asks_replies = {version for version, definition in definitions.items() if "replied" in definition.exit_when}
    looked_at = [row for row in rows if row.contact_id in suspects or (row.journey, row.version) in asks_replies]
    known = await _read_known(session, looked_at, now)
    leaving = {row.id: "step_missing" for row in rows if not _has_step(row, definitions)}
    for row in looked_at:
        if row.id not in leaving:
            reason = _reason(row, definitions[row.journey, row.version], known)
            leaving |= {row.id: reason} if reason is not None else {}
    staying = [row for row in rows if row.id not in leaving]
    return leaving | await find_changed(session, library, staying, definitions, now)


async def find_changed(
    session: AsyncSession,
    library: Library,
    rows: Sequence[Standing],
    definitions: Mapping[tuple[str, str], JourneyDefinition],
    now: datetime,
) -> dict[UUID, str]:
    """The outcome by `exit_if`, for those whose contact is as one of its conditions says."""
    by_version: dict[tuple[str, str], list[Standing]] = {}
    for row in rows:
        definition = definitions.get((row.journey, row.version))
        if definition is not None and definition.exit_if:
            by_version.setdefault((row.journey, row.version), []).append(row)
    found: dict[UUID, str] = {}
    for version, some in by_version.items():
        statement = library.statement(("exit_if", *version), partial(_exit_if, definitions[version]))
        rows_found = await session.execute(statement, {"ids": [row.contact_id for row in some], "now": now})
        outcomes = {one.id: one.outcome for one in rows_found}
        found |= {row.id: outcomes[row.contact_id] for row in some if outcomes.get(row.contact_id) is not None}
    return found


async def _read_known(session: AsyncSession, rows: Sequence[Standing], now: datetime) -> _Known:
    contact_ids = sorted({row.contact_id for row in rows})
    if not contact_ids:
        return _Known({}, {}, frozenset(), frozenset())
    return _Known(
        await list_suppressions(session, contact_ids),
        await consent_states(session, contact_ids, now),
        await _handed_off(session, contact_ids),
        await _replied(session, contact_ids, [row.id for row in rows]),
    )


def _exit_if(definition: JourneyDefinition) -> Any:
    asked = asked_ids("ids")
    whens = [(compile_condition(rule.condition), literal(rule.outcome, Text())) for rule in definition.exit_if]
    outcome = case(*whens, else_=null()).label("outcome")
    return select(Contact.id, outcome).join(asked, asked.c.id == Contact.id)


def _suspects_statement() -> Any:
    """Contacts whose ledger has a no, or was joined from several; who are suppressed or with a colleague."""
    asked = asked_ids("ids")
    own = asked.c.id
    stopped = exists().where(Suppression.contact_id == own)
    address = exists().where(ContactPoint.contact_id == own, Suppression.blind_index == ContactPoint.blind_index)
    joined = exists().where(PrincipalLink.contact_id == own)
    said_no = exists().where(
        ConsentEvent.principal_ref == own, ConsentEvent.event == any_(literal(["refused", "withdrawn"], ARRAY(Text())))
    )
    taken_over = exists().where(conversations.c.contact_id == own, conversations.c.status == "handed_off")
    return select(own).where(or_(stopped, address, joined, said_no, taken_over))


_SUSPECTS = _suspects_statement()


def _has_step(row: Standing, definitions: Mapping[tuple[str, str], JourneyDefinition]) -> bool:
    definition = definitions.get((row.journey, row.version))
    return definition is not None and row.step in definition.steps


def _reason(row: Standing, definition: JourneyDefinition, known: _Known) -> str | None:
    channels = definition.send_channels()
    suppressed = known.suppressed.get(row.contact_id, {}).keys()
    states = known.consents.get(row.contact_id, {})
    holds = {
        "opted_out": "all" in suppressed or (bool(channels) and channels <= suppressed),
        "consent_withdrawn": any(
            consent_for(states, definition.purpose, channel).state == "withdrawn" for channel in channels
        ),
        "handed_off": row.contact_id in known.handed_off,
        "replied": row.id in known.replied,
    }
    return next((event for event in definition.exit_when if holds.get(event)), None)


async def _handed_off(session: AsyncSession, contact_ids: Sequence[UUID]) -> frozenset[UUID]:
    talks = select(conversations.c.contact_id).where(
        conversations.c.contact_id.in_(contact_ids), conversations.c.status == "handed_off"
    )
    return frozenset(await session.scalars(talks))


async def _replied(
    session: AsyncSession, contact_ids: Sequence[UUID], enrolment_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Those whose contact wrote to us after a message of this enrolment had gone out."""
    answered = exists().where(
        messages.c.conversation_id == conversations.c.id,
        conversations.c.contact_id == OutboxMessage.contact_id,
        messages.c.author == "visitor",
        messages.c.kind != "start",
        messages.c.created_at > OutboxMessage.claimed_at,
    )
    sent = select(OutboxMessage.enrolment_id).where(
        # By the contact, for which there is an index.
        OutboxMessage.contact_id.in_(contact_ids),
        OutboxMessage.enrolment_id.in_(enrolment_ids),
        OutboxMessage.state.in_(_ARRIVED),
        answered,
    )
    return frozenset(found for found in await session.scalars(sent) if found is not None)

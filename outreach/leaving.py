"""Finds the enrolments that have to end now because of what their contact did meanwhile. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.ledger import ConsentState, Scope, consent_for, consent_states
from crm.consent.suppression import list_suppressions
from outreach.definitions import JourneyDefinition
from outreach.models import OutboxMessage
from outreach.neighbours import conversations, messages

_ARRIVED = ("accepted", "delivered", "unknown")


@dataclass(frozen=True, slots=True)
class _Known:
    suppressed: Mapping[UUID, Mapping[str, str]]
    consents: Mapping[UUID, Mapping[Scope, ConsentState]]
    handed_off: frozenset[UUID]
    replied: frozenset[UUID]


async def find_leavers(
    session: AsyncSession, rows: Sequence[Any], definitions: Mapping[tuple[str, str], JourneyDefinition], now: datetime
) -> dict[UUID, str]:
    """The reason to end, by enrolment, for those that have one.

    Args:
        rows: enrolments with `id`, `journey`, `version` and `contact_id`.
    """
    contact_ids = sorted({row.contact_id for row in rows})
    known = _Known(
        await list_suppressions(session, contact_ids),
        await consent_states(session, contact_ids, now),
        await _handed_off(session, contact_ids),
        await _replied(session, [row.id for row in rows]),
    )
    found = {row.id: _reason(row, definitions.get((row.journey, row.version)), known) for row in rows}
    return {enrolment_id: reason for enrolment_id, reason in found.items() if reason is not None}


def _reason(row: Any, definition: JourneyDefinition | None, known: _Known) -> str | None:
    if definition is None or row.step not in definition.steps:
        return "step_missing"
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


async def _replied(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those whose contact wrote to us after a message of this enrolment had gone out."""
    answered = exists().where(
        messages.c.conversation_id == conversations.c.id,
        conversations.c.contact_id == OutboxMessage.contact_id,
        messages.c.author == "visitor",
        messages.c.kind != "start",
        messages.c.created_at > OutboxMessage.claimed_at,
    )
    sent = select(OutboxMessage.enrolment_id).where(
        OutboxMessage.enrolment_id.in_(enrolment_ids), OutboxMessage.state.in_(_ARRIVED), answered
    )
    return frozenset(found for found in await session.scalars(sent) if found is not None)

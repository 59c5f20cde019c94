"""One opt-out of one scope, as a person's words gave it: ledger, suppressions and timeline, with what it changed.

In the caller's transaction. Cancelling what is queued is the caller's part (outreach).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.ledger import consent_states, lock_ledger
from crm.consent.rules import ALL
from crm.consent.stop_scope import StopScope
from crm.consent.suppression import find_suppressions, list_suppressions
from crm.consent.withdrawal import Withdrawn, withdraw, withdraw_purpose


@dataclass(frozen=True, slots=True)
class OptOutRequest:
    """Who opts out of what, and how it is known. `evidence` must hold the `id` of the message that asked."""

    contact_id: UUID
    scope: StopScope
    method: str
    evidence: Mapping[str, Any]
    controller: str
    language: str
    conversation_id: UUID | None


@dataclass(frozen=True, slots=True)
class OptedOut:
    """What an opt-out changed.

    Attributes:
        events: its events in the ledger; never empty.
        suppressions: rows that were not there before.
        consents: events whose consent stood until then.
        suppressed: channels that were stopped before.
    """

    events: tuple[UUID, ...]
    suppressions: tuple[UUID, ...]
    consents: tuple[UUID, ...]
    suppressed: tuple[str, ...]

    def before(self) -> dict[str, Any]:
        """As a review keeps it."""
        return {
            "suppressed": list(self.suppressed),
            "consents": [str(one) for one in self.consents],
            "events": [str(one) for one in self.events],
            "made": [str(one) for one in self.suppressions],
        }


async def opt_out(session: AsyncSession, request: OptOutRequest, now: datetime) -> OptedOut:
    """Stops the scope. Each opt-out is an event of its own in the ledger, also when all of it was stopped before.

    Raises:
        InvalidConsent: the evidence has no id.
    """
    await lock_ledger(session, request.contact_id)
    held = await find_suppressions(session, request.contact_id)
    given = await _given(session, request.contact_id, now)
    withdrawn = await _withdraw(session, request, now)
    made = await find_suppressions(session, request.contact_id)
    still = await _given(session, request.contact_id, now)
    return OptedOut(
        events=tuple(one.event_id for one in withdrawn),
        suppressions=tuple(sorted(made.keys() - held.keys())),
        consents=tuple(sorted(given.keys() - still.keys())),
        suppressed=tuple(sorted({channel for channel, _ in held.values()})),
    )


async def is_stopped_already(session: AsyncSession, contact_id: UUID, scope: StopScope, now: datetime) -> bool:
    """Whether the person had stopped all of this before."""
    suppressed = (await list_suppressions(session, [contact_id]))[contact_id]
    consents = (await consent_states(session, [contact_id], now))[contact_id]
    return scope.is_covered(suppressed, consents)


async def _withdraw(session: AsyncSession, request: OptOutRequest, now: datetime) -> list[Withdrawn]:
    channels = request.scope.channels or (ALL,)
    if request.scope.purpose == ALL:
        return [
            await withdraw(
                session,
                contact_id=request.contact_id,
                channel=channel,
                purpose=ALL,
                method=request.method,
                evidence=request.evidence,
                actor="subject",
                controller=request.controller,
                language=request.language,
                conversation_id=request.conversation_id,
                now=now,
            )
            for channel in channels
        ]
    return [
        await withdraw_purpose(
            session,
            contact_id=request.contact_id,
            purpose=request.scope.purpose,
            channel=channel,
            method=request.method,
            evidence=request.evidence,
            controller=request.controller,
            language=request.language,
            conversation_id=request.conversation_id,
            now=now,
        )
        for channel in channels
    ]


async def _given(session: AsyncSession, contact_id: UUID, now: datetime) -> dict[UUID, tuple[str, str]]:
    """The consents that stand: the event that gave each, with its purpose and channel."""
    states = (await consent_states(session, [contact_id], now))[contact_id]
    return {
        state.event_id: scope
        for scope, state in states.items()
        if state.state == "given" and state.event_id is not None
    }

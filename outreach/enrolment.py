"""Puts contacts into journeys and takes them out again. Runs in the caller's transaction; advances nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import InvalidInput
from crm.contacts.models import Contact
from outreach.decisions import SERVICE_PURPOSES
from outreach.definitions import JourneyDefinition
from outreach.entering import Entrant, enter
from outreach.landing import Places, go_live
from outreach.library import Library
from outreach.models import Enrolment, JourneyVersion, OutboxMessage
from outreach.reasons import reason_in_words
from outreach.trail import Happened, Move, Moves, record_all

_log = structlog.get_logger(__name__)


async def publish_journeys(
    session: AsyncSession,
    compiled: Mapping[str, Mapping[str, Any]],
    now: datetime,
    *,
    places: Places | None = None,
) -> None:
    """Makes these versions the ones new enrolments follow; who is under way stays on their own, or lands on them if the
    journey's `version_policy` is `follow`.

    Args:
        compiled: what `flows.compiler.compile_journeys` gives.
        places: by journey, where people on steps that are gone land, if not on the nearest place.

    Raises:
        InvalidInput: a journey cannot be read; nothing is published.
    """
    definitions = {name: read_definition(name, content) for name, content in compiled.items()}
    for name, definition in sorted(definitions.items()):
        version = {
            "journey": name,
            "version": definition.version,
            "definition": dict(compiled[name]),
            "published_at": now,
        }
        await session.execute(insert(JourneyVersion).values(version).on_conflict_do_nothing())
        await go_live(session, definition, now, places=(places or {}).get(name))


def read_definition(journey: str, content: Mapping[str, Any]) -> JourneyDefinition:
    """A compiled journey, checked.

    Raises:
        InvalidInput: it cannot be read, has a step of an unknown kind, or loses people.
    """
    try:
        return JourneyDefinition.model_validate(content)
    except ValidationError as error:
        raise InvalidInput(f"The journey {journey} cannot be published: {error.errors()[0]['msg']}.") from error


async def enrol(
    session: AsyncSession,
    *,
    journey: str,
    contact_id: UUID,
    conversation_id: UUID | None,
    now: datetime,
    library: Library | None = None,
) -> bool:
    """Puts a contact into a journey's live version, where one begins who is put in by hand.

    Returns:
        Whether the contact is newly in it: False when its rules keep them out (`entering` says which), or when there
        is no such journey (which is logged: the flow that names it was published without it).
    """
    known = library or Library()
    live = (await known.live(session, [journey])).get(journey)
    if live is None:
        _log.error("journey_unknown", journey=journey)
        return False
    entered = await enter(session, known, live, [Entrant(contact_id, conversation_id)], now)
    return contact_id in entered.contact_ids


async def exit_all(
    session: AsyncSession, contact_id: UUID, reason: str, now: datetime, *, promotion_only: bool = False
) -> int:
    """Ends every journey the contact is in, or all but service; returns how many."""
    await _hold(session, contact_id)
    active = [Enrolment.contact_id == contact_id, Enrolment.state == "active"]
    if promotion_only:
        service = select(JourneyVersion.journey).where(
            JourneyVersion.journey == Enrolment.journey,
            JourneyVersion.version == Enrolment.version,
            JourneyVersion.definition["purpose"].astext.in_(SERVICE_PURPOSES),
        )
        active.append(~service.exists())
    ended = await session.execute(
        update(Enrolment)
        .where(*active)
        .values(state="exited", due_at=None, parked_due_at=None, exit_reason=reason, updated_at=now)
        .returning(Enrolment.journey, Enrolment.step, Enrolment.conversation_id)
        .execution_options(synchronize_session=False)
    )
    events: list[Happened] = []
    moves = Moves()
    for journey, step, conversation_id in ended:
        events.append(Happened("journey_exited", contact_id, conversation_id, {"journey": journey, "reason": reason}))
        moves.add(journey, [Move(step, None, None, reason)])
    await record_all(session, [*events, *moves.take()], now)
    return len(events)


async def cancel_planned(
    session: AsyncSession,
    contact_id: UUID,
    reason: str,
    now: datetime,
    *,
    channel: str | None = None,
    promotion_only: bool = False,
) -> int:
    """Withdraws the contact's messages that have not been claimed for sending, on one channel or all.

    Takes the contact's row first, as the claim does: either the claim sees this cancellation or this waits for it.
    What was claimed before is asked about once more before the wire; if that was already past, it cannot be called
    back: the timeline tells that it was under way.

    Returns:
        How many were withdrawn.
    """
    await _hold(session, contact_id)
    meant = [OutboxMessage.contact_id == contact_id]
    if channel is not None:
        meant.append(OutboxMessage.channel == channel)
    if promotion_only:
        meant.append(OutboxMessage.purpose.not_in(SERVICE_PURPOSES))
    await _tell_under_way(session, meant, contact_id, reason, now)
    statement = update(OutboxMessage).where(*meant, OutboxMessage.state.in_(("planned", "deferred")))
    values = {"state": "cancelled", "reason_rule": reason, "reason": reason_in_words(reason), "updated_at": now}
    cancelled = await session.execute(
        statement.values(**values).returning(OutboxMessage.id).execution_options(synchronize_session=False)
    )
    return len(cancelled.all())


async def _tell_under_way(
    session: AsyncSession, meant: Sequence[ColumnElement[bool]], contact_id: UUID, reason: str, now: datetime
) -> None:
    """Notes what was on its way when it was to be cancelled; what is said in a talk stands in the talk."""
    rows = await session.execute(
        select(OutboxMessage.id, OutboxMessage.channel, OutboxMessage.conversation_id).where(
            *meant, OutboxMessage.state == "sending", OutboxMessage.message_id.is_(None)
        )
    )
    events = [
        Happened(
            "message_under_way",
            contact_id,
            row.conversation_id,
            {"outbox_id": str(row.id), "channel": row.channel, "reason": reason},
        )
        for row in rows
    ]
    await record_all(session, events, now)


async def _hold(session: AsyncSession, contact_id: UUID) -> bool:
    """Takes the contact's row, which everybody takes before rows that belong to it; whether there is such a contact."""
    held = select(Contact.id).where(Contact.id == contact_id).with_for_update(key_share=True)
    return await session.scalar(held) is not None

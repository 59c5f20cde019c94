"""Puts contacts into journeys and takes them out again. Runs in the caller's transaction; advances nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import InvalidInput
from base.ids import new_id
from crm.contacts.models import Contact
from outreach.decisions import SERVICE_PURPOSES
from outreach.definitions import JourneyDefinition
from outreach.models import Enrolment, Journey, JourneyVersion, OutboxMessage
from outreach.reasons import reason_in_words
from outreach.trail import Happened, record_all

_log = structlog.get_logger(__name__)


async def publish_journeys(session: AsyncSession, compiled: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Makes these versions the ones new enrolments follow; who is under way stays on their own.

    Args:
        compiled: what `flows.compiler.compile_journeys` gives.

    Raises:
        InvalidInput: a journey cannot be read; nothing is published.
    """
    for name, content in compiled.items():
        try:
            JourneyDefinition.model_validate(content)
        except ValidationError as error:
            raise InvalidInput(f"The journey {name} cannot be published: {error.errors()[0]['msg']}.") from error
    for name, content in sorted(compiled.items()):
        version = {"journey": name, "version": content["version"], "definition": dict(content), "published_at": now}
        await session.execute(insert(JourneyVersion).values(version).on_conflict_do_nothing())
        live = {"live_version": content["version"], "updated_at": now}
        await session.execute(
            insert(Journey).values(id=name, **live).on_conflict_do_update(index_elements=["id"], set_=live)
        )


async def enrol(
    session: AsyncSession, *, journey: str, contact_id: UUID, conversation_id: UUID | None, now: datetime
) -> bool:
    """Puts a contact on the first step of a journey's live version.

    Returns:
        Whether the contact is newly in it: False when already in, or was and may not come again, or when there is
        no such journey (which is logged: the flow that names it was published without it).
    """
    definition = await _find_live(session, journey)
    if definition is None:
        _log.error("journey_unknown", journey=journey)
        return False
    # Two enrolments of one contact at once: the second waits here and then sees the first.
    if not await _hold(session, contact_id):
        return False
    before = select(Enrolment.id).where(Enrolment.journey == journey, Enrolment.contact_id == contact_id).limit(1)
    if definition.re_entry == "never" and await session.scalar(before) is not None:
        return False
    first = definition.steps[definition.first]
    statement = insert(Enrolment).values(
        id=new_id(),
        journey=journey,
        version=definition.version,
        contact_id=contact_id,
        conversation_id=conversation_id,
        step=definition.first,
        arrivals=1,
        due_at=now + timedelta(seconds=first.seconds),
        entered_at=now,
        updated_at=now,
    )
    active = statement.on_conflict_do_nothing(
        index_elements=["journey", "contact_id"], index_where=text("state = 'active'")
    )
    if await session.scalar(active.returning(Enrolment.id)) is None:
        return False
    event = Happened("enrolled", contact_id, conversation_id, {"journey": journey, "name": definition.name})
    await record_all(session, [event], now)
    return True


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
        .values(state="exited", due_at=None, exit_reason=reason, updated_at=now)
        .returning(Enrolment.journey, Enrolment.conversation_id)
        .execution_options(synchronize_session=False)
    )
    events = [
        Happened("journey_exited", contact_id, conversation_id, {"journey": journey, "reason": reason})
        for journey, conversation_id in ended
    ]
    await record_all(session, events, now)
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


async def _find_live(session: AsyncSession, journey: str) -> JourneyDefinition | None:
    live = (
        select(JourneyVersion.definition)
        .join(Journey, (Journey.id == JourneyVersion.journey) & (Journey.live_version == JourneyVersion.version))
        .where(Journey.id == journey)
    )
    content = await session.scalar(live)
    return None if content is None else JourneyDefinition.model_validate(content)

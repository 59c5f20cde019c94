"""What providers report of messages that left, written in any order with the same end. Sends nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.channel_contract import Reported
from base.delivery_states import NOT_KNOWN_TO_HAVE_LEFT, states_below
from crm.consent.suppression import suppress
from crm.contacts.models import ContactPoint
from outreach.models import OutboxMessage
from outreach.put_off import plan_again
from outreach.trail import Happened, record_all

_log = structlog.get_logger(__name__)

VOICEMAIL = "voicemail"
"""Rule of a report that a message was left with somebody's mailbox."""


async def write_report(session: AsyncSession, channel: str, report: Reported, now: datetime) -> bool:
    """Raises the message's state if the report says that it got further; buries a dead address.

    Returns:
        False when no message of ours is meant, or none of this channel's.
    """
    row = await _find(session, channel, report)
    if row is None:
        _log.warning("report_of_no_message", channel=channel, state=report.state)
        return False
    values: dict[str, object] = {"state": report.state, "updated_at": now}
    if report.state == "undelivered":
        values |= {"reason_rule": report.rule or "undelivered", "reason": report.reason}
    elif report.state in ("delivered", "read"):
        values |= {"reason_rule": None, "reason": None}
    if report.message_provider_id is not None:
        values["provider_id"] = report.message_provider_id
    if row.state in states_below(report.state):
        await session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == row.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        await record_all(session, _what_happened(channel, row, report), now)
        if report.put_off and await plan_again(session, row.id, now):
            _log.info("message_put_off", outbox_id=str(row.id), channel=channel)
    if report.dead_address or report.opted_out:
        await _stop(session, channel, row, report, now)
    return True


def _what_happened(channel: str, row: Any, report: Reported) -> list[Happened]:
    """That it left, where this report is the first we hear of it, and what became of it.

    What is said in a talk stands in the talk; the timeline tells of it only when it did not arrive.
    """
    events: list[Happened] = []
    if row.message_id is None and row.state in NOT_KNOWN_TO_HAVE_LEFT:
        events.append(_event("message_sent", channel, row, journey=row.journey, step=row.step))
    if report.state == "undelivered" or (row.message_id is None and report.state != "accepted"):
        events.append(_event(f"message_{report.state}", channel, row, rule=report.rule, reason=report.reason))
    return events


def _event(kind: str, channel: str, row: Any, **more: str | None) -> Happened:
    told = {name: value for name, value in more.items() if value is not None}
    return Happened(kind, row.contact_id, row.conversation_id, {"outbox_id": str(row.id), "channel": channel, **told})


async def _find(session: AsyncSession, channel: str, report: Reported) -> Any:
    meant: ColumnElement[bool]
    if report.outbox_id is not None:
        meant = OutboxMessage.id == report.outbox_id
    elif report.message_provider_id is not None:
        meant = OutboxMessage.provider_id == report.message_provider_id
    else:
        return None
    found = await session.execute(
        select(
            OutboxMessage.id,
            OutboxMessage.state,
            OutboxMessage.journey,
            OutboxMessage.step,
            OutboxMessage.contact_id,
            OutboxMessage.conversation_id,
            OutboxMessage.contact_point_id,
            OutboxMessage.message_id,
        )
        .where(OutboxMessage.channel == channel, meant)
        .with_for_update()
    )
    return found.first()


async def _stop(session: AsyncSession, channel: str, row: Any, report: Reported, now: datetime) -> None:
    """Nothing more goes by this channel: to the address where it is known, and where the person said so, to them."""
    targets: list[UUID | bytes] = []
    if row.contact_point_id is not None:
        index = await session.scalar(select(ContactPoint.blind_index).where(ContactPoint.id == row.contact_point_id))
        targets += [] if index is None else [index]
    if report.opted_out or not targets:
        targets.append(row.contact_id)
    rule = f"{channel}_provider_stop" if report.opted_out else report.rule or "undeliverable"
    if await suppress(session, targets, channel, rule, now) and report.opted_out:
        _log.error("provider_knew_of_a_stop", outbox_id=str(row.id), channel=channel)

"""What providers report of messages that left, written in any order with the same end. Sends nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.channel_contract import Reported
from base.delivery_states import states_below
from crm.consent.suppression import suppress
from crm.contacts.models import ContactPoint
from outreach.models import OutboxMessage
from outreach.trail import Happened, record_all

_log = structlog.get_logger(__name__)


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
    raised = await session.scalar(
        update(OutboxMessage)
        .where(OutboxMessage.id == row.id, OutboxMessage.state.in_(states_below(report.state)))
        .values(**values)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    # What is said in a talk stands in the talk; the timeline tells of it only when it did not arrive.
    told = report.state == "undelivered" or (row.message_id is None and report.state != "accepted")
    if raised is not None and told:
        data = {"outbox_id": str(row.id), "channel": channel, "rule": report.rule, "reason": report.reason}
        named = {name: value for name, value in data.items() if value is not None}
        await record_all(
            session, [Happened(f"message_{report.state}", row.contact_id, row.conversation_id, named)], now
        )
    if report.dead_address or report.opted_out:
        await _stop(session, channel, row, report, now)
    return True


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
            OutboxMessage.contact_id,
            OutboxMessage.conversation_id,
            OutboxMessage.contact_point_id,
            OutboxMessage.message_id,
        ).where(OutboxMessage.channel == channel, meant)
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
    await suppress(session, targets, channel, rule, now)

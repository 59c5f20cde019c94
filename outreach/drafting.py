"""Turns enrolments that stand on a `send` step into rows of the outbox, each with the gate's answer. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from crm.contacts.models import Contact
from flows.wording import render
from outreach.decisions import Deny
from outreach.definitions import JourneyDefinition
from outreach.gatekeeper import Gatekeeper, Verdict, put_off, split_verdicts, turn_down
from outreach.merge_values import mergeable
from outreach.models import Enrolment, OutboxMessage
from outreach.rule_pack import MessageClass
from outreach.trail import Happened, record_all


@dataclass(frozen=True)
class Draft:
    """A message that may become a row of the outbox. `occurrence` is the intent: it becomes one row at most."""

    id: UUID
    occurrence: str
    contact_id: UUID
    conversation_id: UUID | None
    enrolment_id: UUID
    journey: str
    step: str
    channel: str
    purpose: str
    message_class: MessageClass
    subject: str | None
    text: str
    due_at: datetime
    created_at: datetime
    message_id: UUID | None = None


async def plan_sends(
    session: AsyncSession,
    gatekeeper: Gatekeeper,
    definition: JourneyDefinition,
    step: str,
    ids: Sequence[UUID],
    *,
    now: datetime,
) -> int:
    """Puts one message per enrolment into the outbox, on the first of the step's channels that is not denied.

    Channels denied before that one are stored as skipped, with the reason. Running it again adds nothing.

    Returns:
        How many messages are to be sent.
    """
    drafts = await _draft(session, definition, step, ids, now)
    asked = [draft for by_channel in drafts for draft in by_channel]
    verdicts = await gatekeeper.ask(session, asked, "plan", now)
    kept = [draft for by_channel in drafts for draft in _up_to_first_usable(by_channel, verdicts)]
    added = await _insert(session, kept)
    answers = [verdicts[draft.id] for draft in kept if draft.id in added]
    await gatekeeper.store(session, answers)
    allowed, deferred, denied = split_verdicts(answers)
    await put_off(session, deferred, now)
    await turn_down(session, denied, now)
    await record_all(session, _refusals(kept, denied), now)
    return len(allowed) + len(deferred)


async def _draft(
    session: AsyncSession, definition: JourneyDefinition, step: str, ids: Sequence[UUID], now: datetime
) -> list[list[Draft]]:
    rows = await session.execute(
        select(
            Enrolment.id,
            Enrolment.arrivals,
            Enrolment.contact_id,
            Enrolment.conversation_id,
            Contact.fields,
            Contact.language,
            Contact.qualification,
        )
        .join(Contact, Contact.id == Enrolment.contact_id)
        .where(Enrolment.id.in_(ids))
        .order_by(Enrolment.id)
    )
    return [list(_drafts_of(row, definition, step, now)) for row in rows]


def _drafts_of(row: Any, definition: JourneyDefinition, step: str, now: datetime) -> Iterator[Draft]:
    letter = definition.letter(step, row.language)
    values = {**mergeable(row.fields), "qualification": row.qualification}
    send = definition.steps[step]
    for channel in send.channels:
        yield Draft(
            id=new_id(),
            occurrence=f"{row.id}:{step}:{row.arrivals}:{channel}",
            contact_id=row.contact_id,
            conversation_id=row.conversation_id,
            enrolment_id=row.id,
            journey=definition.journey,
            step=step,
            channel=channel,
            purpose=definition.purpose_of(send),
            message_class=definition.class_of(send, channel),
            subject=render(letter.subject, values) if letter.subject else None,
            text=render(letter.text, values),
            due_at=now,
            created_at=now,
        )


def _up_to_first_usable(by_channel: list[Draft], verdicts: dict[UUID, Verdict]) -> Iterator[Draft]:
    for draft in by_channel:
        yield draft
        if not isinstance(verdicts[draft.id].decision, Deny):
            return


async def _insert(session: AsyncSession, drafts: list[Draft]) -> set[UUID]:
    if not drafts:
        return set()
    rows = [{**asdict(draft), "state": "planned", "updated_at": draft.created_at} for draft in drafts]
    statement = insert(OutboxMessage).on_conflict_do_nothing(index_elements=["occurrence"])
    return set(await session.scalars(statement.returning(OutboxMessage.id), rows))


def _refusals(drafts: list[Draft], denied: list[Verdict]) -> Iterator[Happened]:
    by_id = {draft.id: draft for draft in drafts}
    for verdict in denied:
        draft = by_id[verdict.outbox_id]
        data = {
            "outbox_id": str(draft.id),
            "channel": draft.channel,
            "journey": draft.journey,
            "step": draft.step,
            "rule": verdict.decision.rule,
            "reason": verdict.decision.reason,
        }
        yield Happened("message_refused", draft.contact_id, draft.conversation_id, data)

"""Turns enrolments on a step that sends into rows of the outbox, each with the gate's answer. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.nested_rows import asked_ids
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.contacts.models import Contact
from outreach.decisions import Defer, Deny, FrequencyClass
from outreach.gatekeeper import Verdict, put_off, split_verdicts, turn_down
from outreach.letters import fill
from outreach.merge_values import mergeable
from outreach.models import OutboxMessage
from outreach.neighbours import conversations
from outreach.rule_pack import MessageClass
from outreach.trail import Happened
from outreach.walking import Group, Walker, Work


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
    frequency_class: FrequencyClass
    subject: str | None
    text: str
    due_at: datetime
    created_at: datetime
    message_id: UUID | None = None
    contact_point_id: UUID | None = None


async def plan_sends(work: Work, group: Group) -> int:
    """Puts one message per walker into the outbox, on the first of the step's channels that is not denied.

    Channels denied before that one are stored as skipped, with the reason. Running it again adds nothing.

    Returns:
        How many messages are to be sent.
    """
    session, gatekeeper, now = work.session, work.gatekeeper, work.now
    drafts = await draft_each(work, group)
    asked = [draft for by_channel in drafts for draft in by_channel]
    verdicts = await gatekeeper.ask(session, asked, "plan", now)
    if group.definition.quiet_hours == "skip":
        verdicts = {outbox_id: not_later(verdict) for outbox_id, verdict in verdicts.items()}
    kept = [draft for by_channel in drafts for draft in _up_to_first_usable(by_channel, verdicts)]
    added = await put_down(session, kept)
    answers = [verdicts[draft.id] for draft in kept if draft.id in added]
    await gatekeeper.store(session, answers)
    allowed, deferred, denied = split_verdicts(answers)
    await put_off(session, deferred, now)
    await turn_down(session, denied, now)
    work.events += refusals_of(kept, denied)
    return len(allowed) + len(deferred)


def not_later(verdict: Verdict) -> Verdict:
    """In a journey that leaves out what meets quiet hours, it does not wait for the morning."""
    decision = verdict.decision
    if not isinstance(decision, Defer) or decision.rule != "quiet_hours":
        return verdict
    reason = f"{decision.reason} The journey leaves out what meets quiet hours."
    return replace(verdict, decision=Deny(decision.rule, reason))


async def draft_each(work: Work, group: Group) -> list[list[Draft]]:
    """For each walker a message on every channel of the step, in the order of wish. Who is gone is left out."""
    contacts = await work.session.execute(_CONTACTS, {"ids": group.contact_ids})
    by_id = {row.id: row for row in contacts}
    chats: dict[UUID, UUID] = {}
    if "web" in group.step.channels:
        rows = await work.session.execute(_CHATS, {"ids": group.contact_ids})
        chats = {row.contact_id: row.id for row in rows}
    return [
        list(_drafts_of(walker, by_id[walker.contact_id], group, chats, work.now))
        for walker in group.walkers
        if walker.contact_id in by_id
    ]


def _drafts_of(
    walker: Walker, contact: Any, group: Group, chats: Mapping[UUID, UUID], now: datetime
) -> Iterator[Draft]:
    definition, send = group.definition, group.step
    # A talk has the words of its flow.
    letter = definition.letter(group.name, contact.language) if definition.has_wording(group.name) else None
    values = {
        **mergeable(contact.fields),
        "qualification": contact.qualification,
        # What an event brought may be a link, which is what it is kept for: it came from a system of the operator's.
        **walker.remembered,
    }
    for channel in send.channels:
        subject, said = (None, "") if letter is None else fill(letter, channel, values)
        yield Draft(
            id=new_id(),
            occurrence=f"{walker.occurrence}:{channel}",
            contact_id=walker.contact_id,
            # Into the chat they have open, whatever talk brought them here; else into that one.
            conversation_id=(chats.get(walker.contact_id) if channel == "web" else None) or walker.conversation_id,
            enrolment_id=walker.id,
            journey=definition.journey,
            step=group.name,
            channel=channel,
            purpose=definition.purpose_of(send),
            message_class=definition.class_of(send, channel),
            frequency_class=definition.frequency_class,
            subject=subject,
            text=said,
            due_at=now,
            created_at=now,
        )


def _contacts_statement() -> Any:
    asked = asked_ids("ids")
    columns = (Contact.id, Contact.fields, Contact.language, Contact.qualification)
    return select(*columns).join(asked, asked.c.id == Contact.id)


def _chats_statement() -> Any:
    """The latest open web chat of each contact. Ids are in the order of their making."""
    asked = asked_ids("ids")
    return (
        select(conversations.c.contact_id, conversations.c.id)
        .ext(distinct_on(conversations.c.contact_id))
        .join(asked, asked.c.id == conversations.c.contact_id)
        .where(conversations.c.channel == "web", conversations.c.status == "open")
        .order_by(conversations.c.contact_id, conversations.c.id.desc())
    )


_CONTACTS = _contacts_statement()
_CHATS = _chats_statement()


def _up_to_first_usable(by_channel: list[Draft], verdicts: dict[UUID, Verdict]) -> Iterator[Draft]:
    for draft in by_channel:
        yield draft
        if not isinstance(verdicts[draft.id].decision, Deny):
            return


async def put_down(session: AsyncSession, drafts: list[Draft]) -> set[UUID]:
    """Makes them rows of the outbox; returns the ids of those that were not there before."""
    if not drafts:
        return set()
    rows = [{**_fields(draft), "state": "planned", "updated_at": draft.created_at} for draft in drafts]
    return set(await session.scalars(_ADD, rows_of(rows)))


_NAMES = tuple(field.name for field in fields(Draft))
_ADD = (
    insert_rows(table_of(OutboxMessage), (*_NAMES, "state", "updated_at"))
    .on_conflict_do_nothing(index_elements=["occurrence"])
    .returning(table_of(OutboxMessage).c.id)
)


def _fields(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in _NAMES}


def refusals_of(drafts: list[Draft], denied: list[Verdict]) -> Iterator[Happened]:
    """The events that the gate refused these."""
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

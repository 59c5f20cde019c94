"""One lead's whole story, put together from the rooms that hold its parts. Reads only, within limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.follow_ups.outlook import JourneyOutlooks
from admin.follow_ups.queries import list_follow_ups
from admin.follow_ups.shapes import FollowUpQuery
from admin.leads import shapes
from admin.leads.queries import read_rows
from admin.leads.transcript import read_transcript
from base.encryption import KeyRing
from bot.models import Conversation
from crm.consent.ledger import list_consent_events
from crm.contacts.service import get_contact
from crm.scoring.reasons import reason_in_words
from crm.scoring.service import list_reasons
from crm.timeline.service import list_timeline, summary_of

MAX_CONVERSATIONS = 500
MAX_FOLLOW_UPS = 200
MAX_EVENTS = 500


async def read_lead(
    session: AsyncSession, keys: KeyRing, outlooks: JourneyOutlooks, contact_id: UUID, now: datetime, *, language: str
) -> shapes.LeadDetail:
    """The lead; events and reasons are told in `language`.

    Raises:
        NotFound: there is no such contact.
    """
    contact = await get_contact(session, contact_id)
    (row,) = await read_rows(session, keys, [contact], now)
    conversations = await _read_conversations(session, contact_id)
    planned = FollowUpQuery(contact=contact_id, limit=MAX_FOLLOW_UPS)
    follow_ups = await list_follow_ups(session, keys, outlooks, planned, language)
    return shapes.LeadDetail(
        **row.model_dump(),
        fields=contact.fields,
        tags=contact.tags,
        reasons=await _read_reasons(session, contact_id, language),
        consent_events=await _read_consent_events(session, contact_id),
        conversations=[
            shapes.LeadConversation(
                id=each.id,
                channel=each.channel,
                status=each.status,
                page_url=each.page_url,
                created_at=each.created_at,
            )
            for each in conversations
        ],
        transcript=await read_transcript(session, {each.id: each.channel for each in conversations}),
        follow_ups=follow_ups.items,
        timeline=await _read_timeline(session, contact_id, [each.id for each in conversations], language),
    )


async def _read_conversations(session: AsyncSession, contact_id: UUID) -> Sequence[Conversation]:
    latest = await session.scalars(
        select(Conversation)
        .where(Conversation.contact_id == contact_id)
        .order_by(Conversation.created_at.desc(), Conversation.id.desc())
        .limit(MAX_CONVERSATIONS)
    )
    return latest.all()[::-1]


async def _read_reasons(session: AsyncSession, contact_id: UUID, language: str) -> list[shapes.ScoreReason]:
    return [
        shapes.ScoreReason(
            id=entry.id,
            points=entry.points,
            reason=reason_in_words(entry.reason, language),
            rule=entry.rule,
            message_id=entry.message_id,
            at=entry.created_at,
        )
        for entry in await list_reasons(session, contact_id)
    ]


async def _read_consent_events(session: AsyncSession, contact_id: UUID) -> list[shapes.ConsentEvent]:
    return [
        shapes.ConsentEvent(
            id=event.id,
            event=event.event,
            purpose=event.purpose,
            channel=event.channel,
            text=text or "",
            language=event.language,
            method=event.method,
            message_id=_message_of(event.evidence),
            at=event.effective_at,
        )
        for event, text in await list_consent_events(session, contact_id)
    ]


async def _read_timeline(
    session: AsyncSession, contact_id: UUID, conversation_ids: Sequence[UUID], language: str
) -> list[shapes.TimelineEvent]:
    events = await list_timeline(session, contact_id, MAX_EVENTS, conversation_ids=conversation_ids)
    return [
        shapes.TimelineEvent(
            id=event.id, kind=event.kind, summary=summary_of(event.kind, event.data, language), at=event.occurred_at
        )
        for event in events
    ]


def _message_of(evidence: Mapping[str, Any]) -> UUID | None:
    """The message that showed the text; where there was none, the one the person acted with."""
    for name in ("notice_message_id", "answer_message_id", "id"):
        try:
            return UUID(str(evidence[name]))
        except (KeyError, ValueError):
            continue
    return None

"""Whether what the tag tells of a visitor may be kept, and keeping it. Knows no HTTP.

Kept is only what people did who agreed to being profiled and whose browser does not ask not to be tracked; of all
others nothing is. A talk that only typed somebody's address tells nothing of that person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import InvalidInput, Malformed
from bot.models import Conversation
from crm.consent.ledger import consent_states
from crm.contacts.service import speaks_for_contact
from crm.events.kinds import find_kinds
from crm.events.reading import About, GivenEvent, Plain, check_events
from crm.privacy.limits import find_limited
from crm.profiling.rules import standing_on_profiling
from crm.timeline.kinds import explain
from crm.timeline.service import NewEvent, ingest

MOST_AT_ONCE = 20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TagEvent(_Part):
    """What happened on a page, now. `id` is the page's own, so that an event told twice is one."""

    id: Plain
    kind: Plain
    properties: dict[str, Any] = Field(default_factory=dict)


class TagEvents(_Part):
    """The body of a request."""

    events: Annotated[list[TagEvent], Field(min_length=1, max_length=MOST_AT_ONCE)]


def read_tag_events(raw: bytes) -> Sequence[TagEvent]:
    """The events in a body.

    Raises:
        Malformed: it is no JSON.
        InvalidInput: it has another shape.
    """
    try:
        return TagEvents.model_validate_json(raw).events
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors(include_url=False, include_input=False)):
            raise Malformed("The request is not valid JSON.") from error
        raise InvalidInput(errors=explain(error)) from error


async def keep_tag_events(
    session: AsyncSession, conversation_id: UUID, events: Sequence[TagEvent], now: datetime
) -> int:
    """Writes them onto the timeline of the talk's person, if they agreed; returns how many are new.

    Raises:
        InvalidInput: an event is of no kind that a page may tell of, or does not fit it.
    """
    contact_id = await _find_agreeing(session, conversation_id, now)
    if contact_id is None:
        return 0
    kinds = await find_kinds(session, {event.kind for event in events})
    about = About(contact=contact_id)
    shown = [GivenEvent(kind=event.kind, about=about, id=event.id, properties=event.properties) for event in events]
    kept = check_events(shown, kinds, "web", now)
    rows = [
        NewEvent(event.kind, now, "web", contact_id, data=data, source_id=f"tag/{conversation_id}/{event.id}")
        for event, data in zip(events, kept, strict=True)
    ]
    return len((await ingest(session, rows, now)).written)


async def _find_agreeing(session: AsyncSession, conversation_id: UUID, now: datetime) -> UUID | None:
    """The person of a talk, if what they do may be kept."""
    contact_id = await session.scalar(select(Conversation.contact_id).where(Conversation.id == conversation_id))
    if contact_id is None or not await speaks_for_contact(session, contact_id, conversation_id):
        return None
    states = (await consent_states(session, [contact_id], now))[contact_id]
    agreed = standing_on_profiling(states) == "given" and not await find_limited(session, [contact_id])
    return contact_id if agreed else None

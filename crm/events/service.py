"""Takes events in from outside: whole sets or nothing, each once. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import InvalidInput
from crm.events.kinds import find_kinds
from crm.events.people import find_people
from crm.events.reading import MOST_AT_ONCE, GivenEvent, check_events
from crm.timeline.ingesting import Source
from crm.timeline.kinds import Sender
from crm.timeline.service import NewEvent, ingest


@dataclass(frozen=True, slots=True)
class Giver:
    """Who sends: `name` is the source's own, so that its ids are not mistaken for another's."""

    source: Source
    name: str
    creates: bool = False
    sender: Sender = "outside"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a set."""

    written: int
    repeated: int
    contacts_made: int


async def take_in(
    session: AsyncSession, keys: KeyRing, events: Sequence[GivenEvent], by: Giver, now: datetime, *, at: str = "events"
) -> TakenIn:
    """Writes the events onto the timelines of those they are about. One that is wrong, and none is written.

    Args:
        at: what problems call the set.

    Raises:
        InvalidInput: names everything that is wrong with any of them.
    """
    if len(events) > MOST_AT_ONCE:
        raise InvalidInput(f"Send at most {MOST_AT_ONCE} events at once.")
    kinds = await find_kinds(session, {event.kind for event in events})
    properties = check_events(events, kinds, by.sender, now, at)
    abouts = [event.about for event in events]
    people, made = await find_people(session, keys, abouts, creates=by.creates, now=now, at=at)
    done = await ingest(
        session,
        [
            NewEvent(
                kind=event.kind,
                occurred_at=event.occurred_at or now,
                source=by.source,
                contact_id=contact_id,
                data=data,
                source_id=None if event.id is None else f"{by.name}/{event.id}",
            )
            for event, contact_id, data in zip(events, people, properties, strict=True)
        ],
        now,
    )
    return TakenIn(len(done.written), done.repeated, made)

"""How people answered what was sent to them, by channel and by the hour of their clock. Reads only.

An opened e-mail is no answer here: many programs open mails by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Text, any_, bindparam, case, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from base.nested_rows import asked_ids
from crm.contacts.models import Contact
from crm.profiling.service import find_refusals
from crm.timeline.models import TimelineEvent
from outreach.chances import Habit
from outreach.models import OutboxMessage
from outreach.neighbours import conversations, messages
from outreach.quiet_hours import find_zone
from outreach.walking import Work

_REMEMBERED = timedelta(days=180)
_ANSWERED_WITHIN = timedelta(days=3)
_ARRIVED = ("accepted", "delivered", "read", "unknown")

_Habits = dict[UUID, dict[str, Habit]]


async def read_habits(work: Work, contact_ids: Sequence[UUID]) -> tuple[dict[UUID, ZoneInfo], _Habits]:
    """Everybody's clock, and by channel how they answered; nothing of those who may not be judged by that."""
    zones = {
        row.id: find_zone(row.time_zone) or work.default_zone
        for row in await work.session.execute(_ZONES, {"ids": list(contact_ids)})
    }
    refused = await find_refusals(work.session, work.gatekeeper.keys, contact_ids, "scoring", work.now)
    judged = [contact_id for contact_id in contact_ids if contact_id not in refused]
    if not judged:
        return zones, {}
    given = {"ids": judged, "since": work.now - _REMEMBERED}
    sends = _by_channel(await work.session.execute(_SENDS, given))
    answers = _by_channel(await work.session.execute(_ANSWERS, given))
    habits: _Habits = defaultdict(dict)
    for contact_id, channel in sends.keys() | answers.keys():
        zone = zones.get(contact_id, work.default_zone)
        own = sends.get((contact_id, channel), []), answers.get((contact_id, channel), [])
        habits[contact_id][channel] = habit_of(*own, zone)
    return zones, habits


def habit_of(sends: Sequence[datetime], answers: Sequence[datetime], zone: ZoneInfo) -> Habit:
    """What these times of messages and of answers say."""
    hours: dict[int, int] = defaultdict(int)
    for at in answers:
        hours[at.astimezone(zone).hour] += 1
    answered = sum(any(sent < at <= sent + _ANSWERED_WITHIN for at in answers) for sent in sends)
    return Habit(len(sends), answered, dict(hours))


def _by_channel(rows: Any) -> Mapping[tuple[UUID, str], list[datetime]]:
    found: dict[tuple[UUID, str], list[datetime]] = defaultdict(list)
    for contact_id, channel, at in rows:
        found[contact_id, channel].append(at)
    return found


def _zones_statement() -> Any:
    asked = asked_ids("ids")
    return select(Contact.id, Contact.time_zone).join(asked, asked.c.id == Contact.id)


def _since() -> Any:
    return bindparam("since", type_=Contact.created_at.type)


def _sends_statement() -> Any:
    """What left of journeys; what is said in a talk is no question of ours."""
    asked = asked_ids("ids")
    return (
        select(OutboxMessage.contact_id, OutboxMessage.channel, OutboxMessage.claimed_at)
        .join(asked, asked.c.id == OutboxMessage.contact_id)
        .where(
            OutboxMessage.message_id.is_(None),
            OutboxMessage.claimed_at > _since(),
            OutboxMessage.state == any_(literal(list(_ARRIVED), ARRAY(Text()))),
        )
    )


def _answers_statement() -> Any:
    asked = asked_ids("ids")
    kinds = literal(["link_clicked", "message_read"], ARRAY(Text()))
    channel = case((TimelineEvent.kind == "link_clicked", "email"), else_=TimelineEvent.data["channel"].astext)
    done = (
        select(TimelineEvent.contact_id, channel.label("channel"), TimelineEvent.occurred_at)
        .join(asked, asked.c.id == TimelineEvent.contact_id)
        .where(
            TimelineEvent.kind == any_(kinds),
            TimelineEvent.occurred_at > _since(),
            or_(TimelineEvent.kind == "link_clicked", channel != "email"),
        )
    )
    wrote = (
        select(conversations.c.contact_id, conversations.c.channel, messages.c.created_at)
        .join(messages, messages.c.conversation_id == conversations.c.id)
        .join(asked, asked.c.id == conversations.c.contact_id)
        .where(messages.c.author == "visitor", messages.c.kind != "start", messages.c.created_at > _since())
    )
    return union_all(done, wrote)


_ZONES = _zones_statement()
_SENDS = _sends_statement()
_ANSWERS = _answers_statement()

"""What the dialogue may be told about the person it talks to. Reads only; what is learned is stored by `bot.effects`.

A conversation that only typed a contact's address is told what it established itself, nothing that was known before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import product
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from bot.models import Message
from crm.consent.ledger import ALL
from crm.consent.standings import tell_standings
from crm.consent.suppression import list_suppressions
from crm.contacts.models import Contact
from crm.contacts.service import get_contact, has_address, read_addresses, speaks_for_contact
from crm.scoring.models import ScoreEntry
from crm.timeline.models import TimelineEvent
from flows.parts import Channel, Purpose

CHANNELS: tuple[str, ...] = get_args(Channel)
SCOPES = tuple(product(get_args(Purpose), CHANNELS))
NOBODY: dict[str, Any] = {
    "score": 0,
    "qualification": None,
    "stage": "visitor",
    "known_contact": False,
    "tags": [],
    "consents": {},
    "suppressed": [],
}
"""The facts of a conversation in which nothing was said yet."""


async def read_known(
    session: AsyncSession, keys: KeyRing, *, contact_id: UUID | None, conversation_id: UUID
) -> dict[str, Any]:
    """What a talk may begin with: the contact's fields and addresses by name, if the talk speaks for the contact."""
    if contact_id is None or not await speaks_for_contact(session, contact_id, conversation_id):
        return {}
    contact = await get_contact(session, contact_id)
    addresses = (await read_addresses(session, keys, [contact_id]))[contact_id]
    return contact.fields | {str(kind): address for kind, address in addresses.items()}


async def read_facts(
    session: AsyncSession, *, contact_id: UUID | None, conversation_id: UUID, now: datetime
) -> dict[str, Any]:
    """The answer to the need `facts`."""
    if contact_id is None:
        return dict(NOBODY)
    if await speaks_for_contact(session, contact_id, conversation_id):
        return await _of_contact(session, contact_id, now)
    return await _of_conversation(session, contact_id, conversation_id, now)


def with_effects(facts: Mapping[str, Any], effects: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts as they will be once these effects are carried out: a turn sees what it has itself decided.

    What only the platform can decide (whether a yes counts, how far a stage may go) is as the effect says.
    """
    seen = dict(facts) | {"tags": list(facts["tags"]), "consents": dict(facts["consents"])}
    for effect in effects:
        match effect.get("effect"):
            case "record_consent":
                seen["consents"] |= {f"{effect['purpose']}/{name}": effect["decision"] for name in effect["channels"]}
            case "tag":
                kept = [tag for tag in seen["tags"] if tag not in (*effect.get("add", ()), *effect.get("remove", ()))]
                seen["tags"] = [*kept, *effect.get("add", ())]
            case "set_stage":
                seen["stage"] = effect["stage"]
            case "set_outcome":
                seen["qualification"] = effect["value"]
            case "add_points":
                seen["score"] += effect["points"]
            case "capture_lead" if effect.get("field") in ("email", "phone"):
                seen["known_contact"] = True
    return seen


async def is_stopped(session: AsyncSession, contact_id: UUID, channel: str) -> bool:
    """Whether the person wants nothing more on this channel."""
    stopped = (await list_suppressions(session, [contact_id]))[contact_id]
    return ALL in stopped or channel in stopped


async def _of_contact(session: AsyncSession, contact_id: UUID, now: datetime) -> dict[str, Any]:
    contact: Contact = await get_contact(session, contact_id)
    stopped = (await list_suppressions(session, [contact_id]))[contact_id]
    return {
        "score": contact.score,
        "qualification": contact.qualification,
        "stage": contact.stage,
        "known_contact": await has_address(session, contact_id),
        "tags": list(contact.tags),
        "consents": await _consents(session, contact_id, now),
        "suppressed": [channel for channel in CHANNELS if channel in stopped or ALL in stopped],
    }


async def _of_conversation(
    session: AsyncSession, contact_id: UUID, conversation_id: UUID, now: datetime
) -> dict[str, Any]:
    """What this conversation itself gave: points, what it was qualified as, tags, answers to consents."""
    own_messages = select(Message.id).where(Message.conversation_id == conversation_id)
    points = select(func.coalesce(func.sum(ScoreEntry.points), 0)).where(
        ScoreEntry.contact_id == contact_id, ScoreEntry.message_id.in_(own_messages), ScoreEntry.rule.like("%/%")
    )
    told = dict(NOBODY) | {"score": int(await session.scalar(points) or 0), "tags": []}
    events = await session.execute(
        select(TimelineEvent.kind, TimelineEvent.data)
        .where(
            TimelineEvent.conversation_id == conversation_id,
            TimelineEvent.kind.in_(["qualified", "tag_added", "tag_removed"]),
        )
        .order_by(TimelineEvent.id)
    )
    for kind, data in events:
        if kind == "qualified":
            told["qualification"] = data.get("outcome")
        else:
            others = [tag for tag in told["tags"] if tag != data.get("tag")]
            told["tags"] = [*others, data.get("tag")] if kind == "tag_added" else others
    told["consents"] = await _consents(session, contact_id, now, only_conversation=conversation_id)
    return told


async def _consents(
    session: AsyncSession, contact_id: UUID, now: datetime, *, only_conversation: UUID | None = None
) -> dict[str, str]:
    standings = await tell_standings(session, contact_id, scopes=SCOPES, now=now, only_conversation=only_conversation)
    return {f"{purpose}/{channel}": standing for (purpose, channel), standing in standings.items()}

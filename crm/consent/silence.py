"""Takes back consents whose holders were asked anew and kept silent: a no for one purpose and channel, no opt-out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.nested_rows import asked_ids
from crm.consent.ledger import ConsentFact, consent_for, consent_states, lock_ledger, record_consent_events
from crm.consent.models import ConsentEvent
from crm.consent.principals import is_principal_of
from crm.consent.rules import GRANTING

_METHOD = "silence"


async def take_back(
    session: AsyncSession, asked: Mapping[UUID, str], *, purpose: str, channel: str, actor: str, now: datetime
) -> set[UUID]:
    """Records `withdrawn` for those of these contacts whose consent stands; returns whose it was.

    Args:
        asked: by contact, the id of what they did not answer; kept as evidence.
        purpose: of the consent.
        channel: of the consent.
        actor: who decided it, such as `journey:re_permission`.
        now: when it takes effect.
    """
    await lock_ledger(session, *asked)
    states = await consent_states(session, asked, now)
    standing = [one for one in asked if consent_for(states[one], purpose, channel).state == "given"]
    given = await _last_given(session, standing, purpose, channel)
    facts = [
        ConsentFact(
            event="withdrawn",
            principal_ref=contact_id,
            purpose=purpose,
            channel=channel,
            controller=before.controller,
            language=before.language,
            method=_METHOD,
            actor=actor,
            effective_at=now,
            evidence={"id": asked[contact_id], "given_event_id": str(before.id)},
        )
        for contact_id, before in sorted(given.items())
    ]
    await record_consent_events(session, facts, now)
    return set(given)


async def _last_given(
    session: AsyncSession, contact_ids: list[UUID], purpose: str, channel: str
) -> dict[UUID, ConsentEvent]:
    contacts = asked_ids("ids")
    mine = is_principal_of(ConsentEvent.principal_ref, contacts.c.id, outside=contacts)
    found = await session.execute(
        select(contacts.c.id, ConsentEvent)
        .join(ConsentEvent, mine)
        .where(ConsentEvent.purpose == purpose, ConsentEvent.channel == channel, ConsentEvent.event.in_(GRANTING))
        .order_by(ConsentEvent.seq),
        {"ids": contact_ids},
    )
    return {row.id: row[1] for row in found}

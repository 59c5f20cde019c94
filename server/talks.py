"""Begins talks for journeys: fulfils outreach's port `Talks` by the bot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from bot.begun import Beginning, begin_flow, key_of
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import ContactPoint
from outreach.accounts.book import AccountBook
from outreach.ports import Opening


class JourneyTalks:
    """`outreach.ports.Talks`."""

    def __init__(self, accounts: AccountBook) -> None:
        self._accounts = accounts

    async def begin(self, session: AsyncSession, openings: Sequence[Opening], now: datetime) -> Mapping[str, UUID]:
        """Begins each flow; its turn is answered by a web process within its next look."""
        await self._accounts.refresh()
        points = await _read_points(session, openings)
        begun: dict[str, UUID] = {}
        # In the order of contacts, as everybody takes them.
        for opening in sorted(openings, key=lambda one: one.contact_id):
            beginning = self._beginning(opening, points)
            if beginning is None:
                continue
            conversation_id = await begin_flow(session, beginning, now)
            if conversation_id is not None:
                begun[opening.occurrence] = conversation_id
        return begun

    def _beginning(self, opening: Opening, points: Mapping[tuple[UUID, str], UUID]) -> Beginning | None:
        """What the bot is asked for; None where there is no place to begin."""
        account = point_id = None
        if opening.channel != "web":
            account = self._accounts.find(opening.channel, None)
            point_id = points.get((opening.contact_id, ADDRESS_KINDS[opening.channel]))
            if point_id is None or (account is None and opening.channel != "email"):
                return None
        elif opening.conversation_id is None:
            return None
        return Beginning(
            contact_id=opening.contact_id,
            channel=opening.channel,
            flow=opening.flow,
            language=opening.language,
            key=key_of(opening.occurrence),
            begun_by={
                "purpose": opening.purpose,
                "journey": opening.journey,
                "step": opening.step,
                "enrolment_id": str(opening.enrolment_id),
            },
            conversation_id=opening.conversation_id,
            account_id=None if account is None else account.id,
            contact_point_id=point_id,
        )


async def _read_points(session: AsyncSession, openings: Sequence[Opening]) -> dict[tuple[UUID, str], UUID]:
    """The address to write to of each contact and kind, as `crm.contacts.points.read_addresses` chooses it."""
    rows = await session.execute(
        select(ContactPoint.contact_id, ContactPoint.kind, ContactPoint.id)
        .ext(distinct_on(ContactPoint.contact_id, ContactPoint.kind))
        .where(ContactPoint.contact_id.in_({opening.contact_id for opening in openings}))
        .order_by(
            ContactPoint.contact_id,
            ContactPoint.kind,
            ContactPoint.verified_at.desc().nulls_last(),
            ContactPoint.id.desc(),
        )
    )
    return {(row.contact_id, row.kind): row.id for row in rows}

"""The follow-up half as a conversation starts and stops it: what the composition root hands to the bot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from outreach.enrolment import cancel_planned, enrol, exit_all


class JourneyFollowUps:
    """Fulfils the bot's port `FollowUps`; everything runs in the turn's transaction."""

    async def enrol(
        self, session: AsyncSession, *, journey: str, contact_id: UUID, conversation_id: UUID, now: datetime
    ) -> bool:
        """Puts the contact into the journey; False when its re-entry rule says no."""
        return await enrol(session, journey=journey, contact_id=contact_id, conversation_id=conversation_id, now=now)

    async def stop(
        self,
        session: AsyncSession,
        *,
        contact_id: UUID,
        reason: str,
        now: datetime,
        channels: Sequence[str] | None = None,
        promotion_only: bool = False,
    ) -> None:
        """Ends the contact's journeys and withdraws everything queued for them.

        Args:
            channels: only what goes there; the journeys go on, and the gate refuses what they still plan.
            promotion_only: leaves journeys and messages that the person asked for themselves.
        """
        if channels is None:
            # In this order: a planner that is just adding messages holds the enrolments, so it is done when they end.
            await exit_all(session, contact_id, reason, now, promotion_only=promotion_only)
        for channel in channels or (None,):
            await cancel_planned(session, contact_id, reason, now, channel=channel, promotion_only=promotion_only)

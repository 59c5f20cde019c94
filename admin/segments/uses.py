"""What speaks of a segment beside its own rule: other segments and journeys. Reads only."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from crm.segments.service import get_segment, list_users
from outreach.models import Enrolment, Journey, JourneyVersion

# At whatever step, setting or condition it stands. Journeys call segments by name or by id.
_ANYWHERE = "$.**.segment ? (@ == $id || @ == $name)"


async def list_uses(session: AsyncSession, segment_id: UUID) -> list[str]:
    """In words, such as `the journey welcome`."""
    segments = [f"the segment “{one.name}”" for one in await list_users(session, segment_id)]
    name = (await get_segment(session, segment_id)).name
    return [*segments, *await list_journeys(session, name, segment_id)]


async def list_journeys(session: AsyncSession, name: str, segment_id: UUID | None = None) -> list[str]:
    """Journeys that call a segment by its name, or by its id, live or with people still on that version, in words."""
    named = func.jsonb_path_exists(
        JourneyVersion.definition,
        bindparam("path", _ANYWHERE, type_=JSONPATH),
        bindparam("vars", {"id": str(segment_id), "name": name}, type_=JSONB),
    )
    is_live = select(Journey.id).where(
        Journey.id == JourneyVersion.journey, Journey.live_version == JourneyVersion.version
    )
    is_walked = select(Enrolment.id).where(
        Enrolment.journey == JourneyVersion.journey,
        Enrolment.version == JourneyVersion.version,
        Enrolment.state == "active",
    )
    journeys = (
        select(JourneyVersion.journey).where(named, or_(is_live.exists(), is_walked.exists())).distinct()
    ).order_by(JourneyVersion.journey)
    return [f"the journey {journey}" for journey in await session.scalars(journeys)]

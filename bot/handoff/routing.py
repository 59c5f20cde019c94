"""Which team and which colleague a talk is given to, by rules, the contact's owner, or in turn. Tells nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.handoff.hours import opens_at
from bot.handoff.models import AwayColleague, RoutingRule, Team, TeamMember
from bot.publishing.models import Publication
from crm.owners.service import list_owners
from crm.segments.models import SegmentMember


@dataclass(frozen=True, slots=True)
class Wanted:
    """A talk that somebody is looked for. `team` is what the flow named."""

    team: str
    channel: str
    language: str
    contact_id: UUID | None


@dataclass(frozen=True, slots=True)
class Given:
    """Where a talk goes: to a team and maybe to one colleague of it, or to everybody."""

    team_id: UUID | None = None
    user_id: UUID | None = None


async def find_receiver(session: AsyncSession, wanted: Wanted, now: datetime) -> Given:
    """Who gets the talk. A team that is not there now shares it when it is back: nobody is given it meanwhile."""
    # Held until the talk is given, so that two talks at once do not both go to who is next in turn.
    team = await session.scalar(select(Team).where(Team.id == await _find_team(session, wanted)).with_for_update())
    if team is None:
        return Given()
    if opens_at((await read_hours(session)).get(team.name, {}), now) != now:
        return Given(team.id)
    return Given(team.id, await _find_colleague(session, team, wanted, now))


async def read_hours(session: AsyncSession) -> Mapping[str, Mapping[str, Any]]:
    """The zone, hours and closed days of each team, as the live content gives them."""
    found = await session.scalar(select(Publication.compiled["teams"]).order_by(Publication.seq.desc()).limit(1))
    return found if isinstance(found, dict) else {}


async def _find_team(session: AsyncSession, wanted: Wanted) -> UUID | None:
    inside = select(SegmentMember.segment_id).where(SegmentMember.contact_id == wanted.contact_id)
    ruled = (
        select(RoutingRule.team_id)
        .where(
            or_(RoutingRule.channel.is_(None), RoutingRule.channel == wanted.channel),
            or_(RoutingRule.language.is_(None), RoutingRule.language == wanted.language.partition("-")[0]),
            or_(RoutingRule.segment_id.is_(None), RoutingRule.segment_id.in_(inside)),
        )
        .order_by(RoutingRule.position, RoutingRule.id)
        .limit(1)
    )
    named = select(Team.id).where(Team.name == wanted.team)
    return await session.scalar(ruled) or await session.scalar(named)


async def _find_colleague(session: AsyncSession, team: Team, wanted: Wanted, now: datetime) -> UUID | None:
    if team.routing == "nobody":
        return None
    away = select(AwayColleague.user_id)
    members = select(TeamMember.user_id).where(TeamMember.team_id == team.id, TeamMember.user_id.not_in(away))
    chosen: UUID | None = None
    if team.routing == "owner" and wanted.contact_id is not None:
        owner = (await list_owners(session, [wanted.contact_id])).get(wanted.contact_id)
        chosen = await session.scalar(members.where(TeamMember.user_id == owner))
    if chosen is None:
        in_turn = members.order_by(TeamMember.last_given_at.asc().nulls_first(), TeamMember.user_id)
        chosen = await session.scalar(in_turn.limit(1))
    if chosen is not None:
        await session.execute(
            update(TeamMember)
            .where(TeamMember.team_id == team.id, TeamMember.user_id == chosen)
            .values(last_given_at=now)
        )
    return chosen

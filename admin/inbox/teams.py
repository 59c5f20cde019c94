"""Teams, who is in them, which talks they get, who is away. Hours are the content's, by which visitors are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import Field
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.api.versions import Versioned
from admin.audit.service import record
from admin.inbox.people import check_receivers, list_colleagues, read_names
from admin.inbox.shapes import Colleague, Colleagues
from admin.snapshot import snapshot
from base.database import transaction
from base.errors import Conflict, InvalidInput, NotFound, ParleyError
from base.ids import new_id
from bot.handoff.hours import opens_at
from bot.handoff.models import AwayColleague, RoutingRule, TeamMember
from bot.handoff.models import Team as Row
from bot.handoff.routing import read_hours
from crm.segments.models import Segment

Routing = Literal["owner", "round_robin", "nobody"]
MOST_MEMBERS = 200
MOST_RULES = 100


class NameTaken(Conflict):
    """There is a team of this name already."""

    code = "name_taken"


class OutOfDate(ParleyError):
    """Somebody else changed this team: load it again."""

    code = "out_of_date"
    status = 412


class TeamWish(RequestShape):
    """`name` is what flows call the team by. `routing`: a talk is given at once to the contact's owner (else in turn),
    in turn, or to nobody.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    routing: Routing = "round_robin"
    members: Annotated[tuple[UUID, ...], Field(max_length=MOST_MEMBERS)] = ()


class Team(Versioned):
    """`open_now` and `opens_at` follow from the hours that the live content gives the team."""

    id: UUID
    name: str
    routing: Routing
    members: list[Colleague]
    open_now: bool
    opens_at: datetime | None


class Teams(AnswerShape):
    items: list[Team]


class RuleWish(RequestShape):
    """All conditions that are given must hold. `language` is a code without a country."""

    team_id: UUID
    channel: Annotated[PlainText, Field(max_length=20)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = None
    segment_id: UUID | None = None


class RulesWish(RequestShape):
    """All rules, in order: the first that holds decides."""

    items: Annotated[tuple[RuleWish, ...], Field(max_length=MOST_RULES)]


class Rule(AnswerShape):
    team_id: UUID
    channel: str | None
    language: str | None
    segment_id: UUID | None


class Rules(AnswerShape):
    items: list[Rule]


class AwayWish(RequestShape):
    away: bool


@endpoint("GET", "/api/v1/inbox/teams", permission="conversations.read", summary="All teams by name")
async def list_teams(call: Call) -> Teams:
    async with snapshot(call.context.sessions) as session:
        rows = (await session.scalars(select(Row).order_by(Row.name))).all()
        return Teams(items=await _show(session, rows, call.context.clock.now()))


@endpoint(
    "POST",
    "/api/v1/inbox/teams",
    permission="settings.write",
    summary="Adds a team",
    status=201,
    problems={409: "There is a team of this name"},
)
async def add_team(call: Call, body: TeamWish) -> Team:
    now = call.context.clock.now()
    row = Row(id=new_id(), name=body.name, routing=body.routing, version=1, created_at=now)
    try:
        async with transaction(call.context.sessions) as session:
            session.add(row)
            await session.flush()
            await _set_members(session, row.id, body)
            await record(session, call, "add_team", "team", row.id, None, body)
    except IntegrityError as error:
        raise NameTaken from error
    return await _read(call, row.id)


@endpoint(
    "PUT",
    "/api/v1/inbox/teams/{id}",
    permission="settings.write",
    summary="Changes a team",
    problems={409: "There is a team of this name"},
    edits=True,
)
async def edit_team(call: Call, body: TeamWish) -> Team:
    try:
        async with transaction(call.context.sessions) as session:
            before = await _get_at(session, call)
            (known,) = await _show(session, [before], None)
            await record(session, call, "edit_team", "team", before.id, known, body)
            values = {"name": body.name, "routing": body.routing, "version": call.version + 1}
            await session.execute(update(Row).where(Row.id == before.id).values(values))
            await _set_members(session, before.id, body)
    except IntegrityError as error:
        raise NameTaken from error
    return await _read(call, call.ids["id"])


@endpoint(
    "DELETE",
    "/api/v1/inbox/teams/{id}",
    permission="settings.write",
    summary="Removes a team and its rules; its talks are everybody's",
    status=204,
    edits=True,
)
async def remove_team(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        before = await _get_at(session, call)
        (known,) = await _show(session, [before], None)
        await record(session, call, "remove_team", "team", before.id, known)
        await session.execute(delete(Row).where(Row.id == before.id))


@endpoint(
    "GET",
    "/api/v1/inbox/rules",
    permission="conversations.read",
    summary="Which team gets which talks, whatever team the flow named",
)
async def list_rules(call: Call) -> Rules:
    async with snapshot(call.context.sessions) as session:
        return await _read_rules(session)


@endpoint("PUT", "/api/v1/inbox/rules", permission="settings.write", summary="Puts these rules in place of all")
async def set_rules(call: Call, body: RulesWish) -> Rules:
    async with transaction(call.context.sessions) as session:
        await _check_rules(session, body)
        before = await _read_rules(session)
        await session.execute(delete(RoutingRule))
        rows = [{"id": new_id(), "position": position, **rule.model_dump()} for position, rule in enumerate(body.items)]
        if rows:
            await session.execute(insert(RoutingRule), rows)
        await record(session, call, "set_inbox_rules", "inbox_rules", None, before, body)
        return await _read_rules(session)


@endpoint(
    "GET",
    "/api/v1/inbox/colleagues",
    permission="conversations.read",
    summary="Everybody who may be given talks, and who is away",
)
async def list_inbox_colleagues(call: Call) -> Colleagues:
    async with snapshot(call.context.sessions) as session:
        return Colleagues(items=await list_colleagues(session))


@endpoint(
    "PUT",
    "/api/v1/inbox/away",
    permission="conversations.reply",
    summary="The caller is given no talks for now, or some again",
    status=204,
)
async def set_away(call: Call, body: AwayWish) -> None:
    async with transaction(call.context.sessions) as session:
        if body.away:
            row = upsert(AwayColleague).values(user_id=call.user.id, since_at=call.context.clock.now())
            await session.execute(row.on_conflict_do_nothing())
        else:
            await session.execute(delete(AwayColleague).where(AwayColleague.user_id == call.user.id))


async def _get_at(session: AsyncSession, call: Call) -> Row:
    row = await session.scalar(select(Row).where(Row.id == call.ids["id"]).with_for_update())
    if row is None:
        raise NotFound("There is no such team.")
    if row.version != call.version:
        raise OutOfDate
    return row


async def _read(call: Call, team_id: UUID) -> Team:
    async with snapshot(call.context.sessions) as session:
        row = await session.get(Row, team_id)
        if row is None:
            raise NotFound("There is no such team.")
        (team,) = await _show(session, [row], call.context.clock.now())
        return team


async def _show(session: AsyncSession, rows: Sequence[Row], now: datetime | None) -> list[Team]:
    """The teams; without a moment, as the audit log keeps them."""
    within = select(TeamMember).where(TeamMember.team_id.in_([row.id for row in rows])).order_by(TeamMember.user_id)
    members = (await session.scalars(within)).all()
    names = await read_names(session, [one.user_id for one in members])
    hours = {} if now is None else await read_hours(session)
    back_at = {} if now is None else {row.id: opens_at(hours.get(row.name, {}), now) for row in rows}
    return [
        Team(
            id=row.id,
            name=row.name,
            routing=cast("Routing", row.routing),  # held to it by the table's check constraint
            members=[
                Colleague(user_id=one.user_id, name=names.get(one.user_id)) for one in members if one.team_id == row.id
            ],
            open_now=now is not None and back_at[row.id] == now,
            opens_at=back_at.get(row.id),
            version=row.version,
        )
        for row in rows
    ]


async def _set_members(session: AsyncSession, team_id: UUID, wish: TeamWish) -> None:
    """Whoever stays keeps their turn."""
    wanted = set(wish.members)
    await check_receivers(session, team_id=None, user_ids=wanted)
    gone = TeamMember.user_id.not_in(wanted) if wanted else TeamMember.user_id.is_not(None)
    await session.execute(delete(TeamMember).where(TeamMember.team_id == team_id, gone))
    if wanted:
        rows = [{"team_id": team_id, "user_id": user_id} for user_id in sorted(wanted)]
        await session.execute(upsert(TeamMember).values(rows).on_conflict_do_nothing())


async def _read_rules(session: AsyncSession) -> Rules:
    rows = await session.scalars(select(RoutingRule).order_by(RoutingRule.position))
    return Rules(
        items=[
            Rule(team_id=row.team_id, channel=row.channel, language=row.language, segment_id=row.segment_id)
            for row in rows
        ]
    )


async def _check_rules(session: AsyncSession, wish: RulesWish) -> None:
    known = {
        "team_id": set(await session.scalars(select(Row.id))),
        "segment_id": set(await session.scalars(select(Segment.id))),
    }
    wrong: dict[str, str] = {}
    for number, rule in enumerate(wish.items):
        for name, ids in known.items():
            if (wanted := getattr(rule, name)) is not None and wanted not in ids:
                wrong[f"items.{number}.{name}"] = f"There is no such {name.removesuffix('_id')}."
    if wrong:
        raise InvalidInput(errors=[{"field": field, "message": message} for field, message in wrong.items()])


ENDPOINTS = (
    list_teams,
    add_team,
    edit_team,
    remove_team,
    list_rules,
    set_rules,
    list_inbox_colleagues,
    set_away,
)

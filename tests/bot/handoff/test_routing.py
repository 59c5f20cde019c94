"""Who is given a talk: by rules, by who looks after the person, in turn; and nobody while a team is not there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from base.database import transaction
from base.ids import new_id
from bot.handoff.hours import opens_at
from bot.handoff.models import AwayColleague, RoutingRule, Team, TeamMember
from bot.handoff.routing import Given, Wanted, find_receiver
from bot.publishing.models import Publication
from crm.contacts.service import create_contact
from crm.owners.service import assign_owner
from crm.segments.models import Segment, SegmentMember
from tests.bot.happenings import happen
from tests.bot.stage import Stage

ADA, BEA, CID = sorted(uuid4() for _ in range(3))
MONDAY_AT_THREE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
OFFICE = {"zone": "Europe/London", "hours": {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]}}


async def add_team(session: Any, name: str, routing: str, *members: UUID, now: datetime) -> UUID:
    team = Team(id=new_id(), name=name, routing=routing, version=1, created_at=now)
    session.add(team)
    await session.flush()
    session.add_all([TeamMember(team_id=team.id, user_id=member) for member in members])
    await session.flush()
    return team.id


async def publish(session: Any, teams: dict[str, Any], now: datetime) -> None:
    await session.execute(
        insert(Publication).values(
            flows_version="1",
            compiled={"teams": teams, "default_language": "en", "wording": {}},
            contents={},
            model_id="m",
            author="test",
            report={},
            published_at=now,
        )
    )


def wanted(contact_id: UUID | None = None, **changes: Any) -> Wanted:
    return Wanted(**{"team": "sales", "channel": "web", "language": "en-GB", "contact_id": contact_id, **changes})


async def test_colleagues_are_given_talks_in_turn_but_for_those_who_are_away(database, now) -> None:
    async with transaction(database.sessions) as session:
        team = await add_team(session, "sales", "round_robin", ADA, BEA, CID, now=now)
        session.add(AwayColleague(user_id=BEA, since_at=now))
        await session.flush()
        given_to = []
        for number in range(4):
            receiver = await find_receiver(session, wanted(), now + timedelta(seconds=number))
            assert receiver.team_id == team
            given_to.append(receiver.user_id)
    assert given_to == [ADA, CID, ADA, CID]


async def test_who_looks_after_somebody_is_given_their_talk_if_they_are_in_the_team(database, now) -> None:
    async with transaction(database.sessions) as session:
        await add_team(session, "sales", "owner", ADA, BEA, now=now)
        theirs, strangers = [await create_contact(session, language="en", time_zone=None, now=now) for _ in range(2)]
        await assign_owner(session, theirs, BEA, by="test", now=now)
        await assign_owner(session, strangers, CID, by="test", now=now)
        assert (await find_receiver(session, wanted(theirs), now)).user_id == BEA
        assert (await find_receiver(session, wanted(strangers), now)).user_id == ADA, "not in the team: in turn"


async def test_the_first_rule_that_holds_decides_the_team_before_the_flow_does(database, now) -> None:
    async with transaction(database.sessions) as session:
        sales = await add_team(session, "sales", "nobody", now=now)
        french = await add_team(session, "french", "nobody", now=now)
        vip = await add_team(session, "vip", "nobody", now=now)
        segment = new_id()
        session.add(Segment(id=segment, name="VIP", tree={"tag": "vip"}, made_by="x", created_at=now, updated_at=now))
        contact = await create_contact(session, language="en", time_zone=None, now=now)
        await session.flush()
        session.add(SegmentMember(segment_id=segment, contact_id=contact, entered_at=now))
        session.add_all(
            [
                RoutingRule(id=new_id(), position=0, team_id=vip, segment_id=segment, channel="web"),
                RoutingRule(id=new_id(), position=1, team_id=french, language="fr"),
            ]
        )
        await session.flush()
        cases = {
            vip: wanted(contact, language="fr"),
            french: wanted(contact, language="fr-CA", channel="sms"),
            sales: wanted(),
        }
        for team, one in cases.items():
            assert await find_receiver(session, one, now) == Given(team)


async def test_a_talk_for_a_team_that_nobody_made_is_everybodys(database, now) -> None:
    async with transaction(database.sessions) as session:
        assert await find_receiver(session, wanted(), now) == Given()


async def test_nobody_is_given_a_talk_while_the_team_is_not_there(database, now) -> None:
    async with transaction(database.sessions) as session:
        team = await add_team(session, "sales", "round_robin", ADA, now=now)
        await publish(session, {"sales": OFFICE}, now)
        at_night = MONDAY_AT_THREE + timedelta(hours=7)
        assert await find_receiver(session, wanted(), at_night) == Given(team)
        assert await find_receiver(session, wanted(), MONDAY_AT_THREE) == Given(team, ADA)


async def test_who_asks_while_nobody_is_there_is_told_when_somebody_is(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await publish(
            session, {"sales": {"zone": "Europe/London", "hours": {"tue": ["09:00-17:00"]}}}, stage.clock.now()
        )
    with pytest.raises(AssertionError):  # the answer is not the last word here
        await happen(stage, {"effect": "hand_off", "team": "sales", "reason": "asked", "open": False})
    author, text = (await stage.transcript())[-1]
    assert author == "bot"
    # The visitor's clock, in Madrid, is an hour ahead of London's.
    assert text.startswith("They're back on Tue 24 Nov, 10:00")
    assert stage.watchers.shown[-1].text == text


@pytest.mark.parametrize(
    ("team", "now", "expected"),
    [
        ({}, MONDAY_AT_THREE, MONDAY_AT_THREE),
        (OFFICE, MONDAY_AT_THREE, MONDAY_AT_THREE),
        (OFFICE, MONDAY_AT_THREE + timedelta(hours=3), datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (OFFICE, datetime(2026, 11, 25, 9, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)),
        (
            {**OFFICE, "closed": ["2026-11-24"]},
            MONDAY_AT_THREE + timedelta(hours=3),
            datetime(2026, 11, 30, 9, tzinfo=UTC),
        ),
        ({"zone": "UTC", "hours": {}, "closed": ["2026-11-23"]}, MONDAY_AT_THREE, datetime(2026, 11, 24, tzinfo=UTC)),
    ],
)
def test_a_team_is_there_in_its_hours(team: dict[str, Any], now: datetime, expected: datetime) -> None:
    assert opens_at(team, now) == expected


@given(minutes=st.integers(0, 60 * 24 * 20))
def test_a_team_with_hours_is_never_said_to_be_back_in_the_past_or_outside_them(minutes: int) -> None:
    now = MONDAY_AT_THREE + timedelta(minutes=minutes)
    back_at = opens_at(OFFICE, now)
    assert back_at is not None
    assert back_at >= now
    assert back_at.weekday() in (0, 1)
    assert 9 <= back_at.hour < 17

"""What is played when a journey is tried out, from what was asked for to what is answered. Decides nothing itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.problems import errors_of
from admin.journeys.letters import render_letter
from admin.journeys.trying_shapes import (
    GateAnswer,
    LoadSimulated,
    PeopleSimulated,
    PersonSimulated,
    RefusalsSimulated,
    SendsSimulated,
    SimulatedMessage,
    SimulatedMoment,
    SimulatedPeople,
    SimulatedPerson,
    StepSimulated,
    WaySimulated,
    WayTaken,
)
from base.encryption import KeyRing
from base.errors import InvalidInput, NotFound
from bot.publishing.draft_checks import DraftChecks
from bot.publishing.faults import PlacedFault, place
from bot.publishing.simulating import NotPlayable
from crm.segments.counting import draw as draw_ids
from crm.segments.service import find_segment, get_segment
from crm.segments.tree import SegmentTree
from flows.compiler import compile_journeys
from flows.journey_test_models import JourneyTest, Person
from outreach.definitions import JourneyDefinition
from outreach.enrolment import read_definition
from outreach.models import Journey, JourneyVersion
from outreach.ports import LetterLook
from outreach.prices import PriceList
from outreach.quiet_hours import find_zone
from outreach.simulation import Place
from outreach.simulation_drawn import draw_people
from outreach.simulation_flow import Flowed, let_through, make_up
from outreach.simulation_people import WrittenTalks
from outreach.simulation_person import Asked, Walked, Written, walk_one
from outreach.simulation_person import Moment as Came

_THEY = "they"
_TEST_NAME = "what comes of them"
_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_MOST_OF_A_UNIT = 9_999


@dataclass(frozen=True)
class Script:
    """A journey that is played: as it was compiled, and what the checker says of it."""

    compiled: Mapping[str, Any]
    definition: JourneyDefinition
    faults: Sequence[PlacedFault] = ()

    @property
    def version(self) -> str:
        return self.definition.version


async def find_script(
    session: AsyncSession, checks: DraftChecks, journey: str, state: Literal["draft", "live"]
) -> Script:
    """The journey as it would be if every draft were published, or as it is live.

    Raises:
        NotFound: there is no such journey.
        NotPlayable: the draft cannot be tried out.
    """
    if state == "live":
        compiled = await session.scalar(
            select(JourneyVersion.definition)
            .join(Journey, (Journey.id == JourneyVersion.journey) & (Journey.live_version == JourneyVersion.version))
            .where(Journey.id == journey)
        )
        if compiled is None:
            raise NotFound(f"No journey {journey} is live.")
        return Script(compiled, read_definition(journey, compiled))
    checked = await checks.look(session)
    item = f"journeys/{journey}"
    if item not in checked.tree:
        raise NotFound(f"There is no journey {journey}.")
    faults = [one for one in map(place, checked.looked.faults) if one.item == item]
    if journey not in checked.looked.content.journeys:
        raise NotPlayable(item, faults)
    compiled = compile_journeys(checked.looked.content)[journey]
    try:
        return Script(compiled, read_definition(journey, compiled), faults)
    except InvalidInput as error:
        raise NotPlayable(item, faults) from error


def test_of(wish: SimulatedPerson, begins_at: datetime, lasts: timedelta) -> JourneyTest:
    """The person with what they do, as the author of a journey writes it in a test.

    Raises:
        InvalidInput: nobody can be so.
    """
    if find_zone(wish.time_zone) is None:
        raise InvalidInput("There is no such time zone.", errors=[{"field": "person.time_zone", "message": "unknown"}])
    person = {
        "language": wish.language,
        "zone": wish.time_zone,
        "country": wish.country,
        "addresses": wish.channels,
        "answers": {
            step: {"outcome": one.outcome, "after": _written(one.after_seconds)}
            for step, one in wish.answers.items()
        },
        **wish.model_dump(include={
            "consents", "suppressed", "fields", "stage", "tags", "scores", "segments", "variants", "held_out",
        }),
    }  # fmt: skip
    happens = [
        {
            **one.model_dump(exclude={"after_seconds"}, exclude_defaults=True),
            "person": _THEY,
            "after": _written(one.after_seconds) if one.after_seconds else None,
        }
        for one in sorted(wish.deeds, key=lambda deed: deed.after_seconds)
    ]
    connectors = {
        name: {"ok": one.ok, "status": one.status, "json": one.answer, "problem": None if one.ok else "refused"}
        for name, one in wish.connectors.items()
    }
    try:
        return JourneyTest.model_validate(
            {
                "name": _TEST_NAME, "begins": begins_at, "lasts": f"{lasts.days} days", "people": {_THEY: person},
                "happens": happens, "connectors": connectors, "expect": {_THEY: {"stays_out": True}},
            }
        )  # fmt: skip
    except ValidationError as error:
        raise InvalidInput("Nobody can be so.", errors=errors_of(error)) from error


def walking(script: Script, test: JourneyTest, entry: str | None) -> Callable[[Place, WrittenTalks], Awaitable[Walked]]:
    """Lets the person through, wherever that is done."""

    async def walk(where: Place, talks: WrittenTalks) -> Walked:
        return await walk_one(where, talks, script.compiled, test, entry=entry)

    return walk


async def draw(
    session: AsyncSession, keys: KeyRing, script: Script, wish: SimulatedPeople, now: datetime
) -> Mapping[UUID, Person]:
    """People like those of the segment, or made-up ones.

    Raises:
        NotFound: there is no such segment.
    """
    if wish.segment is None:
        return make_up(script.definition, wish.count, seed=wish.seed)
    named = _id_in(wish.segment)
    segment = await find_segment(session, wish.segment) if named is None else await get_segment(session, named)
    if segment is None:
        raise NotFound(f"There is no segment {wish.segment}.")
    ids = await draw_ids(session, SegmentTree.model_validate(segment.tree), now, wish.count)
    return await draw_people(session, keys, script.definition, ids, now)


def flowing(
    script: Script,
    drawn: Mapping[UUID, Person],
    begins_at: datetime,
    lasts: timedelta,
    *,
    seed: int,
    prices: PriceList,
) -> Callable[[Place, WrittenTalks], Awaitable[Flowed]]:
    """Lets these people through, wherever that is done."""

    async def flow(where: Place, _talks: WrittenTalks) -> Flowed:
        return await let_through(where, script.compiled, drawn, begins_at, lasts, seed=seed, prices=prices)

    return flow


def show_person(
    walked: Walked, test: JourneyTest, looks: Mapping[str, LetterLook], prices: PriceList
) -> PersonSimulated:
    """One way as it is answered."""
    zone = ZoneInfo(test.people[_THEY].zone)
    first = test.begins.astimezone(zone).date()
    return PersonSimulated(
        moments=[_moment(came, first, zone, looks, prices) for came in walked.moments],
        stands_on=walked.stands_on,
        left_by=walked.left_by,
    )


def show_people(flowed: Flowed, prices: PriceList) -> PeopleSimulated:
    """What became of all of them as it is answered."""
    left: dict[str, dict[str, int]] = defaultdict(dict)
    outcomes: Counter[str] = Counter()
    for (step, reason), number in flowed.exits.items():
        left[step][reason] = number
        outcomes[reason] += number
    messages: Counter[str] = Counter()
    for (_, channel), number in flowed.sends.items():
        messages[channel] += number
    days: dict[date, dict[str, int]] = defaultdict(dict)
    for (day, channel), number in sorted(flowed.load.items()):
        days[day][channel] = number
    return PeopleSimulated(
        people=flowed.people,
        entered=flowed.entered,
        held_out=flowed.held_out,
        goals=flowed.goals,
        stayed_out=dict(flowed.stayed_out),
        outcomes=dict(outcomes.most_common()),
        steps=[
            StepSimulated(
                step=step, arrived=flowed.arrived.get(step, 0), stand_here=flowed.standing.get(step, 0), left=left[step]
            )
            for step in flowed.steps
        ],
        ways=[WaySimulated(step=step, to=to, people=number) for (step, to), number in sorted(flowed.edges.items())],
        sends=[
            SendsSimulated(channel=channel, messages=number, cost=round(flowed.costs.get(channel, 0.0), 4))
            for channel, number in messages.most_common()
        ],
        refusals=[
            RefusalsSimulated(step=step, channel=channel, rule=rule, messages=number)
            for (step, channel, rule), number in sorted(flowed.refusals.items(), key=lambda one: -one[1])
        ],
        load=[LoadSimulated(day=day, channels=channels) for day, channels in days.items()],
        busiest_hour=None if flowed.busiest is None else flowed.busiest[0],
        busiest_messages=0 if flowed.busiest is None else flowed.busiest[1],
        cost=round(sum(flowed.costs.values()), 4),
        currency=prices.currency,
    )


def _moment(
    came: Came, first: date, zone: ZoneInfo, looks: Mapping[str, LetterLook], prices: PriceList
) -> SimulatedMoment:
    return SimulatedMoment(
        at=came.at,
        day=(came.at.astimezone(zone).date() - first).days + 1,
        what=came.what,
        step=came.step,
        came_from=came.came_from,
        way=None if came.taken is None else WayTaken(by=came.taken.by, condition=_plain(came.taken.condition)),
        waited_seconds=came.waited,
        message=None if came.message is None else _message(came.message, looks, prices),
        rule=came.rule,
        text=came.words,
        until=came.until,
        data=dict(came.data),
    )


def _message(written: Written, looks: Mapping[str, LetterLook], prices: PriceList) -> SimulatedMessage:
    return SimulatedMessage(
        channel=written.envelope.channel,
        state=written.state,
        rendering=render_letter(written.envelope, looks, prices),
        gate=[_answer(one) for one in written.asked],
        left_at=written.left_at,
        rule=written.rule,
        text=written.reason,
    )


def _answer(asked: Asked) -> GateAnswer:
    return GateAnswer.model_validate(
        {
            "at": asked.at, "stage": asked.stage, "answer": asked.answer, "rule": asked.rule, "text": asked.reason,
            "until": asked.until,
        }
    )  # fmt: skip


def _plain(condition: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if condition is None else dict(condition)


def _written(seconds: int) -> str:
    """A duration as authors write it: to the minute from some hours on, as there are at most four digits."""
    unit, length = next(one for one in _UNITS.items() if seconds <= one[1] * _MOST_OF_A_UNIT)
    return f"{max(1, -(-seconds // length))} {unit}s"


def _id_in(named: str) -> UUID | None:
    try:
        return UUID(named)
    except ValueError:
        return None

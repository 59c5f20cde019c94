"""Puts people into a simulation as a test describes them. What they do stands in `simulation_tests`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import phonenumbers
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import InvalidInput
from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.suppression import suppress
from crm.contacts.addresses import ADDRESS_KINDS, AddressKind
from crm.contacts.models import Contact
from crm.contacts.service import attach_address
from crm.scoring.entries import OF_JOURNEYS
from crm.scoring.models import ScoreEntry
from crm.segments.building import build_next
from crm.segments.service import create_segment
from crm.segments.tree import SegmentTree
from flows.journey_test_models import Person
from outreach.definitions import JourneyDefinition
from outreach.entering import is_held_out
from outreach.experiments.design import Design
from outreach.simulation import Simulation

CONTROLLER = "simulation"
_MOST_DRAWS = 100_000


class WrittenTalks(Protocol):
    """Conversations that people begin, which outreach only reads: whoever simulates brings a way to have some."""

    async def open(self, session: AsyncSession, contact_id: UUID, channel: str, now: datetime) -> UUID:
        """Has one begin, and returns its id."""
        ...

    async def say(self, session: AsyncSession, conversation_id: UUID, now: datetime) -> None:
        """Has the person say something in it."""
        ...

    async def hand_over(self, session: AsyncSession, conversation_id: UUID) -> None:
        """Has a colleague take it."""
        ...


def draw_id(definition: JourneyDefinition, person: Person) -> UUID:
    """An id whose hashes send this person the ways that were described: the engine itself is not told.

    Raises:
        InvalidInput: no id goes these ways; such a way may have no weight, or its step is no experiment.
    """
    for name in person.variants:
        if name not in definition.steps or definition.steps[name].step != "experiment":
            raise InvalidInput(f"{definition.journey} has no experiment {name}.")
    designs = {name: Design.of(definition.steps[name]) for name in person.variants}
    for _ in range(_MOST_DRAWS):
        drawn = new_id()
        if is_held_out(definition, drawn) == person.held_out and all(
            design.way_of(definition.journey, name, drawn) == person.variants[name] for name, design in designs.items()
        ):
            return drawn
    ways = ", ".join(f"{step}: {way}" for step, way in sorted(person.variants.items())) or "held_out"
    raise InvalidInput(f"In {definition.journey} nobody goes this way: {ways}.")


async def put_people(
    session: AsyncSession, simulation: Simulation, people: Mapping[UUID, Person], numbers: Iterator[int] | None = None
) -> None:
    """Writes these people as they are at the beginning."""
    if not people:
        return
    now, keys = simulation.clock.now(), simulation.place.keys
    counted = numbers or itertools.count(1)
    await session.execute(insert(Contact), [_row(one, person, now) for one, person in people.items()])
    for contact_id, person in people.items():
        number = next(counted)
        # A phone is one address of two channels.
        kinds = dict.fromkeys(ADDRESS_KINDS[channel] for channel in person.addresses if channel in ADDRESS_KINDS)
        for kind in kinds:
            value = _address(kind, person, number)
            await attach_address(session, keys, contact_id, kind=kind, value=value, now=now)
        for key, state in person.consents.items():
            await record_consent_event(session, _consent(contact_id, person, key, state, now), now)
        for channel in person.suppressed:
            await suppress(session, [contact_id], channel, "stopped before", now)
    entries = list(_scores(people, now))
    if entries:
        await session.execute(insert(ScoreEntry), entries)


async def put_segments(session: AsyncSession, segments: Iterable[str], now: datetime) -> None:
    """Makes these segments: whoever has the tag that stands for one is in it."""
    for segment in sorted(segments):
        tree = SegmentTree.model_validate({"tag": segment_tag(segment)})
        await create_segment(session, name=segment, tree=tree, by=CONTROLLER, now=now)
    while await build_next(session, now, 1_000):
        pass


def segment_tag(segment: str) -> str:
    """The tag that stands for a segment, whose rule in a simulation is to have it."""
    return f"in_{segment}"[:60]


def segments_of(people: Iterable[Person]) -> frozenset[str]:
    """All segments that somebody is in."""
    return frozenset(segment for person in people for segment in person.segments)


def _row(contact_id: UUID, person: Person, now: datetime) -> dict[str, Any]:
    return {
        "id": contact_id,
        "stage": person.stage,
        "language": person.language,
        "time_zone": person.zone,
        "fields": {"country": person.country} | person.fields,
        "tags": [*person.tags, *(segment_tag(segment) for segment in person.segments)],
        "created_at": now,
        "updated_at": now,
    }


def _address(kind: AddressKind, person: Person, number: int) -> str:
    if kind == "email":
        return f"person{number}@people.example"
    if kind == "telegram":
        return str(100_000_000 + number)
    return _phone(person.country, number)


def _phone(country: str, number: int) -> str:
    """A number of the country that could be one, a different one for each of up to a thousand people."""
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        raise InvalidInput(f"There is no country {country} whose phone numbers are known.")
    national = example.national_number or 0
    base = national - national % 1000
    own = phonenumbers.PhoneNumber(country_code=example.country_code, national_number=base + number % 1000)
    return phonenumbers.format_number(own, phonenumbers.PhoneNumberFormat.E164)


def _consent(contact_id: UUID, person: Person, key: str, state: str, now: datetime) -> ConsentFact:
    purpose, _, channel = key.partition("/")
    return ConsentFact(
        event=state,  # type: ignore[arg-type]
        principal_ref=contact_id,
        purpose=purpose,
        channel=channel,
        controller=CONTROLLER,
        language=person.language,
        method="simulation",
        actor="subject",
        effective_at=now,
        notice_text="May we write to you?",
    )


def _scores(people: Mapping[UUID, Person], now: datetime) -> Iterator[dict[str, Any]]:
    for contact_id, person in people.items():
        named = {score: points for score, points in person.scores.items() if score != "total"}
        rest = person.scores.get("total", 0) - sum(named.values()) if "total" in person.scores else 0
        for number, (score, points) in enumerate([*named.items(), *([("fit", rest)] if rest else [])]):
            yield {
                "id": new_id(),
                "contact_id": contact_id,
                "rule": f"{OF_JOURNEYS}simulation/{score}/{number}",
                "score": score,
                "points": points,
                "reason": "Had them at the beginning",
                "created_at": now,
            }

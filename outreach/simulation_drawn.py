"""People as they are for a simulation: what a journey and the gate look at, and no name or address of theirs.

Reads contacts and writes nothing. In the simulation their addresses are made up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, case, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import one_of
from crm.consent.ledger import consent_for
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import Contact
from crm.scoring.models import ContactScores
from crm.segments.models import Segment, SegmentMember
from flows.journey_test_models import Person
from outreach.definitions import TALKS, JourneyDefinition
from outreach.people_known import Person as Known
from outreach.people_known import read_people
from outreach.quiet_hours import find_zone

_COUNTRY = re.compile(r"[A-Z]{2}")
_SHORTEST_MEMORY = timedelta(0)
_LONGEST = 500
"""Characters of a field that is taken along."""
_STATES = frozenset({"given", "refused", "withdrawn", "requested"})


async def draw_people(
    session: AsyncSession, keys: KeyRing, definition: JourneyDefinition, contact_ids: Sequence[UUID], now: datetime
) -> dict[UUID, Person]:
    """These contacts, each under their own id: an experiment and the share held back treat them as they would."""
    known = await read_people(session, contact_ids, now, keys=keys, machine=None, remember=_SHORTEST_MEMORY)
    rows = await session.execute(
        select(Contact.id, Contact.language, Contact.tags, ContactScores.scores, Contact.score)
        .outerjoin(ContactScores, ContactScores.contact_id == Contact.id)
        .where(one_of(Contact.id, contact_ids))
    )
    named = _names_in(definition)
    segments = await _read_segments(session, contact_ids, named)
    return {
        row.id: _person(definition, known.by_id[row.id], row, segments.get(row.id, []), named)
        for row in rows
        if known.by_id[row.id].exists
    }


def _person(
    definition: JourneyDefinition, known: Known, row: Any, segments: Sequence[str], named: frozenset[str]
) -> Person:
    where = known.whereabouts()
    countries = [one for one in where.countries if _COUNTRY.fullmatch(one)]
    return Person.model_validate(
        {
            "language": row.language,
            "zone": str(find_zone(known.time_zone) or next(iter(where.zones), "Europe/London")),
            "country": next(iter(countries), "GB"),
            "addresses": [channel for channel, kind in ADDRESS_KINDS.items() if kind in known.address_kinds],
            "consents": dict(_consents(definition, known)),
            "suppressed": sorted(set(known.suppressed) & ADDRESS_KINDS.keys()),
            "fields": {name: value for name, value in known.fields.items() if name in named and _is_plain(value)},
            "stage": known.stage,
            "tags": [tag for tag in row.tags if tag in named],
            "scores": {name: round(points) for name, points in {**(row.scores or {}), "total": row.score}.items()},
            "segments": list(segments),
        }
    )


def _consents(definition: JourneyDefinition, known: Known) -> Iterator[tuple[str, str]]:
    """How each consent that the journey needs stands; nothing where none was ever given."""
    talks = [step for step in definition.steps.values() if step.step in TALKS]
    for purpose in sorted({definition.purpose_of(step) for step in talks}):
        for channel in sorted({channel for step in talks for channel in step.channels}):
            state = consent_for(known.consents, purpose, channel).state
            if state in _STATES:
                yield f"{purpose}/{channel}", state


async def _read_segments(
    session: AsyncSession, contact_ids: Sequence[UUID], named: frozenset[str]
) -> Mapping[UUID, list[str]]:
    """Of each the segments that the journey speaks of, as it names them: by their name or id."""
    by_id, names = cast(Segment.id, Text), sorted(named)
    rows = await session.execute(
        select(SegmentMember.contact_id, case((Segment.name.in_(names), Segment.name), else_=by_id))
        .join(Segment, Segment.id == SegmentMember.segment_id)
        .where(
            one_of(SegmentMember.contact_id, contact_ids),
            or_(Segment.name.in_(names), by_id.in_(names)),
        )
        .order_by(Segment.name)
    )
    found: dict[UUID, list[str]] = {}
    for contact_id, name in rows:
        found.setdefault(contact_id, []).append(name)
    return found


def _names_in(definition: JourneyDefinition) -> frozenset[str]:
    """Every word and text in it: a field, tag or segment that is none of these plays no part in the journey."""
    whole = definition.model_dump(mode="json", by_alias=True)
    return frozenset(_texts_in(whole)) | frozenset(re.findall(r"[a-z][a-z0-9_]*", json.dumps(whole["wording"])))


def _texts_in(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            yield str(name)
            yield from _texts_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _texts_in(inner)


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _LONGEST)

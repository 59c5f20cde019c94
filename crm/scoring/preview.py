"""Shows who a change of rules would move, before it is saved. Reads only; counts as `service` does, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.contacts.models import Contact
from crm.contacts.rules import STAGES, stages_before
from crm.profiling.service import find_refusals
from crm.scoring.behaviour import Counted, count_behaviour
from crm.scoring.books import read_book
from crm.scoring.entries import Stored, as_of_book, read_entries
from crm.scoring.facts import read_facts
from crm.scoring.rules import Points, ScoreBook, band_of, reached, score
from crm.scoring.sums import scores_at, total_of

SET = 1_000
"""Contacts counted at once."""
MOST = 20_000
"""Contacts counted at most: of more, these are drawn at random, and counts are of those."""
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Moved:
    """One contact whose scores would be others. `stage` is the one they would reach, if any."""

    contact_id: UUID
    before: Mapping[str, int]
    after: Mapping[str, int]
    stage: str | None


@dataclass
class Preview:
    """Who would move: of `looked_at` out of `contacts`, with those who would move furthest."""

    contacts: int
    looked_at: int = 0
    up: int = 0
    down: int = 0
    bands: dict[str, int] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)
    examples: list[Moved] = field(default_factory=list)


async def preview_book(session: AsyncSession, keys: KeyRing, draft: ScoreBook, now: datetime) -> Preview:
    """What the scores would be by these rules, beside what they are by those that count now."""
    live = (await read_book(session)).book
    preview = Preview(await session.scalar(select(func.count()).select_from(Contact)) or 0)
    people = select(Contact.id, Contact.stage)
    people = people.order_by(Contact.id) if preview.contacts <= MOST else people.order_by(func.random()).limit(MOST)
    drawn = [(row.id, row.stage) for row in await session.execute(people)]
    for start in range(0, len(drawn), SET):
        await _count(session, keys, dict(drawn[start : start + SET]), (live, draft), preview, now=now)
    return preview


async def _count(
    session: AsyncSession,
    keys: KeyRing,
    people: Mapping[UUID, str],
    books: tuple[ScoreBook, ScoreBook],
    preview: Preview,
    *,
    now: datetime,
) -> None:
    refused = await find_refusals(session, keys, people, "scoring", now)
    judged = [contact_id for contact_id in people if contact_id not in refused]
    facts = await read_facts(session, keys, judged, now)
    stored = await read_entries(session, judged)
    did = [await count_behaviour(session, judged, book.rules, now) for book in books]
    for contact_id in judged:
        before, after = (
            _scores(stored[contact_id], facts.get(contact_id, {}), counted.get(contact_id, ()), book, now)
            for book, counted in zip(books, did, strict=True)
        )
        _note(preview, Moved(contact_id, before, after, _next_stage(people[contact_id], after, books[1])), books)
    preview.looked_at += len(people)
    preview.examples.sort(key=lambda one: -abs(total_of(one.after) - total_of(one.before)))
    del preview.examples[EXAMPLES:]


def _scores(
    stored: Sequence[Stored], facts: Mapping[str, Any], counted: Sequence[Counted], book: ScoreBook, now: datetime
) -> dict[str, int]:
    points: list[Points] = [*as_of_book(stored, book), *score(facts, book), *(one.points for one in counted)]
    return scores_at(((one, one.group) for one in points), book, now)


def _next_stage(stage: str, after: Mapping[str, int], draft: ScoreBook) -> str | None:
    ahead = [each.stage for each in reached(after, draft) if stage in stages_before(each.stage)]
    return max(ahead, key=STAGES.index, default=None)


def _note(preview: Preview, moved: Moved, books: tuple[ScoreBook, ScoreBook]) -> None:
    live, draft = books
    was, will_be = total_of(moved.before), total_of(moved.after)
    preview.up += will_be > was
    preview.down += will_be < was
    band = band_of(will_be, draft.bands)
    if band != band_of(was, live.bands):
        preview.bands[band] = preview.bands.get(band, 0) + 1
    if moved.stage is not None:
        preview.stages[moved.stage] = preview.stages.get(moved.stage, 0) + 1
    if dict(moved.before) != dict(moved.after) or moved.stage is not None:
        preview.examples.append(moved)

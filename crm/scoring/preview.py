"""Shows who a change of rules would move, before it is saved. Reads only; counts as `service` does, writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.contacts.models import Contact
from crm.contacts.rules import STAGES, stages_before
from crm.scoring.books import read_book
from crm.scoring.counting import Asked, count, given, plan_for_sets, wheres_key
from crm.scoring.facts import judge, read_people
from crm.scoring.rules import ScoreBook, band_of, reached
from crm.scoring.sums import total_of

SET = 2_000
"""Contacts counted at once."""
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
    """Who would move: of `looked_at` out of `contacts`, with those who would move furthest.

    Everybody is looked at in the order of their ids; `looked_to` is the last one, and `is_whole` when nobody is left.
    """

    contacts: int = 0
    looked_at: int = 0
    up: int = 0
    down: int = 0
    bands: dict[str, int] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)
    examples: list[Moved] = field(default_factory=list)
    looked_to: UUID | None = None
    is_whole: bool = False


async def preview_book(
    session: AsyncSession,
    keys: KeyRing,
    draft: ScoreBook,
    now: datetime,
    *,
    preview: Preview | None = None,
    goes_on: Callable[[], bool] = lambda: True,
) -> Preview:
    """What the scores would be by these rules, beside what they are by those that count now.

    Args:
        preview: to go on with one that did not look at everybody.
        goes_on: whether to take the next set, too.
    """
    await plan_for_sets(session)
    books = ((await read_book(session)).book, draft)
    asked = Asked(books)
    preview = preview or Preview()
    preview.contacts = await session.scalar(select(func.count()).select_from(Contact)) or 0
    while True:
        people = select(Contact.id, Contact.stage).order_by(Contact.id).limit(SET)
        if preview.looked_to is not None:
            people = people.where(Contact.id > preview.looked_to)
        stages = {row.id: row.stage for row in await session.execute(people)}
        await _count(session, keys, asked, stages, preview, now=now)
        preview.is_whole = len(stages) < SET
        if preview.is_whole or not goes_on():
            return preview


async def _count(
    session: AsyncSession, keys: KeyRing, asked: Asked, people: Mapping[UUID, str], preview: Preview, *, now: datetime
) -> None:
    known = judge(await read_people(session, list(people)), keys, asked.facts, now)
    judged = [contact_id for contact_id in people if contact_id not in known.refusals]
    held = {contact_id: asked.held(known.facts.get(contact_id, {})) for contact_id in judged}
    rows = await session.execute(_compare(wheres_key(asked)), given(asked, held, now) | {"everybody": judged})
    live, draft = asked.books
    for contact_id, before, after in rows:
        _note(preview, Moved(contact_id, before, after, _next_stage(people[contact_id], after, draft)), (live, draft))
    preview.looked_at += len(people)
    preview.looked_to = max(people, default=preview.looked_to)
    preview.examples.sort(key=lambda one: -abs(total_of(one.after) - total_of(one.before)))
    del preview.examples[EXAMPLES:]


@lru_cache(maxsize=64)
def _compare(wheres: str) -> Select[Any]:
    """The scores of all by both books."""
    sums = count(wheres).sums
    live, draft = sums.alias("live"), sums.alias("draft")
    both = and_(live.c.id == draft.c.id, live.c.book == 0, draft.c.book == 1)
    return select(live.c.id, live.c.scores, draft.c.scores).select_from(live.join(draft, both)).order_by(live.c.id)


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

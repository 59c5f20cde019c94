"""What journeys may name although it stands in no file: kinds of events, segments, scores. Reads only.

Connectors are left out: a step that calls one says where to go when it cannot be reached.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.events.kinds import list_kinds
from crm.scoring.books import read_book
from crm.segments.models import Segment
from flows.content import Outside


async def look_outside(session: AsyncSession) -> Outside:
    """Gives what there is now; segments by name and by id."""
    segments = (await session.execute(select(Segment.name, Segment.id))).all()
    return Outside(
        kinds={name: frozenset(kind.properties) for name, kind in (await list_kinds(session)).items()},
        segments=frozenset(str(named) for segment in segments for named in segment),
        scores=frozenset((await read_book(session)).book.scores),
    )

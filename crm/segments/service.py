"""Segments as people make them: create, change, remove, read. In the caller's transaction; finds no members itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from uuid import UUID

from sqlalchemy import Text, cast, delete, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.ids import new_id
from crm.segments.compiling import text_sha256
from crm.segments.errors import InvalidSegment, NameTaken, OutOfDate, SegmentInUse
from crm.segments.locks import lock_members, lock_rules
from crm.segments.models import Segment, SegmentTopic, SegmentVector
from crm.segments.tree import SegmentTree

MOST_SEGMENTS = 500


async def create_segment(session: AsyncSession, *, name: str, tree: SegmentTree, by: str, now: datetime) -> Segment:
    """Adds a segment; a worker finds its members.

    Raises:
        NameTaken: another has the name.
        InvalidSegment: there are too many, or it names a segment or text that is not there.
    """
    await lock_rules(session)
    if (await session.scalar(select(func.count()).select_from(Segment)) or 0) >= MOST_SEGMENTS:
        raise InvalidSegment(f"There are {MOST_SEGMENTS} segments already: remove one that nobody uses.")
    await _check(session, None, name, tree)
    segment = Segment(
        id=new_id(), name=name, tree=tree.dump(), version=1, state="building", built=0, made_by=by, created_at=now,
        updated_at=now,
    )  # fmt: skip
    session.add(segment)
    await session.flush()
    await _save_topics(session, segment.id, tree)
    return segment


async def change_segment(
    session: AsyncSession,
    segment_id: UUID,
    *,
    name: str,
    tree: SegmentTree,
    version: int,
    now: datetime,
    named_by: Sequence[str] = (),
) -> Segment:
    """Gives a segment another name or rule. With another rule its members are found anew; until then the old ones stay.

    Args:
        named_by: what calls it by its name, such as a journey, in words.

    Raises:
        NotFound: there is no such segment.
        OutOfDate: it is not at this version any more.
        SegmentInUse: it would get another name, and one of `named_by` calls it by this one.
        NameTaken, InvalidSegment: as for a new one; or the segment would contain itself.
    """
    await lock_rules(session)
    segment = await _get_at(session, segment_id, version)
    if name != segment.name and named_by:
        raise SegmentInUse(f"This segment is called by its name in {', '.join(named_by)}. Change it there first.")
    await _check(session, segment_id, name, tree)
    if tree.dump() != segment.tree:
        segment.tree, segment.state = tree.dump(), "building"
        segment.built, segment.built_to, segment.built_at = 0, None, None
        await session.execute(delete(SegmentTopic).where(SegmentTopic.segment_id == segment_id))
        await _save_topics(session, segment_id, tree)
    segment.name, segment.version, segment.updated_at = name, segment.version + 1, now
    await session.flush()
    return segment


async def delete_segment(session: AsyncSession, segment_id: UUID, *, version: int, used_by: Sequence[str] = ()) -> None:
    """Removes a segment and who was in it. Nobody leaves it by that: no event is written.

    Args:
        used_by: what else speaks of it, such as a journey, in words.

    Raises:
        NotFound, OutOfDate: as for a change.
        SegmentInUse: another segment or one of `used_by` speaks of it.
    """
    await lock_rules(session)
    segment = await _get_at(session, segment_id, version)
    others = [f"the segment “{one.name}”" for one in await list_users(session, segment_id)]
    if users := [*others, *used_by]:
        raise SegmentInUse(f"This segment is used by {', '.join(users)}. Take it out there first.")
    # Whoever just asks the segment would write members of one that is gone.
    await lock_members(session)
    await session.execute(delete(Segment).where(Segment.id == segment.id))


async def get_segment(session: AsyncSession, segment_id: UUID) -> Segment:
    """One segment.

    Raises:
        NotFound: there is no such segment.
    """
    segment = await session.get(Segment, segment_id)
    if segment is None:
        raise NotFound("There is no such segment.")
    return segment


async def find_segment(session: AsyncSession, name: str) -> Segment | None:
    """The segment of a name, or of an id; None when there is none."""
    named = select(Segment).where(or_(Segment.name == name, cast(Segment.id, Text) == name.lower()))
    return (await session.scalars(named.order_by(Segment.name != name).limit(1))).first()


async def list_segments(session: AsyncSession) -> Sequence[Segment]:
    """All segments by name; there are a few hundred at most."""
    return (await session.scalars(select(Segment).order_by(Segment.name))).all()


async def list_users(session: AsyncSession, segment_id: UUID) -> Sequence[Segment]:
    """The other segments whose rule speaks of this one."""
    speaking = select(SegmentTopic.segment_id).where(SegmentTopic.topic == f"segment:{segment_id}")
    return (await session.scalars(select(Segment).where(Segment.id.in_(speaking)).order_by(Segment.name))).all()


async def names_of(session: AsyncSession, segment_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of segments, to tell a rule in words; one that is gone is absent."""
    rows = await session.execute(select(Segment.id, Segment.name).where(Segment.id.in_(list(segment_ids))))
    return {row.id: row.name for row in rows}


async def missing_vectors(session: AsyncSession, texts: Iterable[str]) -> list[str]:
    """Of the texts that something is to be near to, those without a vector."""
    wanted = {text_sha256(text): text for text in texts}
    known = set(
        await session.scalars(select(SegmentVector.text_sha256).where(SegmentVector.text_sha256.in_(list(wanted))))
    )
    return sorted(text for sha256, text in wanted.items() if sha256 not in known)


async def save_vectors(session: AsyncSession, vectors: Mapping[str, Sequence[float]], *, encoder: str) -> None:
    """Keeps what texts mean."""
    rows = [
        {"text_sha256": text_sha256(text), "encoder": encoder, "embedding": list(vector)}
        for text, vector in vectors.items()
    ]
    if rows:
        await session.execute(upsert(SegmentVector).values(rows).on_conflict_do_nothing())


def in_order(trees: Mapping[UUID, SegmentTree]) -> list[UUID]:
    """The segments, each behind those that it speaks of.

    Raises:
        InvalidSegment: one would contain itself.
    """
    try:
        order = list(TopologicalSorter({key: tree.segments() for key, tree in trees.items()}).static_order())
    except CycleError as error:
        raise InvalidSegment("The segment would contain itself, by way of the segments it speaks of.") from error
    return [key for key in order if key in trees]


async def check_references(session: AsyncSession, tree: SegmentTree) -> None:
    """Refuses a rule that speaks of segments that are not there.

    Raises:
        InvalidSegment: it does.
    """
    if gone := tree.segments() - (await names_of(session, tree.segments())).keys():
        raise InvalidSegment(f"There is no segment {', '.join(sorted(map(str, gone)))}.")


async def _get_at(session: AsyncSession, segment_id: UUID, version: int) -> Segment:
    segment = await session.get(Segment, segment_id, with_for_update=True, populate_existing=True)
    if segment is None:
        raise NotFound("There is no such segment.")
    if segment.version != version:
        raise OutOfDate
    return segment


async def _check(session: AsyncSession, segment_id: UUID | None, name: str, tree: SegmentTree) -> None:
    if await session.scalar(select(Segment.id).where(Segment.name == name, Segment.id.is_distinct_from(segment_id))):
        raise NameTaken
    await check_references(session, tree)
    if missing := await missing_vectors(session, tree.texts()):
        raise InvalidSegment(f"It is not known yet what “{missing[0]}” means: its vector is missing.")
    if segment_id is not None and tree.segments():
        rows = await session.execute(select(Segment.id, Segment.tree))
        in_order({row.id: SegmentTree.model_validate(row.tree) for row in rows} | {segment_id: tree})


async def _save_topics(session: AsyncSession, segment_id: UUID, tree: SegmentTree) -> None:
    rows = [{"segment_id": segment_id, "topic": topic} for topic in sorted(tree.topics())]
    await session.execute(insert(SegmentTopic), rows)

"""Groups of open gaps: when they are made anew, of what, and the one transaction that replaces them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.tables import table_of
from bot.models import Message
from bot.turn_shapes import Vectors
from bot.understanding.models import Gap, GapGroup, Grouping
from bot.understanding.words import said

MOST_GAPS = 5_000
"""Of one language, the newest: older ones are grouped when those have been dealt with."""
EVERY = timedelta(hours=1)
"""How often new gaps are grouped by themselves."""
BY_CLOCK = "clock"
"""Who asked, where nobody did."""

_LONGEST_NAME = 100  # characters
_AT_ONCE = 500  # rows with vectors, whose reading holds up the process
_PLACE = text("""
    UPDATE understanding_gaps SET group_id = placed.into_group
    FROM unnest(CAST(:messages AS uuid[]), CAST(:groups AS uuid[])) AS placed (message_id, into_group)
    WHERE understanding_gaps.message_id = placed.message_id
""")
_KEPT = 20  # runs


@dataclass
class OpenGap:
    """A gap to be grouped; its vector may have to be made anew."""

    message_id: UUID
    language: str
    text: str
    intent: str | None
    confidence: float
    encoder: str | None
    vector: list[float] | None


async def ask_for_grouping(session: AsyncSession, *, by: str, now: datetime) -> None:
    """Has the gaps grouped soon; once, however often it is asked meanwhile."""
    row = {"id": new_id(), "asked_by": by, "asked_at": now, "status": "waiting"}
    await session.execute(insert(Grouping).values(row).on_conflict_do_nothing())


async def ask_if_due(session: AsyncSession, now: datetime) -> None:
    """Asks for a run when gaps came since the last one and that was a while ago, or when a group has lost words."""
    last = select(Grouping.asked_at).where(Grouping.status != "waiting").order_by(Grouping.asked_at.desc()).limit(1)
    asked_at = await session.scalar(last)
    rested = asked_at is None or asked_at <= now - EVERY
    came = exists().where(Gap.status == "open", Gap.created_at > asked_at if asked_at else Gap.created_at.is_not(None))
    if await drop_erased(session) or (rested and await session.scalar(select(came))):
        await ask_for_grouping(session, by=BY_CLOCK, now=now)


async def drop_erased(session: AsyncSession) -> bool:
    """Deletes the groups of which a message was erased: their names may be of its words."""
    left = select(func.count()).where(Gap.group_id == GapGroup.id).scalar_subquery()
    gone = delete(GapGroup).where(left < GapGroup.size).returning(GapGroup.id)
    dropped = await session.scalars(gone.execution_options(synchronize_session=False))
    return bool(dropped.all())


async def list_open(session: AsyncSession) -> list[OpenGap]:
    """The newest open gaps of each language."""
    languages = await session.scalars(select(Gap.language).where(Gap.status == "open").distinct())
    return [gap for language in languages.all() for gap in await _newest(session, language)]


async def keep_vectors(session: AsyncSession, gaps: Sequence[OpenGap], found: Vectors) -> None:
    """Keeps vectors that were made anew, in the gaps and in their rows."""
    for gap, row in zip(gaps, found.rows, strict=True):
        gap.vector, gap.encoder = row, found.encoder
    if not gaps:
        return
    table = table_of(Gap)
    statement = (
        update(table)
        .where(table.c.message_id == bindparam("of"))
        .values(embedding=bindparam("vector"), encoder=bindparam("made_by"))
    )
    rows = [{"of": gap.message_id, "vector": gap.vector, "made_by": gap.encoder} for gap in gaps]
    await (await session.connection()).execute(statement, rows)


async def replace_groups(
    session: AsyncSession, gaps: Sequence[OpenGap], groups: Sequence[Mapping[str, Any]], now: datetime
) -> int:
    """Makes these the groups, in place of all there were; returns how many.

    Args:
        gaps: what was grouped.
        groups: as the program gave them; messages that were closed or erased meanwhile are left out.
    """
    still_open = select(Gap.message_id).where(
        Gap.status == "open", Gap.message_id.in_([gap.message_id for gap in gaps])
    )
    is_open = set(await session.scalars(still_open.with_for_update()))
    by_id = {str(gap.message_id): gap for gap in gaps if gap.message_id in is_open}
    await session.execute(delete(GapGroup).execution_options(synchronize_session=False))
    made = list(_rows(groups, by_id, now))
    if made:
        await session.execute(insert(GapGroup), [group for group, _ in made])
        placed = [(member, group["id"]) for group, members in made for member in members]
        await session.execute(_PLACE, {"messages": [one for one, _ in placed], "groups": [one for _, one in placed]})
    return len(made)


async def end_run(
    session: AsyncSession, run: Grouping, *, gaps: int | None, problem: str | None, now: datetime
) -> bool:
    """Writes down what a run came to; False when it is another process's by now. Forgets runs of long ago."""
    ended = (
        update(Grouping)
        .where(Grouping.id == run.id, Grouping.status == "waiting", Grouping.attempts == run.attempts)
        .values(status="failed" if problem else "done", gaps=gaps, problem=problem, done_at=now, claimed_until=None)
        .returning(Grouping.id)
    )
    is_ours = await session.scalar(ended) is not None
    kept = select(Grouping.id).order_by(Grouping.asked_at.desc()).limit(_KEPT)
    await session.execute(
        delete(Grouping)
        .where(Grouping.id.not_in(kept), Grouping.status != "waiting")
        .execution_options(synchronize_session=False)
    )
    return is_ours


async def _newest(session: AsyncSession, language: str) -> list[OpenGap]:
    statement: Select[Any] = (
        select(Gap.message_id, Gap.language, said(), Gap.intent, Gap.confidence, Gap.encoder, Gap.embedding)
        .join(Message, Message.id == Gap.message_id)
        .where(Gap.status == "open", Gap.language == language)
        .order_by(Gap.created_at.desc(), Gap.message_id.desc())
        .limit(MOST_GAPS)
    )
    rows = await session.stream(statement.execution_options(yield_per=_AT_ONCE))
    return [OpenGap(*row) async for row in rows]


def _rows(
    groups: Sequence[Mapping[str, Any]], gaps: Mapping[str, OpenGap], now: datetime
) -> Iterator[tuple[dict[str, Any], list[UUID]]]:
    """Rows of groups with their members; one that is left alone is no group."""
    for group in groups:
        members = [gaps[one] for one in dict.fromkeys(group["ids"]) if one in gaps]
        if len(members) < 2:
            continue
        example = gaps.get(group["example"], members[0])
        name = " ".join(str(group["name"]).replace("\0", "").split())[:_LONGEST_NAME]
        row = {
            "id": new_id(),
            "name": name or example.text[:_LONGEST_NAME],
            "language": members[0].language,
            "size": len(members),
            "example_message_id": example.message_id,
            "nearest_intent": _nearest(members),
            "created_at": now,
        }
        yield row, [gap.message_id for gap in members]


def _nearest(members: Sequence[OpenGap]) -> str | None:
    """The intent that the classifier took for the likeliest, over all messages of the group."""
    weights: dict[str, float] = defaultdict(float)
    for gap in members:
        if gap.intent is not None:
            weights[gap.intent] += gap.confidence
    return max(weights, key=lambda intent: (weights[intent], intent), default=None)

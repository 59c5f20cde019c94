"""Keeps what contacts score equal to what is known of them and what they did. Runs in the caller's transaction.

Who may not be profiled has no points, and the reason for that as their only entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, case, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import InvalidInput, NotFound
from base.tables import table_of
from crm.contacts.models import Contact
from crm.contacts.service import lock_contact
from crm.profiling.service import find_refusals
from crm.scoring.behaviour import Counted, count_behaviour
from crm.scoring.books import LiveBook, read_book
from crm.scoring.entries import Stored, as_of_book, make_equal, read_entries
from crm.scoring.facts import read_facts
from crm.scoring.models import ContactScores, ScoreEntry
from crm.scoring.ports import LEARNED, Learned, LearnedScore
from crm.scoring.reaching import Reach, move_on
from crm.scoring.rules import Band, Points, ScoreBook, band_of, score
from crm.scoring.sums import next_change, scores_at, total_of
from crm.timeline.service import NewEvent, ingest

__all__ = [
    "NOT_SCORED",
    "Band",
    "add_points",
    "band_of",
    "list_due",
    "list_reasons",
    "list_uncounted",
    "recompute_for",
    "rescore",
    "take_back_if_refused",
]

NOT_SCORED = "not_scored"
"""The rule of the entry that says why somebody has no score."""


@dataclass(frozen=True, slots=True)
class _Person:
    """A contact as it was when it was locked; `before` are the scores that were told of last."""

    stage: str
    total: int
    before: Mapping[str, int] | None
    due_at: datetime | None


async def add_points(
    session: AsyncSession,
    contact_id: UUID,
    *,
    rule: str,
    points: int,
    reason: str,
    message_id: UUID | None,
    now: datetime,
) -> int:
    """Points that a dialogue gave; its rule again replaces what it gave before. Returns the new total.

    What follows from it (a stage, an event) is left to `rescore`, which a turn calls once at its end.

    Args:
        rule: `flow/step/index`; names without a slash belong to the book.

    Raises:
        InvalidInput: the rule is not named so.
        NotFound: there is no such contact.
    """
    if "/" not in rule:
        raise InvalidInput("A dialogue's score rule is named flow/step/index.")
    people = await _lock(session, [contact_id])
    if contact_id not in people:
        raise NotFound("This contact is gone.")
    await _remember(session, contact_id, people[contact_id], now)
    # Not even the keys to their number are at hand here, so a country that only it tells counts as unknown.
    refusal = (await find_refusals(session, None, [contact_id], "scoring", now)).get(contact_id)
    live = await read_book(session)
    stored = await read_entries(session, [contact_id])
    if refusal is not None:
        wanted = [Points(NOT_SCORED, 0, refusal.reason)]
    else:
        given = Points(rule, points, reason, live.book.talk_score)
        others = (one.points for one in stored[contact_id])
        wanted = [*(one for one in others if one.rule not in (rule, NOT_SCORED)), given]
    await make_equal(session, stored, {contact_id: wanted}, message_id=message_id, now=now)
    total = total_of(scores_at(((one, one.group) for one in wanted), live.book, now))
    if total != people[contact_id].total:
        await session.execute(
            update(Contact)
            .where(Contact.id == contact_id)
            .values(score=total)
            .execution_options(synchronize_session=False)
        )
    return total


async def rescore(
    session: AsyncSession,
    keys: KeyRing,
    contact_id: UUID,
    *,
    message_id: UUID | None,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Applies the rules of facts to what is known now: adds what holds, takes back what no longer does.

    Returns the new total. What they did is left as it was counted last: who reacts to events counts it. Call it after
    an objection to profiling or a consent to it, too: the one takes all points back, the other lets the rules count.

    Args:
        message_id: the chat turn that made it necessary; a reason that held before keeps its own.
        facts: to score by these instead of reading them.

    Raises:
        NotFound: there is no such contact.
    """
    given = None if facts is None else {contact_id: facts}
    totals = await _recompute(
        session, keys, [contact_id], now, message_id=message_id, facts=given, counts_behaviour=False
    )
    if contact_id not in totals:
        raise NotFound("This contact is gone.")
    return totals[contact_id]


async def recompute_for(
    session: AsyncSession,
    keys: KeyRing,
    contact_ids: Iterable[UUID],
    now: datetime,
    *,
    learned: LearnedScore | None = None,
    quietly: bool = False,
) -> dict[UUID, int]:
    """Counts a set of contacts anew, by facts and by what they did: writes only what changed. Returns the new totals.

    Of a total that changed there is an event `score_changed`, of a stage that was reached `stage_changed` and a task.
    Who is gone is absent from what is returned.

    Args:
        quietly: no event of the total: for people who were never counted, to whom nothing has happened.
    """
    return await _recompute(session, keys, contact_ids, now, learned=learned, quietly=quietly)


async def list_due(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Contacts whose scores change by themselves, or were counted by other rules than those that count now."""
    live = await read_book(session)
    due = select(ContactScores.contact_id).where(ContactScores.due_at <= now)
    found = list(await session.scalars(due.order_by(ContactScores.due_at).limit(limit)))
    if len(found) < limit:
        older = select(ContactScores.contact_id).where(ContactScores.book < live.number)
        found += list(await session.scalars(older.order_by(ContactScores.book).limit(limit - len(found))))
    return list(dict.fromkeys(found))


async def list_uncounted(session: AsyncSession, limit: int) -> list[UUID]:
    """Contacts that were never counted, such as those that were imported. Reads all contacts: not for each minute."""
    counted = select(ContactScores.contact_id).where(ContactScores.contact_id == Contact.id)
    return list(await session.scalars(select(Contact.id).where(~counted.exists()).limit(limit)))


async def take_back_if_refused(session: AsyncSession, contact_id: UUID, now: datetime) -> bool:
    """Takes all points back when the contact may not be scored (any more); returns whether that is so.

    Raises:
        NotFound: there is no such contact.
    """
    await lock_contact(session, contact_id)
    refusal = (await find_refusals(session, None, [contact_id], "scoring", now)).get(contact_id)
    if refusal is not None:
        people = await _lock(session, [contact_id])
        wanted = {contact_id: [Points(NOT_SCORED, 0, refusal.reason)]}
        await make_equal(session, await read_entries(session, [contact_id]), wanted, message_id=None, now=now)
        live = await read_book(session)
        await _store(session, people, {contact_id: _Sums({}, None)}, live, now)
        await _tell(session, people, {contact_id: _Sums({}, None)}, now)
    return refusal is not None


async def list_reasons(session: AsyncSession, contact_id: UUID) -> Sequence[ScoreEntry]:
    """Why the score is what it is, the weightiest reason first."""
    rows = await session.scalars(
        select(ScoreEntry)
        .where(ScoreEntry.contact_id == contact_id)
        .order_by(func.abs(ScoreEntry.points).desc(), ScoreEntry.id)
    )
    return rows.all()


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a contact's points come to, and when that changes by itself."""

    scores: Mapping[str, int]
    due_at: datetime | None


async def _recompute(
    session: AsyncSession,
    keys: KeyRing,
    contact_ids: Iterable[UUID],
    now: datetime,
    *,
    message_id: UUID | None = None,
    facts: Mapping[UUID, Mapping[str, Any]] | None = None,
    counts_behaviour: bool = True,
    learned: LearnedScore | None = None,
    quietly: bool = False,
) -> dict[UUID, int]:
    people = await _lock(session, contact_ids)
    if not people:
        return {}
    live = await read_book(session)
    refusals = await find_refusals(session, keys, people, "scoring", now)
    judged = [contact_id for contact_id in people if contact_id not in refusals]
    stored = await read_entries(session, people)
    if facts is None:
        facts = await read_facts(session, keys, judged, now) if judged else {}
    counted = await count_behaviour(session, judged, live.book.rules, now) if counts_behaviour else {}
    taught = await learned.judge(session, judged, now) if learned is not None and judged else {}
    wanted: dict[UUID, list[Points]] = {
        contact_id: [Points(NOT_SCORED, 0, refusal.reason)] for contact_id, refusal in refusals.items()
    }
    for contact_id in judged:
        wanted[contact_id] = [
            *as_of_book(stored[contact_id], live.book),
            *score(facts.get(contact_id, {}), live.book),
            *(
                [one.points for one in counted.get(contact_id, ())]
                if counts_behaviour
                else _kept_behaviour(stored[contact_id], live.book)
            ),
            *_taught(learned, taught.get(contact_id)),
        ]
    await make_equal(session, stored, wanted, message_id=message_id, now=now)
    sums = {
        contact_id: _sum(points, counted.get(contact_id, ()), live.book, now) for contact_id, points in wanted.items()
    }
    sums |= {contact_id: _Sums({}, None) for contact_id in refusals}
    if not counts_behaviour:
        # When what they did is too long ago is known from when it was counted.
        sums = {
            contact_id: replace(one, due_at=_earlier(one.due_at, people[contact_id].due_at))
            for contact_id, one in sums.items()
        }
    await _store(session, people, sums, live, now)
    if not quietly:
        await _tell(session, people, sums, now)
    await move_on(
        session,
        [
            Reach(contact_id, people[contact_id].stage, sums[contact_id].scores)
            for contact_id in judged
            if contact_id in sums
        ],
        live.book,
        now,
    )
    return {contact_id: total_of(one.scores) for contact_id, one in sums.items()}


async def _lock(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, _Person]:
    """Holds the contacts, in the order of their ids so that two sets never wait for each other."""
    locked = await session.execute(
        select(Contact.id, Contact.stage, Contact.score)
        .where(Contact.id == any_(cast(list(contact_ids), ARRAY(Uuid()))))
        .order_by(Contact.id)
        .with_for_update(key_share=True)
    )
    rows = locked.all()
    scores = await session.execute(
        select(ContactScores.contact_id, ContactScores.scores, ContactScores.due_at).where(
            ContactScores.contact_id == any_(cast([row.id for row in rows], ARRAY(Uuid())))
        )
    )
    known = {row.contact_id: row for row in scores}
    return {
        row.id: _Person(
            row.stage,
            row.score,
            known[row.id].scores if row.id in known else None,
            known[row.id].due_at if row.id in known else None,
        )
        for row in rows
    }


async def _remember(session: AsyncSession, contact_id: UUID, person: _Person, now: datetime) -> None:
    """Keeps what the total was before a turn changed it, for who tells of the change."""
    if person.before is None:
        row = {"contact_id": contact_id, "scores": {"total": person.total}, "book": 0, "counted_at": now, "due_at": now}
        await session.execute(insert(ContactScores).values(row).on_conflict_do_nothing())


def _kept_behaviour(stored: Sequence[Stored], book: ScoreBook) -> list[Points]:
    events = {rule.id for rule in book.rules if rule.did is not None}
    return [one.points for one in stored if one.points.rule in events or one.points.rule.startswith(LEARNED)]


def _taught(model: LearnedScore | None, learned: Learned | None) -> list[Points]:
    if model is None or learned is None:
        return []
    return [Points(f"{LEARNED}{model.name}", learned.points, learned.reason, model.score)]


def _sum(points: Sequence[Points], counted: Iterable[Counted], book: ScoreBook, now: datetime) -> _Sums:
    due_at = next_change(points, now)
    for one in counted:
        due_at = _earlier(due_at, one.lapses_at)
    return _Sums(scores_at(((one, one.group) for one in points), book, now), due_at)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


async def _store(
    session: AsyncSession,
    people: Mapping[UUID, _Person],
    sums: Mapping[UUID, _Sums],
    live: LiveBook,
    now: datetime,
) -> None:
    """Writes sums that are others than before, and by which book they were counted."""
    moved = [
        {"of": contact_id, "total": total_of(one.scores)}
        for contact_id, one in sums.items()
        if total_of(one.scores) != people[contact_id].total
    ]
    table = table_of(Contact)
    if moved:
        connection = await session.connection()
        await connection.execute(
            update(table).where(table.c.id == bindparam("of")).values(score=bindparam("total")), moved
        )
    rows = [
        {
            "contact_id": contact_id,
            "scores": dict(one.scores),
            "book": live.number,
            "counted_at": now,
            "due_at": one.due_at,
        }
        for contact_id, one in sums.items()
    ]
    statement = insert(table_of(ContactScores))
    fresh, own = statement.excluded, table_of(ContactScores).c
    upsert = statement.on_conflict_do_update(
        index_elements=["contact_id"],
        set_={
            "scores": fresh.scores,
            "book": fresh.book,
            "due_at": fresh.due_at,
            "counted_at": case((own.scores != fresh.scores, fresh.counted_at), else_=own.counted_at),
        },
        where=or_(own.scores != fresh.scores, own.book != fresh.book, own.due_at.is_distinct_from(fresh.due_at)),
    )
    connection = await session.connection()
    await connection.execute(upsert, rows)


async def _tell(
    session: AsyncSession, people: Mapping[UUID, _Person], sums: Mapping[UUID, _Sums], now: datetime
) -> None:
    """An event of each total that is another than the one told of last."""
    events = []
    for contact_id, one in sums.items():
        before = people[contact_id].before
        was = people[contact_id].total if before is None else total_of(before)
        if was != total_of(one.scores):
            data = {"before": was, "after": total_of(one.scores)}
            events.append(NewEvent("score_changed", now, "platform", contact_id, data=data))
    await ingest(session, events, now)

"""Keeps what contacts score equal to what is known of them and what they did. Runs in the caller's transaction.

Who may not be profiled has no points, and the reason for that as their only entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import any_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import InvalidInput, NotFound
from base.nested_rows import Ids
from base.tables import table_of
from crm.contacts.models import Contact
from crm.contacts.service import lock_contact
from crm.profiling.rules import Refusal
from crm.scoring.books import LiveBook, book_named, read_book
from crm.scoring.counting import Asked, given, given_alone, given_extras, wheres_key
from crm.scoring.entries import make_equal, read_entries
from crm.scoring.facts import judge, read_people
from crm.scoring.models import ContactScores, ScoreEntry
from crm.scoring.ports import LEARNED, Learned, LearnedScore
from crm.scoring.reaching import Reach, move_on
from crm.scoring.rules import Band, Points, band_of
from crm.scoring.sums import scores_at, total_of
from crm.scoring.writing import thresholds_of, write
from crm.timeline.service import NewEvent, ingest

__all__ = [
    "NOT_SCORED",
    "Band",
    "add_points",
    "band_of",
    "count_older",
    "list_due",
    "list_reasons",
    "list_uncounted",
    "recompute_for",
    "rescore",
    "take_back_if_refused",
]

NOT_SCORED = "not_scored"
"""The rule of the entry that says why somebody has no score."""

_CONTACTS = table_of(Contact)


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
    connection = await session.connection()
    held = await _hold(session, [contact_id])
    if contact_id not in held:
        raise NotFound("This contact is gone.")
    before = held[contact_id]
    # What the total was before a turn changed it is kept, for who tells of the change.
    first = {"contact_id": contact_id, "scores": {"total": before}, "book": 0, "counted_at": now, "due_at": now}
    await connection.execute(_REMEMBER, first)
    live, refusal = await _refusal_of(session, contact_id, now)
    stored = await read_entries(session, contact_id)
    if refusal is not None:
        wanted = [Points(NOT_SCORED, 0, refusal.reason)]
    else:
        given = Points(rule, points, reason, live.book.talk_score)
        others = (one.points for one in stored)
        wanted = [*(one for one in others if one.rule not in (rule, NOT_SCORED)), given]
    await make_equal(session, contact_id, stored, wanted, message_id=message_id, now=now)
    total = total_of(scores_at(((one, one.group) for one in wanted), live.book, now))
    if total != before:
        await connection.execute(_SET_TOTAL, {"contact_id": contact_id, "total": total})
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
    known = None if facts is None else {contact_id: facts}
    totals = await _recompute(
        session, keys, [contact_id], now, message_id=message_id, facts=known, counts_behaviour=False
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
    """Contacts whose scores change by themselves, or were counted by other rules than those that count now.

    Holds them; whom another holds is counted the next time.
    """
    live = await read_book(session)
    scored = select(ContactScores.contact_id).join(Contact, Contact.id == ContactScores.contact_id)
    scored = scored.with_for_update(of=Contact, key_share=True, skip_locked=True)
    due = scored.where(ContactScores.due_at <= now).order_by(ContactScores.due_at)
    found = list(await session.scalars(due.limit(limit)))
    if len(found) < limit:
        older = scored.where(ContactScores.book < live.number).order_by(ContactScores.book)
        found += await session.scalars(older.limit(limit - len(found)))
    return list(dict.fromkeys(found))


async def count_older(session: AsyncSession) -> int:
    """How many are still to be counted by the rules that count now: after a change everybody, then ever fewer."""
    older = select(func.count()).where(ContactScores.book < (await read_book(session)).number)
    return await session.scalar(older) or 0


async def list_uncounted(session: AsyncSession, limit: int, *, after: UUID | None = None) -> list[UUID]:
    """Contacts that were never counted, such as those that were imported, in the order of their ids.

    Reads all contacts: not for each minute. Holds them; whom another holds is counted the next time.

    Args:
        after: the last one of those that were found before.
    """
    counted = select(ContactScores.contact_id).where(ContactScores.contact_id == Contact.id)
    found = select(Contact.id).where(~counted.exists()).order_by(Contact.id).limit(limit)
    if after is not None:
        found = found.where(Contact.id > after)
    return list(await session.scalars(found.with_for_update(key_share=True, skip_locked=True)))


async def take_back_if_refused(session: AsyncSession, contact_id: UUID, now: datetime) -> bool:
    """Takes all points back when the contact may not be scored (any more); returns whether that is so.

    Raises:
        NotFound: there is no such contact.
    """
    await lock_contact(session, contact_id)
    live, refusal = await _refusal_of(session, contact_id, now)
    if refusal is not None:
        asked = _asked_by(live)
        parameters = given(asked, {}, now) | given_extras(_refused({contact_id: refusal}))
        parameters |= {"message_id": None, "number": live.number}
        counted = await _write(session, asked, parameters, people=[contact_id])
        await _tell(session, counted, now)
    return refusal is not None


async def list_reasons(session: AsyncSession, contact_id: UUID) -> Sequence[ScoreEntry]:
    """Why the score is what it is, the weightiest reason first."""
    rows = await session.scalars(
        select(ScoreEntry)
        .where(ScoreEntry.contact_id == contact_id)
        .order_by(func.abs(ScoreEntry.points).desc(), ScoreEntry.id)
    )
    return rows.all()


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
    people = list(await _hold(session, contact_ids))
    if not people:
        return {}
    rows = await read_people(session, people)
    live = await book_named(session, rows[0].newest_book)
    asked = _asked_by(live)
    known = judge(rows, keys, asked.facts if facts is None else (), now)
    refusals, facts = known.refusals, known.facts if facts is None else facts
    judged = [contact_id for contact_id in people if contact_id not in refusals]
    taught = await learned.judge(session, judged, now) if learned is not None and judged else {}
    held = {contact_id: asked.held(facts.get(contact_id, {})) for contact_id in judged}
    parameters = given(asked, held, now) | given_extras([*_refused(refusals), *_taught(learned, taught)])
    parameters |= {"message_id": message_id, "number": live.number}
    counted = await _write(session, asked, parameters, people=people, counts_behaviour=counts_behaviour)
    if not quietly:
        await _tell(session, counted, now)
    may_move = [Reach(row.id, row.stage, row.scores) for row in counted if row.scores is not None and row.id in held]
    await move_on(session, may_move, live.book, now)
    return {row.id: row.total for row in counted}


async def _write(
    session: AsyncSession,
    asked: Asked,
    parameters: Mapping[str, Any],
    *,
    people: Sequence[UUID],
    counts_behaviour: bool = True,
) -> Sequence[Any]:
    """Counts people by a book, and writes what changed."""
    alone = len(people) == 1
    named = given_alone(people[0], parameters) if alone else {"everybody": people}
    statement = write(wheres_key(asked), alone=alone, counts_behaviour=counts_behaviour)
    connection = await session.connection()
    given_all = {**parameters, **thresholds_of(asked.books[0]), **named}
    counted: Sequence[Any] = (await connection.execute(statement, given_all)).all()
    return counted


@lru_cache(maxsize=16)
def _asked_by(live: LiveBook) -> Asked:
    return Asked([live.book])


async def _hold(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Holds the contacts, in the order of their ids so that two sets never wait for each other; gives their totals."""
    ids = list(contact_ids)
    connection = await session.connection()
    if len(ids) == 1:
        rows = await connection.execute(_HOLD_ONE, {"contact_id": ids[0]})
    else:
        rows = await connection.execute(_HOLD_SEVERAL, {"contact_ids": ids})
    return {row.id: row.score for row in rows}


async def _refusal_of(session: AsyncSession, contact_id: UUID, now: datetime) -> tuple[LiveBook, Refusal | None]:
    """The rules that count now, and why a contact that is held may not be scored by them."""
    rows = await read_people(session, [contact_id])
    # Not even the keys to their number are at hand here, so a country that only it tells counts as unknown.
    refusals = judge(rows, None, (), now).refusals
    return await book_named(session, rows[0].newest_book), refusals.get(contact_id)


_hold_all = select(_CONTACTS.c.id, _CONTACTS.c.score).order_by(_CONTACTS.c.id).with_for_update(key_share=True)
_HOLD_ONE = _hold_all.where(_CONTACTS.c.id == bindparam("contact_id", type_=_CONTACTS.c.id.type))
_HOLD_SEVERAL = _hold_all.where(_CONTACTS.c.id == any_(bindparam("contact_ids", type_=Ids())))
_REMEMBER = insert(table_of(ContactScores)).on_conflict_do_nothing()
_SET_TOTAL = (
    update(_CONTACTS)
    .where(_CONTACTS.c.id == bindparam("contact_id", type_=_CONTACTS.c.id.type))
    .values(score=bindparam("total", type_=_CONTACTS.c.score.type))
)


def _refused(refusals: Mapping[UUID, Refusal]) -> Iterator[tuple[UUID, Points]]:
    for contact_id, refusal in refusals.items():
        yield contact_id, Points(NOT_SCORED, 0, refusal.reason)


def _taught(model: LearnedScore | None, taught: Mapping[UUID, Learned]) -> Iterator[tuple[UUID, Points]]:
    if model is not None:
        for contact_id, one in taught.items():
            yield contact_id, Points(f"{LEARNED}{model.name}", one.points, one.reason, model.score)


async def _tell(session: AsyncSession, counted: Sequence[Any], now: datetime) -> None:
    """An event of each total that is another than the one told of last."""
    events = [
        NewEvent("score_changed", now, "platform", row.id, data={"before": row.was, "after": row.total})
        for row in counted
        if row.was != row.total
    ]
    await ingest(session, events, now)

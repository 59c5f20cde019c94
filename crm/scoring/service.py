"""Keeps a contact's score equal to the sum of its entries, one per rule. Runs in the caller's transaction.

Who may not be profiled has no points, and the reason for that as their only entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import InvalidInput
from base.ids import new_id
from crm.contacts.models import Contact
from crm.contacts.service import lock_contact
from crm.profiling.rules import Refusal
from crm.profiling.service import find_refusals
from crm.scoring.facts import read_facts
from crm.scoring.models import ScoreEntry
from crm.scoring.rules import Band, Points, band_of, load_rules, score

__all__ = ["NOT_SCORED", "Band", "add_points", "band_of", "list_reasons", "rescore", "take_back_if_refused"]

NOT_SCORED = "not_scored"
"""The rule of the entry that says why somebody has no score."""


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
    """Points that a dialogue gave; its rule again replaces what it gave before. Returns the new score.

    Args:
        rule: `flow/step/index`; names without a slash belong to rules.yml.

    Raises:
        InvalidInput: the rule is not named so.
        NotFound: there is no such contact.
    """
    if "/" not in rule:
        raise InvalidInput("A dialogue's score rule is named flow/step/index.")
    await lock_contact(session, contact_id)
    # Not even the keys to their number are at hand here, so a country that only it tells counts as unknown.
    refusal = (await find_refusals(session, None, [contact_id], "scoring", now)).get(contact_id)
    if refusal is not None:
        return await _forget(session, contact_id, refusal, now)
    await _upsert(session, contact_id, [Points(rule, points, reason)], message_id, now)
    return await _sum_up(session, contact_id, now)


async def rescore(
    session: AsyncSession,
    keys: KeyRing,
    contact_id: UUID,
    *,
    message_id: UUID | None,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Applies rules.yml to what is known now: adds what holds, takes back what no longer does. Returns the new score.

    Call it after an objection to profiling or a consent to it, too: the one takes all points back, the other lets the
    rules count again.

    Args:
        message_id: the chat turn that made it necessary; a reason that held before keeps its own.
        facts: to score by these instead of reading them.

    Raises:
        NotFound: there is no such contact.
    """
    await lock_contact(session, contact_id)
    refusal = (await find_refusals(session, keys, [contact_id], "scoring", now)).get(contact_id)
    if refusal is not None:
        return await _forget(session, contact_id, refusal, now)
    if facts is None:
        facts = await read_facts(session, keys, contact_id, now)
    holding = score(facts, load_rules())
    await session.execute(
        delete(ScoreEntry).where(
            ScoreEntry.contact_id == contact_id,
            # Also takes back what a rule gave that is no longer in the file.
            ScoreEntry.rule.not_like("%/%"),
            ScoreEntry.rule.not_in([points.rule for points in holding]),
        )
    )
    await _upsert(session, contact_id, holding, message_id, now)
    return await _sum_up(session, contact_id, now)


async def take_back_if_refused(session: AsyncSession, contact_id: UUID, now: datetime) -> bool:
    """Takes all points back when the contact may not be scored (any more); returns whether that is so.

    Raises:
        NotFound: there is no such contact.
    """
    await lock_contact(session, contact_id)
    refusal = (await find_refusals(session, None, [contact_id], "scoring", now)).get(contact_id)
    if refusal is not None:
        await _forget(session, contact_id, refusal, now)
    return refusal is not None


async def list_reasons(session: AsyncSession, contact_id: UUID) -> Sequence[ScoreEntry]:
    """Why the score is what it is, the weightiest reason first."""
    rows = await session.scalars(
        select(ScoreEntry)
        .where(ScoreEntry.contact_id == contact_id)
        .order_by(func.abs(ScoreEntry.points).desc(), ScoreEntry.id)
    )
    return rows.all()


async def _forget(session: AsyncSession, contact_id: UUID, refusal: Refusal, now: datetime) -> int:
    """Takes back every point, and leaves why."""
    await session.execute(delete(ScoreEntry).where(ScoreEntry.contact_id == contact_id, ScoreEntry.rule != NOT_SCORED))
    await _upsert(session, contact_id, [Points(NOT_SCORED, 0, refusal.reason)], None, now)
    return await _sum_up(session, contact_id, now)


async def _upsert(
    session: AsyncSession, contact_id: UUID, given: list[Points], message_id: UUID | None, now: datetime
) -> None:
    if not given:
        return
    statement = insert(ScoreEntry).values(
        [
            {
                "id": new_id(),
                "contact_id": contact_id,
                "rule": points.rule,
                "points": points.points,
                "reason": points.reason,
                "message_id": message_id,
                "created_at": now,
            }
            for points in given
        ]
    )
    fresh = statement.excluded
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["contact_id", "rule"],
            set_={
                "points": fresh.points,
                "reason": fresh.reason,
                "message_id": fresh.message_id,
                "created_at": fresh.created_at,
            },
            # What stays as it was keeps the turn it came from.
            where=or_(ScoreEntry.points != fresh.points, ScoreEntry.reason != fresh.reason),
        )
    )


async def _sum_up(session: AsyncSession, contact_id: UUID, now: datetime) -> int:
    total = (
        select(func.coalesce(func.sum(ScoreEntry.points), 0))
        .where(ScoreEntry.contact_id == contact_id)
        .scalar_subquery()
    )
    new_score = await session.scalar(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(score=cast(total, BigInteger), updated_at=now)
        .returning(Contact.score)
        .execution_options(synchronize_session=False)
    )
    assert new_score is not None  # the caller holds the contact's row
    return new_score

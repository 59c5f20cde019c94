"""Pairs that may be one person, as a person decides about them. In the caller's transaction; nothing decides itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound
from crm.contacts.merging import merge_contacts
from crm.contacts.models import Contact
from crm.privacy.models import PrivacyMark
from crm.resolution.models import MergeCandidate

CandidateState = Literal["open", "refused", "confirmed"]

_FIELDS = {
    "first_name": "first name",
    "last_name": "last name",
    "number": "house number",
    "street": "street",
    "street_2": "second line of the address",
    "city": "city",
    "postal_code": "postal code",
    "state": "state",
    "country": "country",
    "company": "company",
    "mailbox": "part of the e-mail address before the @",
    "phone": "phone number",
}
_AGREEMENTS = {
    "same": "The {} is the same.",
    "close": "The {} differs in a few letters or digits.",
    "far": "The {} is a little alike.",
    "different": "The {} is another.",
}
_PROVEN = {
    "proven_email": "Each has proven another e-mail address.",
    "proven_phone": "Each has proven another phone number.",
    "proven_telegram": "Each writes from another Telegram account.",
}


class AlreadyDecided(Conflict):
    """Somebody has decided about this pair already."""

    code = "already_decided"


async def list_candidates(
    session: AsyncSession,
    *,
    state: CandidateState | None = None,
    contact_id: UUID | None = None,
    after: tuple[float, UUID] | None = None,
    limit: int = 50,
) -> Sequence[MergeCandidate]:
    """The most probable first, then the latest.

    An open one only while both are there, not merged, and neither restricted the use of their data.

    Args:
        after: probability and id of the last one listed.
    """
    key = (MergeCandidate.probability, MergeCandidate.id)
    statement = select(MergeCandidate).order_by(*(column.desc() for column in key)).limit(limit)
    both = (MergeCandidate.first_id, MergeCandidate.second_id)
    # As values and not as EXISTS, for which PostgreSQL would read all contacts though few are listed.
    there = (select(Contact.id).where(Contact.id == one).scalar_subquery().is_not(None) for one in both)
    marked = select(PrivacyMark.contact_id).where(PrivacyMark.contact_id.in_(both), PrivacyMark.mark == "restricted")
    is_free = marked.limit(1).scalar_subquery().is_(None)
    statement = statement.where(or_(MergeCandidate.state != "open", and_(*there, is_free)))
    if state is not None:
        statement = statement.where(MergeCandidate.state == state)
    if contact_id is not None:
        statement = statement.where(or_(MergeCandidate.first_id == contact_id, MergeCandidate.second_id == contact_id))
    if after is not None:
        statement = statement.where(tuple_(*key) < after)
    return (await session.scalars(statement)).all()


async def refuse(session: AsyncSession, candidate_id: UUID, *, user: str, now: datetime) -> MergeCandidate:
    """They are two people: the pair is never proposed again.

    Raises:
        NotFound: there is no such pair.
        AlreadyDecided: somebody decided about it.
    """
    return await _decide(session, candidate_id, "refused", user=user, now=now)


async def confirm(
    session: AsyncSession,
    keys: KeyRing,
    candidate_id: UUID,
    survivor_id: UUID,
    *,
    take: Sequence[str] = (),
    user: str,
    now: datetime,
) -> tuple[MergeCandidate, UUID]:
    """They are one person: merges the other into the survivor. Returns the pair and the merge's id.

    Whoever calls repeats the transaction on a deadlock, see `merge_contacts`.

    Args:
        take: fields in which the other is right.

    Raises:
        NotFound: there is no such pair, or one of the two is gone or merged.
        AlreadyDecided: somebody decided about it.
        InvalidInput: the survivor is none of the two.
    """
    candidate = await _decide(session, candidate_id, "confirmed", user=user, now=now)
    both = (candidate.first_id, candidate.second_id)
    if survivor_id not in both:
        raise InvalidInput("Name one of the two contacts of the pair as the one that stays.")
    (merged_id,) = (one for one in both if one != survivor_id)
    return candidate, await merge_contacts(session, survivor_id, merged_id, user, now, take=take, keys=keys)


async def _decide(
    session: AsyncSession, candidate_id: UUID, state: CandidateState, *, user: str, now: datetime
) -> MergeCandidate:
    candidate = await session.get(MergeCandidate, candidate_id, with_for_update=True, populate_existing=True)
    if candidate is None:
        raise NotFound("There is no such pair: one of the two was erased, or they are no longer alike.")
    if candidate.state != "open":
        raise AlreadyDecided
    candidate.state, candidate.decided_by, candidate.decided_at = state, user, now
    await session.flush()
    return candidate


def in_words(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """The reasons as sentences, in their order."""
    return [_PROVEN.get(one["field"]) or _AGREEMENTS[one["agreement"]].format(_FIELDS[one["field"]]) for one in reasons]

"""The list of doubtful opt-outs: each holds at once, and a person says afterwards whether it was one.

Never opens anything by itself, and nothing at all for somebody who opted out again since.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound
from base.ids import new_id
from crm.consent.ledger import ConsentFact, consent_states, follow_up, lock_ledger, record_consent_event
from crm.consent.models import ConsentEvent, ConsentNotice, OptOutReview
from crm.consent.opting_out import OptedOut, OptOutRequest
from crm.consent.principals import is_principal_of
from crm.consent.suppression import lift_rows
from crm.timeline.service import record

ReviewStatus = Literal["open", "confirmed", "reversed"]
METHOD = "opt_out_review"


class AlreadyReviewed(Conflict):
    """Somebody has looked at this opt-out already: load the list again."""

    code = "already_reviewed"


class OptedOutSince(Conflict):
    """This person opted out again since, so nothing can be opened for them."""

    code = "opted_out_since"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message was read: by which rule, how surely, on which channel."""

    message_id: UUID
    channel: str
    rule: str
    confidence: float


async def ask_for_review(
    session: AsyncSession, request: OptOutRequest, done: OptedOut, reading: Reading, now: datetime
) -> None:
    """Puts an opt-out on the list; the same message twice is there once."""
    row = {
        "id": new_id(),
        "contact_id": request.contact_id,
        "message_id": reading.message_id,
        "conversation_id": request.conversation_id,
        "channel": reading.channel,
        "language": request.language,
        "scope": request.scope.told(),
        "rule": reading.rule,
        "confidence": reading.confidence,
        "consent_event_id": done.events[0],
        "before": done.before(),
        "status": "open",
        "created_at": now,
    }
    await session.execute(insert(OptOutReview).values(row).on_conflict_do_nothing(index_elements=["message_id"]))


async def list_reviews(
    session: AsyncSession, *, status: ReviewStatus | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[OptOutReview]:
    """The latest first, those behind `after` only."""
    key = (OptOutReview.created_at, OptOutReview.id)
    statement = select(OptOutReview).order_by(*(column.desc() for column in key)).limit(limit)
    if status is not None:
        statement = statement.where(OptOutReview.status == status)
    if after is not None:
        statement = statement.where(tuple_(*key) < after)
    return list(await session.scalars(statement))


async def confirm(session: AsyncSession, review_id: UUID, *, user: str, now: datetime) -> OptOutReview:
    """It was an opt-out: all stays as it is.

    Raises:
        NotFound: there is no such review.
        AlreadyReviewed: somebody was quicker.
    """
    review = await _take_open(session, review_id)
    return await _close(session, review, "confirmed", user, now)


async def reverse(session: AsyncSession, review_id: UUID, *, user: str, now: datetime) -> OptOutReview:
    """It was none: takes away exactly what it stopped and gives back exactly the consents that it took.

    Raises:
        NotFound: there is no such review.
        AlreadyReviewed: somebody was quicker.
        OptedOutSince: the person said it again, by whatever way.
    """
    review = await _take_open(session, review_id)
    if await _opted_out_since(session, review):
        raise OptedOutSince
    await lift_rows(session, review.contact_id, [UUID(one) for one in review.before["made"]])
    await _restore_consents(session, review, user, now)
    return await _close(session, review, "reversed", user, now)


async def _take_open(session: AsyncSession, review_id: UUID) -> OptOutReview:
    contact_id = await session.scalar(select(OptOutReview.contact_id).where(OptOutReview.id == review_id))
    if contact_id is None:
        raise NotFound("There is no such opt-out to review.")
    # The contact before all that belongs to it, as everybody does; an opt-out that comes now waits, or is seen.
    await lock_ledger(session, contact_id)
    review = await session.scalar(select(OptOutReview).where(OptOutReview.id == review_id).with_for_update())
    if review is None:
        raise NotFound("There is no such opt-out to review.")
    if review.status != "open":
        raise AlreadyReviewed
    return review


async def _opted_out_since(session: AsyncSession, review: OptOutReview) -> bool:
    """Whether there is a refusal or withdrawal behind this one that was not itself found to be none."""
    own = [UUID(one) for one in review.before["events"]]
    last = select(ConsentEvent.seq).where(ConsentEvent.id.in_(own)).order_by(ConsentEvent.seq.desc()).limit(1)
    reversed_befores = await session.scalars(
        select(OptOutReview.before).where(
            OptOutReview.contact_id == review.contact_id, OptOutReview.status == "reversed"
        )
    )
    undone = [UUID(one) for before in reversed_befores for one in before["events"]]
    later = select(ConsentEvent.id).where(
        is_principal_of(ConsentEvent.principal_ref, review.contact_id),
        ConsentEvent.event.in_(("withdrawn", "refused")),
        ConsentEvent.seq > last.scalar_subquery(),
        ConsentEvent.id.not_in(undone),
    )
    return await session.scalar(later.limit(1)) is not None


async def _restore_consents(session: AsyncSession, review: OptOutReview, user: str, now: datetime) -> None:
    """A new `given` for each consent that stood, unless it has run out or was given anew since."""
    states = (await consent_states(session, [review.contact_id], now))[review.contact_id]
    wanted = [UUID(one) for one in review.before["consents"]]
    originals = await session.execute(
        select(ConsentEvent, ConsentNotice.text)
        .outerjoin(ConsentNotice, ConsentNotice.sha256 == ConsentEvent.notice_sha256)
        .where(ConsentEvent.id.in_(wanted), or_(ConsentEvent.valid_until.is_(None), ConsentEvent.valid_until > now))
        .order_by(ConsentEvent.seq)
    )
    for original, shown in originals.all():
        if states[original.purpose, original.channel].state != "given":
            await record_consent_event(session, _given_again(original, shown, review, user, now), now)


def _given_again(
    original: ConsentEvent, shown: str | None, review: OptOutReview, user: str, now: datetime
) -> ConsentFact:
    evidence = {
        **original.evidence,
        "review_id": str(review.id),
        "original_event_id": str(original.id),
        "withdrawn_event_id": str(review.consent_event_id),
    }
    again = follow_up(
        original,
        # An imported or confirmed consent may have had no text here; it is given back as what it was.
        "given" if shown else "imported",
        method=METHOD,
        actor=user,
        effective_at=now,
        evidence=evidence,
    )
    return replace(again, lawful_basis=original.lawful_basis, notice_text=shown, valid_until=original.valid_until)


async def _close(
    session: AsyncSession, review: OptOutReview, status: ReviewStatus, user: str, now: datetime
) -> OptOutReview:
    review.status, review.reviewed_by, review.reviewed_at = status, user, now
    await session.flush()
    await record(
        session,
        kind=f"opt_out_{status}",
        contact_id=review.contact_id,
        conversation_id=review.conversation_id,
        data={"review_id": str(review.id), "user": user, "consent_event_id": str(review.consent_event_id)},
        now=now,
    )
    return review

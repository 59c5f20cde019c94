"""Privacy requests: filed, listed, put off, refused, carried out. In the caller's transaction.

What only protects the person is done at once. What gives data out or destroys it waits until it is verified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, cast
from uuid import UUID

from sqlalchemy import exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from crm.consent.rules import ALL
from crm.consent.suppression import find_suppressions, lift_rows, suppress
from crm.consent.withdrawal import withdraw_purpose
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.rules import Qualification
from crm.contacts.service import lock_contact, set_fields, set_qualification, speaks_for_contact
from crm.fields.service import read_fields
from crm.privacy.erasing import Erased, erase_person
from crm.privacy.files import FiledMails
from crm.privacy.limits import set_mark, take_mark
from crm.privacy.models import PrivacyRequest
from crm.privacy.neighbours import conversations
from crm.privacy.own_stops import RESTRICTED
from crm.privacy.persons import SenderIndex
from crm.privacy.rules import AT_ONCE, KINDS, RequestKind, due_of, extended, is_verified
from crm.scoring.service import rescore
from crm.timeline.service import record

Status = Literal["unverified", "open", "done", "refused"]
"""The reason of a suppression that a restriction makes, which only the end of the restriction lifts."""
_METHOD = "privacy_request"
_OPEN = ("unverified", "open")


class Stops(Protocol):
    """Ends what is planned for a contact, in the caller's transaction; outreach's part."""

    async def stop(
        self,
        session: AsyncSession,
        *,
        contact_id: UUID,
        reason: str,
        now: datetime,
        channels: Sequence[str] | None = None,
        promotion_only: bool = False,
    ) -> None:
        """Ends the contact's journeys and cancels all that is queued, or what of it is on some channels or promotion.

        Args:
            channels: None is every one. With some named no journey ends: it may go on by other ways.
            promotion_only: leaves what the person asked for themselves.
        """
        ...


@dataclass(frozen=True)
class Hands:
    """What carrying out a request takes beside the database. `mail_folder` is where mails are filed, if anywhere."""

    keys: KeyRing
    stops: Stops
    sender_index: SenderIndex
    controller: str
    mail_folder: Path | None


@dataclass(frozen=True)
class Filing:
    """A request as it is made. `made_by`: `subject`, or `user:` and the id of the colleague who took their word."""

    contact_id: UUID
    kind: RequestKind
    channel: str
    made_by: str
    verified: bool
    conversation_id: UUID | None = None
    detail: Mapping[str, Any] | None = None


async def file_request(session: AsyncSession, hands: Hands, filing: Filing, now: datetime) -> PrivacyRequest:
    """Takes a request in and starts its clock; one of the same kind that is still open is the same request.

    Raises:
        InvalidInput: there is no such kind.
        NotFound: there is no such contact.
        WrongValue: what a field is to become does not fit it.
    """
    if filing.kind not in KINDS:
        raise InvalidInput(f"There is no request of the kind {filing.kind}.")
    await lock_contact(session, filing.contact_id)
    detail = dict(filing.detail or {})
    if filing.kind == "rectify":
        detail = await read_fields(session, detail)
    known = await _find_open(session, filing)
    if known is not None:
        if filing.kind == "rectify":
            known.detail = {**known.detail, **detail}
            await session.flush()
        if filing.verified and known.status == "unverified":
            known.status, known.verified_at = "open", now
            await session.flush()
        return known
    row = PrivacyRequest(
        id=new_id(),
        contact_id=filing.contact_id,
        kind=filing.kind,
        status="open" if filing.verified else "unverified",
        channel=filing.channel,
        made_by=filing.made_by,
        conversation_id=filing.conversation_id,
        detail=detail,
        received_at=now,
        verified_at=now if filing.verified else None,
        due_at=due_of(now),
    )
    session.add(row)
    await session.flush()
    await record(
        session,
        kind="privacy_requested",
        contact_id=filing.contact_id,
        conversation_id=filing.conversation_id,
        data={"request": filing.kind, "request_id": str(row.id)},
        now=now,
    )
    if filing.kind in AT_ONCE:
        await _protect(session, hands, row, now)
    return row


async def file_in_talk(
    session: AsyncSession, hands: Hands, *, contact_id: UUID, kind: RequestKind, conversation_id: UUID, now: datetime
) -> PrivacyRequest:
    """The same for a request that somebody makes in a conversation, which says by itself who they are, or does not."""
    talk = (
        await session.execute(
            select(conversations.c.channel, ContactPoint.verified_at)
            .outerjoin(ContactPoint, ContactPoint.id == conversations.c.contact_point_id)
            .where(conversations.c.id == conversation_id)
        )
    ).one()
    others = exists().where(conversations.c.contact_id == contact_id, conversations.c.id != conversation_id)
    proven = exists().where(ContactPoint.contact_id == contact_id, ContactPoint.verified_at.is_not(None))
    alone = not await session.scalar(select(others | proven))
    verified = is_verified(
        proven_sender=talk.verified_at is not None,
        speaks_for_contact=await speaks_for_contact(session, contact_id, conversation_id),
        only_talk=alone,
    )
    filing = Filing(contact_id, kind, talk.channel, "subject", verified, conversation_id)
    return await file_request(session, hands, filing, now)


async def ask_for_decision(
    session: AsyncSession, hands: Hands, contact_id: UUID, *, proposed: str, conversation_id: UUID, now: datetime
) -> None:
    """A dialogue would qualify somebody who wants a person to: what it came to waits, as a proposal."""
    filing = Filing(contact_id, "human_review", "system", "system", True, conversation_id)
    row = await file_request(session, hands, filing, now)
    row.detail = {"proposed": proposed}
    await session.flush()


async def get_request(session: AsyncSession, request_id: UUID, *, lock: bool = False) -> PrivacyRequest:
    """One request.

    Raises:
        NotFound: there is none.
    """
    row = await session.get(PrivacyRequest, request_id, with_for_update=True if lock else None, populate_existing=True)
    if row is None:
        raise NotFound("There is no such request.")
    return row


async def list_requests(
    session: AsyncSession, *, statuses: Sequence[Status], after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[PrivacyRequest]:
    """Requests, the latest first, so that `after` is the last one of the page before."""
    wanted = select(PrivacyRequest).where(PrivacyRequest.status.in_(statuses))
    if after is not None:
        wanted = wanted.where(tuple_(PrivacyRequest.received_at, PrivacyRequest.id) < tuple_(*after))
    latest = wanted.order_by(PrivacyRequest.received_at.desc(), PrivacyRequest.id.desc()).limit(limit)
    return (await session.scalars(latest)).all()


async def list_waiting(session: AsyncSession, contact_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some contacts who asked for something else than to be erased, and were not answered yet."""
    asked = select(PrivacyRequest.contact_id).where(
        PrivacyRequest.contact_id.in_(contact_ids), PrivacyRequest.status.in_(_OPEN), PrivacyRequest.kind != "erase"
    )
    return set(await session.scalars(asked))


async def verify(session: AsyncSession, request_id: UUID, now: datetime) -> PrivacyRequest:
    """The person showed who they are, to a colleague or by a code.

    Raises:
        Conflict: it is closed.
    """
    row = await _get_open(session, request_id)
    if row.status == "unverified":
        row.status, row.verified_at = "open", now
        await session.flush()
    return row


async def put_off(session: AsyncSession, request_id: UUID, *, reason: str, now: datetime) -> PrivacyRequest:
    """Two months more, for what is complex or many (GDPR 12(3)); the person must be told why.

    Raises:
        Conflict: it is closed, was put off before, or its first month is over.
    """
    row = await _get_open(session, request_id)
    if row.extended_for is not None or row.due_at <= now:
        raise Conflict("This request cannot be put off (again): only once, and within its first month.")
    row.extended_for, row.due_at = reason, extended(row.received_at)
    await session.flush()
    return row


async def refuse(session: AsyncSession, request_id: UUID, *, by: str, why: str, now: datetime) -> PrivacyRequest:
    """Closes it without doing it. An objection to marketing cannot be refused (GDPR 21(3)).

    Raises:
        Conflict: it is closed, or is done already by its nature.
    """
    row = await _get_open(session, request_id)
    if row.kind in AT_ONCE - {"human_review"}:
        raise Conflict("This was done when it was asked for and cannot be refused.")
    return await _close(session, row, "refused", by=by, outcome=why, now=now)


async def carry_out(
    session: AsyncSession,
    hands: Hands,
    request_id: UUID,
    *,
    by: str,
    outcome: str,
    now: datetime,
    mails: FiledMails | None = None,
    decision: Qualification | None = None,
) -> tuple[PrivacyRequest, Erased | None]:
    """Does what was asked and closes it.

    Access is closed by handing the export over, which is the caller's part, too.

    Args:
        mails: of an erasure, those that are filed (`Hands.mail_folder`), read before this transaction.
        decision: what a person decided where the person wants no machine to.

    Raises:
        Conflict: it is closed, or not verified yet.
        InvalidInput: a person's decision is asked for and there is none.
        NotFound: the contact is gone.
    """
    row = await _get_open(session, request_id)
    if row.status == "unverified":
        raise Conflict("Nobody has verified yet that this is the person: verify it first.")
    erased = None
    if row.kind == "rectify":
        await set_fields(session, row.contact_id, row.detail, now)
        await rescore(session, hands.keys, row.contact_id, message_id=None, now=now)
    elif row.kind == "human_review":
        if decision is None:
            raise InvalidInput("Say what you decided: hot, warm or cold.")
        await set_qualification(session, row.contact_id, decision, now)
    elif row.kind == "unrestrict":
        held = await find_suppressions(session, row.contact_id)
        await lift_rows(session, row.contact_id, [one for one, (_, reason) in held.items() if reason == RESTRICTED])
        await take_mark(session, row.contact_id, "restricted")
        await rescore(session, hands.keys, row.contact_id, message_id=None, now=now)
    elif row.kind == "erase":
        if mails is None:
            raise ValueError("Whoever erases has the mails that are filed read before: FiledMails.read_first.")
        await hands.stops.stop(session, contact_id=row.contact_id, reason="erased", now=now)
        erased = await erase_person(
            session,
            hands.keys,
            row.contact_id,
            hands.sender_index,
            mails=mails,
            reason="request",
            now=now,
        )
        await session.refresh(row)
    return await _close(session, row, "done", by=by, outcome=outcome, now=now), erased


async def _protect(session: AsyncSession, hands: Hands, row: PrivacyRequest, now: datetime) -> None:
    """What is done at once. Only a person's decision stays open, for the person who decides."""
    contact_id, evidence = row.contact_id, {"id": str(row.id)}
    if row.kind == "human_review":
        await set_mark(session, contact_id, "human_review", source=row.channel, now=now)
        row.status, row.verified_at = "open", now
        await session.flush()
        return
    if row.kind == "restrict":
        addresses = await session.scalars(select(ContactPoint.blind_index).where(ContactPoint.contact_id == contact_id))
        await suppress(session, [contact_id, *addresses], ALL, RESTRICTED, now)
        await set_mark(session, contact_id, "restricted", source=row.channel, now=now)
        await hands.stops.stop(session, contact_id=contact_id, reason="restricted", now=now)
    else:
        purpose = "marketing" if row.kind == "object_marketing" else "profiling"
        language = await session.scalar(select(Contact.language).where(Contact.id == contact_id))
        await withdraw_purpose(
            session,
            contact_id=contact_id,
            purpose=purpose,
            channel=ALL,
            method=_METHOD,
            evidence=evidence,
            controller=hands.controller,
            language=language or "und",
            now=now,
            conversation_id=row.conversation_id,
        )
        if purpose == "marketing":
            await hands.stops.stop(session, contact_id=contact_id, reason="opted_out", now=now, promotion_only=True)
    if row.kind != "object_marketing":
        await rescore(session, hands.keys, contact_id, message_id=None, now=now)
    await _close(session, row, "done", by="system", outcome="Done at once.", now=now)


async def _close(
    session: AsyncSession, row: PrivacyRequest, status: Status, *, by: str, outcome: str, now: datetime
) -> PrivacyRequest:
    row.status, row.closed_at, row.closed_by, row.outcome, row.detail = status, now, by, outcome, {}
    await session.flush()
    return row


async def _get_open(session: AsyncSession, request_id: UUID) -> PrivacyRequest:
    row = await get_request(session, request_id, lock=True)
    if row.status not in _OPEN:
        raise Conflict("This request is closed.")
    return row


async def _find_open(session: AsyncSession, filing: Filing) -> PrivacyRequest | None:
    return cast(
        "PrivacyRequest | None",
        await session.scalar(
            select(PrivacyRequest)
            .where(
                PrivacyRequest.contact_id == filing.contact_id,
                PrivacyRequest.kind == filing.kind,
                PrivacyRequest.status.in_(_OPEN),
            )
            .with_for_update()
            .limit(1)
        ),
    )

"""Double opt-in: where it is demanded, a yes is recorded as `requested` and counts once its link was followed.

Confirming proves the address that the mail went to, no other. Sends nothing: the mail is the outbox's affair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import NotFound, ParleyError
from base.ids import new_id
from base.link_tokens import issue_id_token, read_id_token
from crm.consent.double_opt_in_rules import Letter, read_double_opt_in, write_letter
from crm.consent.ledger import follow_up, lock_ledger, record_consent_event
from crm.consent.models import ConsentConfirmation, ConsentEvent, ConsentNotice
from crm.consent.principals import is_principal_of
from crm.consent.rules import covers
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.places.rules import UNKNOWN, find_whereabouts
from crm.timeline.service import record

METHOD = "double_opt_in"
LINK_PATH = "/consent/confirm/{token}"
"""Where the link leads: GET shows what it is about and changes nothing, POST confirms."""
_PURPOSE = "consent-confirmation"


class ConfirmationUnknown(NotFound):
    """This link is not one of ours, or was cut short: copy all of it from the mail."""

    code = "confirmation_unknown"


class ConfirmationOver(ParleyError):
    """This link holds no longer: its time is over, or you said something else since. Nothing was agreed to."""

    code = "confirmation_over"
    status = 410


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a link is about. `state`: `open`, `used` (then by `confirmed_event_id`), or `over`."""

    id: UUID
    contact_id: UUID
    purpose: str
    channel: str
    controller: str
    language: str
    notice: str | None
    expires_at: datetime
    state: Literal["open", "used", "over"]
    confirmed_event_id: UUID | None


@dataclass(frozen=True, slots=True)
class ToMail:
    """A mail that asks to confirm, and the very address it goes to."""

    confirmation_id: UUID
    contact_id: UUID
    contact_point_id: UUID
    address_hmac: str
    letter: Letter


async def find_countries(
    session: AsyncSession, contact_id: UUID, keys: KeyRing | None, *, zone: str | None = None
) -> tuple[str, ...]:
    """Every country that anything known of the contact names, as the gate reads it; `UNKNOWN` stands for any.

    Args:
        keys: to read phone numbers with; without them a number names a country that is not known.
        zone: the time zone of the talk, when it is known.
    """
    contact = (await session.execute(select(Contact.fields, Contact.time_zone).where(Contact.id == contact_id))).first()
    if contact is None:
        return ()
    sealed = select(ContactPoint.id, ContactPoint.value_sealed).where(
        ContactPoint.contact_id == contact_id, ContactPoint.kind == "phone"
    )
    phones = (await session.execute(sealed)).all()
    numbers = (
        [] if keys is None else [keys.unseal(one.value_sealed, column=SEALED_COLUMN, row=one.id) for one in phones]
    )
    found = find_whereabouts(contact.fields, numbers=numbers, zones=[contact.time_zone, zone])
    return found.countries if keys is not None or not phones else (*found.countries, UNKNOWN)


async def ask_to_confirm(
    session: AsyncSession, requested: ConsentEvent, *, conversation_id: UUID | None, now: datetime
) -> UUID:
    """Has the event's address mailed a link, with the next look of a worker; without one, once there is one."""
    asked = ConsentConfirmation(
        id=new_id(),
        contact_id=requested.principal_ref,
        requested_event_id=requested.id,
        address_hmac=requested.address_hmac,
        conversation_id=conversation_id,
        created_at=now,
        expires_at=now + timedelta(hours=read_double_opt_in().hours),
    )
    session.add(asked)
    await session.flush()
    return asked.id


async def list_to_mail(session: AsyncSession, now: datetime, *, limit: int) -> list[ToMail]:
    """Confirmations whose mail is to be planned now: those not over whose contact has an address for it."""
    rows = await session.execute(
        select(ConsentConfirmation, ConsentEvent, ConsentNotice.text, ContactPoint.id, ContactPoint.blind_index)
        .join(ConsentEvent, ConsentEvent.id == ConsentConfirmation.requested_event_id)
        .join(ConsentNotice, ConsentNotice.sha256 == ConsentEvent.notice_sha256)
        .join(
            ContactPoint,
            and_(
                ContactPoint.contact_id == ConsentConfirmation.contact_id,
                ContactPoint.kind == "email",
                or_(
                    ConsentConfirmation.address_hmac.is_(None),
                    func.encode(ContactPoint.blind_index, "hex") == ConsentConfirmation.address_hmac,
                ),
            ),
        )
        .where(ConsentConfirmation.mailed_at.is_(None), ConsentConfirmation.expires_at > now)
        .order_by(ConsentConfirmation.created_at, ConsentConfirmation.id, ContactPoint.id.desc())
        .ext(distinct_on(ConsentConfirmation.created_at, ConsentConfirmation.id))
        .limit(limit)
    )
    found = []
    for asked, event, notice, point_id, blind_index in rows.all():
        letter = write_letter(event.language, sender=event.controller, notice=notice)
        found.append(ToMail(asked.id, asked.contact_id, point_id, blind_index.hex(), letter))
    return found


async def note_mailed(session: AsyncSession, mailed: Sequence[ToMail], now: datetime) -> None:
    """The mails are in the outbox: from now on the links hold for as long as the rules say."""
    over_at = now + timedelta(hours=read_double_opt_in().hours)
    noted = [
        {"id": one.confirmation_id, "mailed_at": now, "address_hmac": one.address_hmac, "expires_at": over_at}
        for one in mailed
    ]
    if noted:
        await session.execute(update(ConsentConfirmation), noted)


def open_confirmations_of(contact_id: ColumnElement[UUID], at: ColumnElement[datetime]) -> Select[str, str, datetime]:
    """What the contact of a statement's row may still confirm: purpose, channel and until when, to be part of it."""
    open_ones = (
        select(ConsentEvent.purpose, ConsentEvent.channel, func.max(ConsentConfirmation.expires_at).label("until"))
        .join(ConsentConfirmation, ConsentEvent.id == ConsentConfirmation.requested_event_id)
        .where(
            ConsentConfirmation.contact_id == contact_id,
            ConsentConfirmation.used_at.is_(None),
            ConsentConfirmation.expires_at > at,
        )
        .group_by(ConsentEvent.purpose, ConsentEvent.channel)
    )
    return open_ones.correlate(contact_id.table)


async def end_open_confirmations(session: AsyncSession, conversation_id: UUID, now: datetime) -> list[UUID]:
    """Ends the links of a conversation that were not followed yet; returns the events that asked for them.

    Those that a later word of the person overtook are ended, too, but not returned.
    """
    rows = await session.execute(
        select(ConsentConfirmation, ConsentEvent)
        .join(ConsentEvent, ConsentEvent.id == ConsentConfirmation.requested_event_id)
        .where(
            ConsentConfirmation.conversation_id == conversation_id,
            ConsentConfirmation.used_at.is_(None),
            ConsentConfirmation.expires_at > now,
        )
        .order_by(ConsentConfirmation.id)
        .with_for_update(of=ConsentConfirmation)
    )
    ended = []
    for asked, event in rows.all():
        asked.expires_at = now
        if not await _said_no_since(session, event, asked.contact_id):
            ended.append(event.id)
    await session.flush()
    return ended


async def find_confirmation(session: AsyncSession, keys: KeyRing, token: str, now: datetime) -> Confirmation:
    """What a link is about; changes nothing, so that a scanner may follow it.

    Raises:
        ConfirmationUnknown: the token is not ours.
    """
    asked, event, notice = await _read(session, keys, token)
    over = asked.expires_at <= now or await _is_overtaken(session, asked, event)
    return Confirmation(
        asked.id,
        asked.contact_id,
        event.purpose,
        event.channel,
        event.controller,
        event.language,
        notice,
        asked.expires_at,
        "used" if asked.used_at is not None else "over" if over else "open",
        asked.confirmed_event_id,
    )


async def confirm(session: AsyncSession, keys: KeyRing, token: str, now: datetime) -> UUID | None:
    """Records `confirmed`: from now on the consent stands. Following the link again changes nothing.

    Returns:
        The event `confirmed`; None when it was confirmed before.

    Raises:
        ConfirmationUnknown: the token is not ours.
        ConfirmationOver: its time is over, the address is the contact's no longer, or they said no since.
    """
    asked, event, notice = await _read(session, keys, token)
    await lock_ledger(session, asked.contact_id)
    await session.refresh(asked, with_for_update=True)
    if asked.used_at is not None:
        return None
    if asked.expires_at <= now or await _is_overtaken(session, asked, event):
        raise ConfirmationOver
    asked.used_at = now
    confirmed = follow_up(
        event,
        "confirmed",
        method=METHOD,
        actor="subject",
        effective_at=now,
        evidence={**event.evidence, "requested_event_id": str(event.id), "confirmation_id": str(asked.id)},
    )
    fact = replace(
        confirmed,
        lawful_basis=event.lawful_basis,
        notice_text=notice,
        valid_until=event.valid_until,
        address_hmac=asked.address_hmac,
    )
    asked.confirmed_event_id = (await record_consent_event(session, fact, now)).id
    await session.flush()
    data = {"purpose": event.purpose, "channel": event.channel, "consent_event_id": str(asked.confirmed_event_id)}
    await record(
        session,
        kind="consent_confirmed",
        contact_id=asked.contact_id,
        conversation_id=asked.conversation_id,
        data=data,
        now=now,
    )
    return asked.confirmed_event_id


def issue_token(keys: KeyRing, confirmation_id: UUID) -> str:
    """The token of a link. It is stored nowhere; what ends it stands in the database."""
    return issue_id_token(keys, _PURPOSE, confirmation_id)


async def _read(
    session: AsyncSession, keys: KeyRing, token: str
) -> tuple[ConsentConfirmation, ConsentEvent, str | None]:
    confirmation_id = read_id_token(keys, _PURPOSE, token)
    if confirmation_id is None:
        raise ConfirmationUnknown
    found = (
        await session.execute(
            select(ConsentConfirmation, ConsentEvent, ConsentNotice.text)
            .join(ConsentEvent, ConsentEvent.id == ConsentConfirmation.requested_event_id)
            .outerjoin(ConsentNotice, ConsentNotice.sha256 == ConsentEvent.notice_sha256)
            .where(ConsentConfirmation.id == confirmation_id)
        )
    ).first()
    if found is None:
        raise ConfirmationUnknown
    asked, event, notice = found
    return asked, event, notice


async def _is_overtaken(session: AsyncSession, asked: ConsentConfirmation, event: ConsentEvent) -> bool:
    """Whether the person said no since, or the address is another's by now."""
    if await _said_no_since(session, event, asked.contact_id):
        return True
    address = select(ContactPoint.id).where(
        ContactPoint.contact_id == asked.contact_id,
        ContactPoint.blind_index == bytes.fromhex(asked.address_hmac or ""),
    )
    return await session.scalar(address.limit(1)) is None


async def _said_no_since(session: AsyncSession, event: ConsentEvent, contact_id: UUID) -> bool:
    later = await session.execute(
        select(ConsentEvent.purpose, ConsentEvent.channel).where(
            is_principal_of(ConsentEvent.principal_ref, contact_id),
            ConsentEvent.seq > event.seq,
            ConsentEvent.event.in_(("refused", "withdrawn")),
        )
    )
    return any(covers((one.purpose, one.channel), (event.purpose, event.channel)) for one in later)

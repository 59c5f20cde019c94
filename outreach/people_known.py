"""What is known of people before something is sent to them: read in one statement, at one moment. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, DateTime, FromClause, Select, Text, all_, any_, bindparam, case, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.encryption import KeyRing
from base.nested_rows import asked_id, asked_ids, nested
from crm.consent.double_opt_in import open_confirmations_of
from crm.consent.ledger import ENTRY_COLUMNS, ConsentState, Scope, fold
from crm.consent.models import ConsentEvent
from crm.consent.principals import is_principal_of, links_of
from crm.consent.suppression import suppressions_of
from crm.consent.weaving import Link, weave
from crm.contacts.identity import claims_of
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.contacts.number_challenges import asked_at_of
from crm.places.rules import UNKNOWN, Whereabouts, find_whereabouts
from crm.privacy.limits import open_requests_of
from crm.samples.made_up import is_made_up_of
from outreach.basis_rules import BasisEntry, fold_bases
from outreach.decisions import SERVICE_PURPOSES, Basis, PastSend, WaitingSend
from outreach.models import OutboxMessage
from outreach.neighbours import conversations
from outreach.quarantine import is_quarantined

_LEFT = ["sending", "accepted", "delivered", "unknown"]


class Talk(NamedTuple):
    """A conversation of theirs."""

    id: UUID
    channel: str
    status: str
    time_zone: str | None
    is_claimed: bool
    """Whether it only named the contact's address, and may be somebody else's."""


class Phone(NamedTuple):
    """A phone number of theirs; `number` is None when it cannot be read."""

    id: UUID
    number: str | None
    challenged_at: datetime | None
    """Since when it waits for work of the browser that left it."""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of one contact.

    Attributes:
        exists: False once they are erased.
        made_up: whether they are of the sample workspace.
        sends: promotional messages that left or may have, by their ids.
        waiting: promotional messages that are planned and of the frequency class `normal`, if asked for.
        has_request: whether they asked something about their own data that is not closed yet.
    """

    exists: bool
    made_up: bool
    stage: str
    time_zone: str | None
    fields: Mapping[str, Any]
    consents: Mapping[Scope, ConsentState]
    bases: Mapping[Scope, tuple[Basis, ...]]
    confirming: Mapping[Scope, datetime]
    suppressed: Mapping[str, str]
    address_kinds: frozenset[str]
    phones: tuple[Phone, ...]
    """The one to be texted or called first, as `crm.contacts.points.read_addresses` has it."""
    sends: tuple[tuple[UUID, PastSend], ...]
    waiting: tuple[WaitingSend, ...]
    talks: tuple[Talk, ...]
    has_request: bool

    def whereabouts(self, *zones: str | None) -> Whereabouts:
        """Where they may be, by all that is known of them and by the zones that browsers told."""
        readable = [phone.number for phone in self.phones if phone.number is not None]
        # A browser may send anything as its zone; what is no zone is not known.
        found = find_whereabouts(self.fields, numbers=readable, zones=(self.time_zone, *zones))
        if len(readable) == len(self.phones):
            return found
        # A number that cannot be read may be of anywhere.
        return replace(found | Whereabouts((UNKNOWN,), (UNKNOWN,)), zones=())


@dataclass(frozen=True, slots=True)
class People:
    """All that were asked for, and how far the database's clock and this machine's were apart meanwhile.

    `quarantined`: nothing is sent to anybody.
    """

    by_id: Mapping[UUID, Person]
    clock_skew: timedelta
    quarantined: bool = False


async def read_people(
    session: AsyncSession,
    contact_ids: Sequence[UUID],
    now: datetime,
    *,
    keys: KeyRing | None,
    machine: Clock | None,
    remember: timedelta,
    with_waiting: bool = False,
) -> People:
    """Every contact asked for, also one that is gone.

    Args:
        keys: open the phone numbers.
        machine: the clock to compare with the database's; None compares nothing.
        remember: how far back what was sent still counts.
        with_waiting: read what waits to be sent to them, too.
    """
    asked_at = None if machine is None else machine.now()
    moments = {"at": now, "sent_since": now - remember, "with_waiting": with_waiting}
    connection = await session.connection()
    if len(contact_ids) == 1:
        rows = (await connection.execute(_ONE, {"contact_id": contact_ids[0], **moments})).all()
    else:
        rows = (await connection.execute(_SEVERAL, {"contact_ids": list(contact_ids), **moments})).all()
    people = {row.id: _person_of(row, now, keys) for row in rows}
    skew = clock_skew(asked_at, machine, [row.read_at for row in rows])
    return People(people, skew, quarantined=any(row.quarantined for row in rows))


def _person_of(row: Any, now: datetime, keys: KeyRing | None) -> Person:
    links = [Link(UUID(one), UUID(other), seq) for one, other, seq in row.links or ()]
    events = weave(row.id, _entries(row.events), links)
    points = row.points or ()
    claimed = {talk for (talk,) in row.claims or ()}
    suppressed: dict[str, str] = {}
    for channel, reason, _ in row.suppressions or ():
        # The first reason is the one that stopped it.
        suppressed.setdefault(channel, reason)
    return Person(
        exists=row.stage is not None,
        made_up=row.made_up,
        stage=row.stage or "visitor",
        time_zone=row.time_zone,
        fields=row.fields or {},
        consents={scope: state.at(now) for scope, state in fold(events).items()},
        bases=fold_bases(events),
        confirming={
            (purpose, channel): datetime.fromisoformat(until) for purpose, channel, until in row.confirmations or ()
        },
        suppressed=suppressed,
        address_kinds=frozenset(kind for _, kind, *_ in points),
        phones=_phones(points, keys),
        sends=tuple(
            (UUID(outbox_id), PastSend(channel, datetime.fromisoformat(claimed_at), topic))
            for outbox_id, channel, claimed_at, topic in row.sends or ()
        ),
        waiting=tuple(
            WaitingSend(channel, datetime.fromisoformat(due_at), topic)
            for channel, due_at, topic in sorted(row.waiting or (), key=lambda one: (one[1], one[0], one[2]))
        ),
        talks=tuple(
            Talk(UUID(talk), channel, status, zone, is_claimed=talk in claimed)
            for talk, channel, status, zone in row.talks or ()
        ),
        has_request=bool(row.requests),
    )


def _entries(rows: Sequence[Sequence[Any]] | None) -> Iterator[tuple[UUID, BasisEntry]]:
    for principal, seq, event_id, event, purpose, channel, effective_at, valid_until, brand, lawful_basis in rows or ():
        yield (
            UUID(principal),
            BasisEntry(
                seq,
                UUID(event_id),
                event,
                purpose,
                channel,
                datetime.fromisoformat(effective_at),
                None if valid_until is None else datetime.fromisoformat(valid_until),
                brand,
                lawful_basis,
            ),
        )


def _phones(points: Sequence[Sequence[Any]], keys: KeyRing | None) -> tuple[Phone, ...]:
    phones = [point for point in points if point[1] == "phone"]
    # In the order of `read_addresses`: the proven ones first, then the latest.
    phones.sort(key=lambda point: (point[3] or "", point[0]), reverse=True)
    return tuple(
        Phone(
            UUID(point_id),
            _open(point_id, sealed, keys),
            # Whoever proved the number since, need not do more.
            datetime.fromisoformat(asked_at) if asked_at is not None and verified_at is None else None,
        )
        for point_id, _, sealed, verified_at, asked_at in phones
    )


def _open(point_id: str, sealed: str, keys: KeyRing | None) -> str | None:
    return None if keys is None else keys.unseal(bytes.fromhex(sealed), column=SEALED_COLUMN, row=UUID(point_id))


def clock_skew(asked_at: datetime | None, machine: Clock | None, told: Sequence[datetime]) -> timedelta:
    """How far outside of the time it took to ask the database's clock was."""
    if asked_at is None or machine is None or not told:
        return timedelta(0)
    return max(asked_at - min(told), max(told) - machine.now(), timedelta(0))


def _build_statement(asked: FromClause) -> Select[*tuple[Any, ...]]:
    contact_id = asked.c.id
    at = bindparam("at", type_=DateTime(timezone=True))
    sealed_number = case((ContactPoint.kind == "phone", func.encode(ContactPoint.value_sealed, "hex")))
    events = select(ConsentEvent.principal_ref, *ENTRY_COLUMNS, ConsentEvent.lawful_basis).where(
        is_principal_of(ConsentEvent.principal_ref, contact_id)
    )
    asked_at = asked_at_of(ContactPoint.id).correlate(ContactPoint).scalar_subquery()
    points = select(
        ContactPoint.id,
        ContactPoint.kind,
        sealed_number,
        ContactPoint.verified_at,
        case((ContactPoint.kind == "phone", asked_at)),
    ).where(ContactPoint.contact_id == contact_id)
    sends = select(
        OutboxMessage.id,
        OutboxMessage.channel,
        OutboxMessage.claimed_at,
        func.coalesce(OutboxMessage.journey, OutboxMessage.purpose),
    ).where(
        OutboxMessage.contact_id == contact_id,
        # Arrays: lists would be written into the statement anew each time it is sent.
        OutboxMessage.state == any_(literal(_LEFT, ARRAY(Text()))),
        OutboxMessage.purpose != all_(literal(sorted(SERVICE_PURPOSES), ARRAY(Text()))),
        OutboxMessage.claimed_at > bindparam("sent_since", type_=DateTime(timezone=True)),
    )
    waiting = select(
        OutboxMessage.channel, OutboxMessage.due_at, func.coalesce(OutboxMessage.journey, OutboxMessage.purpose)
    ).where(
        bindparam("with_waiting", type_=Boolean()),
        OutboxMessage.contact_id == contact_id,
        OutboxMessage.state == any_(literal(["planned", "deferred"], ARRAY(Text()))),
        OutboxMessage.purpose != all_(literal(sorted(SERVICE_PURPOSES), ARRAY(Text()))),
        OutboxMessage.frequency_class == literal("normal", Text()),
    )
    talks = select(
        conversations.c.id, conversations.c.channel, conversations.c.status, conversations.c.time_zone
    ).where(conversations.c.contact_id == contact_id)
    return (
        select(
            contact_id,
            Contact.stage,
            is_made_up_of(contact_id).correlate(asked).label("made_up"),
            Contact.time_zone,
            Contact.fields,
            func.clock_timestamp(type_=DateTime(timezone=True)).label("read_at"),
            is_quarantined().label("quarantined"),
            nested(events.correlate(asked)).label("events"),
            nested(links_of(contact_id)).label("links"),
            nested(suppressions_of(contact_id)).label("suppressions"),
            nested(open_confirmations_of(contact_id, at)).label("confirmations"),
            nested(points.correlate(asked)).label("points"),
            nested(sends.correlate(asked)).label("sends"),
            nested(waiting.correlate(asked)).label("waiting"),
            nested(talks.correlate(asked)).label("talks"),
            nested(claims_of(contact_id)).label("claims"),
            nested(open_requests_of(contact_id)).label("requests"),
        )
        .select_from(asked)
        .outerjoin(Contact, Contact.id == contact_id)
    )


_ONE = _build_statement(asked_id("contact_id"))
_SEVERAL = _build_statement(asked_ids("contact_ids"))

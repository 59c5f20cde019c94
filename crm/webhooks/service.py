"""Endpoints as people keep them: made, changed, given a new secret, removed; and what was sent, sent again.

In the caller's transaction; sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, literal, null, select, true, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from yarl import URL

from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound, ParleyError
from base.ids import new_id
from base.outbound_http import may_ask
from base.resealing import reseal
from crm.events.kinds import find_kinds
from crm.timeline.models import TimelineEvent
from crm.webhooks import secrets
from crm.webhooks.models import SEALED_SECRETS, WebhookDelivery, WebhookEndpoint

MOST_ENDPOINTS = 50
MOST_REPLAYED = 10_000
_OVER = ("delivered", "failed", "void")


class NameTaken(Conflict):
    """There is a webhook of this name already; choose another."""

    code = "name_taken"


class SwitchedOff(Conflict):
    """This webhook is switched off: switch it on first."""

    code = "switched_off"


class OutOfDate(ParleyError):
    """Somebody else changed this webhook; load it again."""

    code = "out_of_date"
    status = 412


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of an endpoint."""

    name: str
    url: str
    kinds: Sequence[str]
    with_addresses: bool
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint does: its last attempt, which was answered or not, and how many deliveries wait."""

    last_at: datetime | None = None
    last_status: int | None = None
    last_problem: str | None = None
    waiting: int = 0


async def list_endpoints(session: AsyncSession) -> Sequence[WebhookEndpoint]:
    """All of them by name; there are a few at most."""
    return (await session.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.name))).all()


async def get_endpoint(session: AsyncSession, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """One endpoint.

    Raises:
        NotFound: there is none.
    """
    found = await session.get(WebhookEndpoint, endpoint_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


async def make_endpoint(
    session: AsyncSession, keys: KeyRing, wish: Wish, *, allow_private: bool, made_by: UUID, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Makes one; returns its secret, too, which is told this once.

    Raises:
        InvalidInput: its address or a kind cannot be used, or there are too many endpoints.
        NameTaken: another has the name.
    """
    if (await session.scalar(select(func.count()).select_from(WebhookEndpoint)) or 0) >= MOST_ENDPOINTS:
        raise InvalidInput(f"There are {MOST_ENDPOINTS} webhooks already: remove one that nobody uses.")
    url = await _check(session, None, wish, allow_private=allow_private)
    endpoint_id, secret = new_id(), secrets.new_secret()
    row = {
        "id": endpoint_id,
        "name": wish.name,
        "url": url,
        "kinds": sorted(set(wish.kinds)),
        "with_addresses": wish.with_addresses,
        "secrets_sealed": _seal(keys, endpoint_id, (secrets.Secret(secret=secret),)),
        "key_id": keys.newest,
        "made_by": made_by,
        "created_at": now,
        "updated_at": now,
        "disabled_at": None if wish.enabled else now,
        "disabled_why": None if wish.enabled else "colleague",
    }
    made = insert(WebhookEndpoint).values(row).on_conflict_do_nothing(index_elements=["name"])
    if await session.scalar(made.returning(WebhookEndpoint.id)) is None:
        raise NameTaken
    return await get_endpoint(session, endpoint_id), secret


async def change_endpoint(
    session: AsyncSession, endpoint_id: UUID, wish: Wish, *, version: int, allow_private: bool, now: datetime
) -> WebhookEndpoint:
    """Changes one. Switched on again, it is tried as if it had never failed.

    Raises:
        NotFound, OutOfDate: there is none, or not at this version any more.
        InvalidInput, NameTaken: as for a new one.
    """
    endpoint = await _get_at(session, endpoint_id, version)
    endpoint.url = await _check(session, endpoint_id, wish, allow_private=allow_private)
    endpoint.name, endpoint.kinds, endpoint.with_addresses = wish.name, sorted(set(wish.kinds)), wish.with_addresses
    if wish.enabled and endpoint.disabled_at is not None:
        endpoint.disabled_at = endpoint.disabled_why = endpoint.failing_since = endpoint.told_at = None
    elif not wish.enabled and endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_why = now, "colleague"
    endpoint.version, endpoint.updated_at = endpoint.version + 1, now
    try:
        await session.flush()
    except IntegrityError as error:
        # Somebody gave another one this name at the same moment: nothing else of the row can collide.
        raise NameTaken from error
    return endpoint


async def remove_endpoint(session: AsyncSession, endpoint_id: UUID, *, version: int) -> None:
    """Removes one with all that was to be sent to it.

    Raises:
        NotFound, OutOfDate: as for a change.
    """
    endpoint = await _get_at(session, endpoint_id, version)
    await session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id))
    await session.delete(endpoint)
    await session.flush()


async def rotate_secret(session: AsyncSession, keys: KeyRing, endpoint_id: UUID, now: datetime) -> str:
    """Gives it a new secret, which is told this once; the old one signs, too, for a day.

    Raises:
        NotFound: there is none.
    """
    endpoint = await get_endpoint(session, endpoint_id, lock=True)
    secret = secrets.new_secret()
    held = secrets.rotate(secrets_of(keys, endpoint), secret, now)
    endpoint.secrets_sealed, endpoint.key_id = _seal(keys, endpoint.id, held), keys.newest
    endpoint.version, endpoint.updated_at = endpoint.version + 1, now
    await session.flush()
    return secret


async def list_deliveries(
    session: AsyncSession,
    endpoint_id: UUID,
    *,
    state: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Sequence[WebhookDelivery]:
    """What was or is to be sent to an endpoint, the latest first.

    Args:
        before: the moment and event of the last one seen.
    """
    found = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        found = found.where(WebhookDelivery.state == state)
    if before is not None:
        found = found.where(tuple_(WebhookDelivery.created_at, WebhookDelivery.event_id) < before)
    newest = (WebhookDelivery.created_at.desc(), WebhookDelivery.event_id.desc())
    return (await session.scalars(found.order_by(*newest).limit(limit))).all()


async def get_delivery(session: AsyncSession, endpoint_id: UUID, event_id: UUID) -> WebhookDelivery:
    """What was or is to be sent of one event.

    Raises:
        NotFound: it was never to be sent there, or that is too long ago.
    """
    found = await session.get(WebhookDelivery, (endpoint_id, event_id))
    if found is None:
        raise NotFound("There is no such delivery: they are kept for 30 days.")
    return found


async def read_health(session: AsyncSession, endpoint_ids: Sequence[UUID]) -> dict[UUID, Health]:
    """How each of some endpoints does. What is being sent now was not answered yet, and what is void was never sent."""
    tried = WebhookDelivery.claimed_at.is_not(None), WebhookDelivery.state.in_(("waiting", "delivered", "failed"))
    last = (
        select(WebhookDelivery.claimed_at, WebhookDelivery.status, WebhookDelivery.problem)
        .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, *tried)
        .order_by(WebhookDelivery.claimed_at.desc(), WebhookDelivery.event_id.desc())
        .limit(1)
        .correlate(WebhookEndpoint)
        .lateral()
    )
    waiting = (
        select(func.count())
        .select_from(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.state.in_(("waiting", "sending")))
        .correlate(WebhookEndpoint)
        .scalar_subquery()
    )
    found = await session.execute(
        select(WebhookEndpoint.id, last.c.claimed_at, last.c.status, last.c.problem, waiting)
        .outerjoin(last, true())
        .where(WebhookEndpoint.id.in_(endpoint_ids))
    )
    return {row[0]: Health(*row[1:]) for row in found}


async def replay_delivery(session: AsyncSession, endpoint_id: UUID, event_id: UUID, now: datetime) -> None:
    """Sends one event again, under the same id; one that waits for its next try is tried now.

    Raises:
        NotFound: it was never to be sent there, or its event is erased.
        SwitchedOff: nothing is sent there now.
    """
    await _get_switched_on(session, endpoint_id)
    known = select(WebhookDelivery.event_id).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_id == event_id
    )
    there = await session.scalar(known) is not None
    if not there or not await _queue(
        session, endpoint_id, now, TimelineEvent.id == event_id, again=(*_OVER, "waiting")
    ):
        raise NotFound("There is no such delivery, or what it tells of was erased.")


async def replay_period(
    session: AsyncSession, endpoint_id: UUID, *, since: datetime, until: datetime, now: datetime
) -> int:
    """Sends every event of its kinds that happened in a period, under the ids they had; returns how many.

    Raises:
        NotFound: there is no such endpoint.
        SwitchedOff: nothing is sent there now.
        InvalidInput: those are too many at once.
    """
    endpoint = await _get_switched_on(session, endpoint_id)
    meant = (
        TimelineEvent.kind.in_(endpoint.kinds),
        TimelineEvent.occurred_at >= since,
        TimelineEvent.occurred_at < until,
    )
    few = select(TimelineEvent.id).where(*meant).limit(MOST_REPLAYED + 1).subquery()
    if (await session.scalar(select(func.count()).select_from(few)) or 0) > MOST_REPLAYED:
        raise InvalidInput(f"Those are more than {MOST_REPLAYED} events: choose a shorter period.")
    return await _queue(session, endpoint_id, now, *meant)


def secrets_of(keys: KeyRing, endpoint: WebhookEndpoint) -> tuple[secrets.Secret, ...]:
    """What its messages are signed with."""
    return secrets.load(keys.unseal(endpoint.secrets_sealed, column=SEALED_SECRETS, row=endpoint.id))


async def reseal_webhooks(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` secrets to the newest key; returns how many. Call it, committing, until it returns 0."""
    return await reseal(session, keys, WebhookEndpoint.secrets_sealed, column=SEALED_SECRETS, batch=batch)


async def _queue(
    session: AsyncSession, endpoint_id: UUID, now: datetime, *meant: object, again: Sequence[str] = _OVER
) -> int:
    """Has events sent; those in none of the states `again` stay as they are. Returns how many are sent anew."""
    event = TimelineEvent
    rows = select(
        literal(endpoint_id), event.id, event.contact_id, event.conversation_id, event.kind, literal("waiting"),
        literal(now), literal(now),
    ).where(*meant)  # type: ignore[arg-type]  # conditions, as the callers write them  # fmt: skip
    names = ["endpoint_id", "event_id", "contact_id", "conversation_id", "kind", "state", "due_at", "created_at"]
    queued = insert(WebhookDelivery).from_select(names, rows)
    anew = queued.on_conflict_do_update(
        index_elements=["endpoint_id", "event_id"],
        set_={
            "state": "waiting", "due_at": now, "attempts": 0, "fence": WebhookDelivery.fence + 1, "ended_at": null(),
            "contact_id": queued.excluded.contact_id,
        },
        where=WebhookDelivery.state.in_(again),
    )  # fmt: skip
    return len((await session.scalars(anew.returning(WebhookDelivery.event_id))).all())


async def _get_at(session: AsyncSession, endpoint_id: UUID, version: int) -> WebhookEndpoint:
    endpoint = await get_endpoint(session, endpoint_id, lock=True)
    if endpoint.version != version:
        raise OutOfDate
    return endpoint


async def _get_switched_on(session: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = await get_endpoint(session, endpoint_id)
    if endpoint.disabled_at is not None:
        raise SwitchedOff
    return endpoint


async def _check(session: AsyncSession, endpoint_id: UUID | None, wish: Wish, *, allow_private: bool) -> str:
    """The address as it is asked, quoted."""
    taken = select(WebhookEndpoint.id).where(
        WebhookEndpoint.name == wish.name, WebhookEndpoint.id.is_distinct_from(endpoint_id)
    )
    if await session.scalar(taken) is not None:
        raise NameTaken
    if unknown := sorted(set(wish.kinds) - (await find_kinds(session, wish.kinds)).keys()):
        raise InvalidInput(errors=[{"field": "kinds", "message": f"There is no kind {', '.join(unknown)}."}])
    try:
        url = str(URL(wish.url).with_fragment(None))
    except ValueError:
        url = ""
    if not may_ask(url, allow_private=allow_private):
        begin = "http:// or https://" if allow_private else "https://"
        message = f"Give a public address that begins with {begin}, without user name."
        raise InvalidInput(errors=[{"field": "url", "message": message}])
    return url


def _seal(keys: KeyRing, endpoint_id: UUID, held: Sequence[secrets.Secret]) -> bytes:
    return keys.seal(secrets.dump(held), column=SEALED_SECRETS, row=endpoint_id)

"""The systems that may send events: made by an operator, known by a token or a signature, revoked. Takes no events."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound, ParleyError
from base.ids import new_id
from base.resealing import reseal
from crm.events.mapping import PayloadMapping
from crm.events.models import SEALED_SECRET, EventSource
from crm.webhooks.secrets import new_secret

Way = Literal["api", "webhook", "mqtt", "import"]
Unknown = Literal["refuse", "create"]

_TOKEN = "pev_"  # noqa: S105  # what tokens begin with, so that scanners of secrets find them


class SourceNotKnown(ParleyError):
    """This token belongs to no source of events, or to one that was revoked: make a new one."""

    code = "source_not_known"
    status = 401


@dataclass(frozen=True, slots=True)
class MadeSource:
    """A source and what it shows who it is by: told once, then only its hash is known here, or it is sealed."""

    id: UUID
    name: str
    secret: str | None


async def make_source(
    session: AsyncSession,
    keys: KeyRing,
    *,
    name: str,
    way: Way,
    unknown_people: Unknown,
    mapping: PayloadMapping | None,
    made_by: str,
    now: datetime,
) -> MadeSource:
    """Makes a source.

    Raises:
        Conflict: there is one of this name.
        InvalidInput: only webhooks have a mapping.
    """
    if mapping is not None and way != "webhook":
        raise InvalidInput(errors=[{"field": "mapping", "message": "Only a webhook has a mapping."}])
    source_id = new_id()
    secret = _secret_for(way)
    sealed = secret is not None and way == "webhook"
    row = {
        "id": source_id,
        "name": name,
        "way": way,
        "unknown_people": unknown_people,
        "mapping": {} if mapping is None else mapping.model_dump(mode="json", by_alias=True),
        "token_sha256": _hash(secret) if secret is not None and way == "api" else None,
        "secret_sealed": keys.seal(secret or "", column=SEALED_SECRET, row=source_id) if sealed else None,
        "key_id": keys.newest if sealed else None,
        "made_by": made_by,
        "made_at": now,
    }
    made = insert(EventSource).values(row).on_conflict_do_nothing(index_elements=["name"]).returning(EventSource.id)
    if await session.scalar(made) is None:
        raise Conflict(f"There is a source {name} already, maybe revoked: choose another name.")
    return MadeSource(source_id, name, secret)


async def find_by_token(session: AsyncSession, token: str) -> EventSource:
    """The source that a token is of.

    Raises:
        SourceNotKnown: of none, or of one that was revoked.
    """
    source = await session.scalar(
        select(EventSource).where(EventSource.token_sha256 == _hash(token), EventSource.revoked_at.is_(None))
    )
    if source is None:
        raise SourceNotKnown
    return source


async def find_source(
    session: AsyncSession, way: Way, *, name: str | None = None, id_: UUID | None = None
) -> EventSource:
    """A source that was not revoked, by its name or id.

    Raises:
        NotFound: there is none.
    """
    found = select(EventSource).where(EventSource.way == way, EventSource.revoked_at.is_(None))
    found = found.where(EventSource.name == name) if id_ is None else found.where(EventSource.id == id_)
    source = await session.scalar(found)
    if source is None:
        raise NotFound("There is no such source of events.")
    return source


async def list_sources(session: AsyncSession) -> Sequence[EventSource]:
    """All of them, also those revoked, by name."""
    return (await session.scalars(select(EventSource).order_by(EventSource.name))).all()


async def revoke_source(session: AsyncSession, source_id: UUID, now: datetime) -> None:
    """Takes nothing from it any more; what it sent stays. Revoked again, it stays as it was.

    Raises:
        NotFound: there is none.
    """
    revoked = (
        update(EventSource)
        .where(EventSource.id == source_id, EventSource.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(EventSource.id)
        .execution_options(synchronize_session=False)
    )
    if await session.scalar(revoked) is None and await session.get(EventSource, source_id) is None:
        raise NotFound("There is no such source of events.")


def secret_of(keys: KeyRing, source: EventSource) -> str:
    """What a webhook signs with."""
    assert source.secret_sealed is not None, "only a webhook has a secret"
    return keys.unseal(source.secret_sealed, column=SEALED_SECRET, row=source.id)


async def reseal_sources(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` secrets to the newest key; returns how many. Call it, committing, until it returns 0."""
    return await reseal(session, keys, EventSource.secret_sealed, column=SEALED_SECRET, batch=batch)


def _secret_for(way: Way) -> str | None:
    if way == "api":
        return _TOKEN + secrets.token_urlsafe(32)
    return new_secret() if way == "webhook" else None


def _hash(token: str) -> bytes:
    # A token has 256 random bits: nothing slower is needed than what finds it by index.
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()

"""Connectors as the operator keeps them: added, listed, revoked, their secrets sealed anew. Calls nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from base.resealing import reseal
from bot.connectors.models import SEALED_COLUMN, Connector, ConnectorCall
from bot.connectors.rules import METHODS, check_description


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """A connector without its secrets."""

    id: UUID
    name: str
    base_url: str
    has_headers: bool
    methods: list[str]
    paths: list[str]
    allow_private: bool
    calls_a_day: int
    revoked_at: datetime | None
    created_at: datetime


async def add_connector(
    session: AsyncSession,
    keys: KeyRing,
    *,
    name: str,
    base_url: str,
    headers: Mapping[str, str] | None = None,
    methods: Sequence[str] = METHODS,
    paths: Sequence[str] = ("/",),
    allow_private: bool = False,
    calls_a_day: int = 1000,
    now: datetime,
) -> UUID:
    """Adds a connector; one of this name that was revoked comes back to life with these settings.

    Args:
        headers: sent with every call, such as `Authorization`; sealed, and never shown again.
        paths: a call must go to one of these or below it.

    Raises:
        InvalidInput: names each field that is wrong.
        Conflict: there is one of this name.
    """
    headers = dict(headers or {})
    errors = check_description(
        name=name,
        base_url=base_url,
        headers=headers,
        methods=methods,
        paths=paths,
        allow_private=allow_private,
        calls_a_day=calls_a_day,
    )
    if errors:
        fields = "; ".join(f"{error['field']}: {error['message']}" for error in errors)
        raise InvalidInput(f"This connector cannot be added. {fields}", errors=errors)
    known = await session.scalar(select(Connector).where(Connector.name == name).with_for_update())
    if known is not None and known.revoked_at is None:
        raise Conflict(f"There is a connector {name} already: revoke it first.")
    row = known or Connector(id=new_id(), name=name, created_at=now)
    row.base_url, row.methods, row.paths = base_url, list(methods), list(paths)
    row.allow_private, row.calls_a_day, row.revoked_at = allow_private, calls_a_day, None
    row.headers_sealed = keys.seal(json.dumps(headers), column=SEALED_COLUMN, row=row.id) if headers else None
    row.key_id = keys.newest if headers else None
    session.add(row)
    await session.flush()
    return row.id


async def list_connectors(session: AsyncSession) -> list[ConnectorView]:
    """All of them by name, also the revoked ones."""
    return [_view(row) for row in await session.scalars(select(Connector).order_by(Connector.name))]


async def revoke_connector(session: AsyncSession, name: str, now: datetime) -> None:
    """Ends all calls and forgets the secrets; what was called stays in the log.

    Raises:
        NotFound: there is no such connector in use.
    """
    revoked = (
        update(Connector)
        .where(Connector.name == name, Connector.revoked_at.is_(None))
        .values(revoked_at=now, headers_sealed=None, key_id=None)
        .returning(Connector.id)
    )
    if await session.scalar(revoked) is None:
        raise NotFound(f"There is no connector {name}.")


async def list_calls(
    session: AsyncSession, name: str, *, before: datetime | None = None, limit: int = 100
) -> Sequence[ConnectorCall]:
    """The egress log of a connector, newest first; `before` is the start of the last call seen.

    Raises:
        NotFound: there is no such connector.
    """
    connector_id = await session.scalar(select(Connector.id).where(Connector.name == name))
    if connector_id is None:
        raise NotFound(f"There is no connector {name}.")
    calls = select(ConnectorCall).where(ConnectorCall.connector_id == connector_id)
    if before is not None:
        calls = calls.where(ConnectorCall.started_at < before)
    return (await session.scalars(calls.order_by(ConnectorCall.started_at.desc()).limit(limit))).all()


async def reseal_headers(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` connectors' headers with the newest key; returns how many. Call it until it returns 0."""
    return await reseal(session, keys, Connector.headers_sealed, column=SEALED_COLUMN, batch=batch)


def _view(row: Connector) -> ConnectorView:
    return ConnectorView(
        row.id,
        row.name,
        row.base_url,
        row.headers_sealed is not None,
        row.methods,
        row.paths,
        row.allow_private,
        row.calls_a_day,
        row.revoked_at,
        row.created_at,
    )

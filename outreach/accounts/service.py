"""Accounts as the operator keeps them: added, changed, listed, their secrets sealed. Calls no provider."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing, key_id_of
from base.errors import NotFound
from base.ids import new_id
from outreach.accounts.models import SEALED_COLUMN, ChannelAccount

NOTED = "noted"
"""The key of the settings under which a channel notes what it must remember: an operator's change leaves it."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account ready for use. `secrets` are in the clear: keep them in memory only and never log them."""

    id: UUID
    channel: str
    name: str
    address: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    enabled: bool = True
    problem: str | None = None
    checked_at: datetime | None = None

    @property
    def per_second(self) -> float | None:
        """Messages it may send a second; None for no limit of its own."""
        rate = self.settings.get("per_second")
        return float(rate) if isinstance(rate, int | float) and rate > 0 else None

    @property
    def apart(self) -> timedelta | None:
        """Least time between two messages to the same person; None where the provider sets none."""
        seconds = self.settings.get("seconds_apart")
        return timedelta(seconds=seconds) if isinstance(seconds, int | float) and seconds > 0 else None


async def save_account(
    session: AsyncSession,
    keys: KeyRing,
    *,
    channel: str,
    name: str,
    address: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    now: datetime,
) -> UUID:
    """Adds an account, or gives the one of this channel and name these values; it is enabled either way."""
    found = select(ChannelAccount.id, ChannelAccount.settings).where(
        ChannelAccount.channel == channel, ChannelAccount.name == name
    )
    known = (await session.execute(found.with_for_update())).first()
    account_id = new_id() if known is None else known.id
    noted = {NOTED: known.settings[NOTED]} if known is not None and NOTED in known.settings else {}
    values = {
        "address": address,
        "settings": {**settings, **noted},
        "secrets_sealed": keys.seal(json.dumps(dict(secrets)), column=SEALED_COLUMN, row=account_id),
        "key_id": keys.newest,
        "enabled": True,
        "updated_at": now,
    }
    row = insert(ChannelAccount).values(id=account_id, channel=channel, name=name, created_at=now, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
    return account_id


async def list_accounts(
    session: AsyncSession, keys: KeyRing, *, channel: str | None = None, enabled_only: bool = True
) -> Sequence[Account]:
    """The accounts, the oldest of each channel first: it is the one that is used where none is named."""
    wanted = select(ChannelAccount).order_by(ChannelAccount.channel, ChannelAccount.created_at, ChannelAccount.id)
    if channel is not None:
        wanted = wanted.where(ChannelAccount.channel == channel)
    if enabled_only:
        wanted = wanted.where(ChannelAccount.enabled)
    rows = await session.scalars(wanted.execution_options(populate_existing=True))
    return [_opened(row, keys) for row in rows]


async def get_account(session: AsyncSession, keys: KeyRing, *, channel: str, name: str) -> Account:
    """One account by name.

    Raises:
        NotFound: there is none.
    """
    row = await session.scalar(
        select(ChannelAccount).where(ChannelAccount.channel == channel, ChannelAccount.name == name)
    )
    if row is None:
        raise NotFound(f"There is no {channel} account named {name}: `parley channels list` shows those there are.")
    return _opened(row, keys)


async def disable_account(session: AsyncSession, *, channel: str, name: str, now: datetime) -> None:
    """Nothing is sent from it or taken in for it any more; what it did stays on record.

    Raises:
        NotFound: there is none.
    """
    changed = (
        update(ChannelAccount)
        .where(ChannelAccount.channel == channel, ChannelAccount.name == name)
        .values(enabled=False, updated_at=now)
        .returning(ChannelAccount.id)
    )
    if await session.scalar(changed) is None:
        raise NotFound(f"There is no {channel} account named {name}: `parley channels list` shows those there are.")


async def note_check(session: AsyncSession, account_id: UUID, problem: str | None, now: datetime) -> None:
    """Keeps what a check of the account came to."""
    await session.execute(
        update(ChannelAccount).where(ChannelAccount.id == account_id).values(problem=problem, checked_at=now)
    )


async def reseal_accounts(session: AsyncSession, keys: KeyRing, batch: int) -> int:
    """Seals up to `batch` accounts' secrets anew with the newest key; returns how many needed it."""
    old = select(ChannelAccount).where(ChannelAccount.key_id != keys.newest).limit(batch).with_for_update()
    rows = (await session.scalars(old)).all()
    for row in rows:
        secrets = keys.unseal(row.secrets_sealed, column=SEALED_COLUMN, row=row.id)
        row.secrets_sealed = keys.seal(secrets, column=SEALED_COLUMN, row=row.id)
        row.key_id = key_id_of(row.secrets_sealed)
    await session.flush()
    return len(rows)


def _opened(row: ChannelAccount, keys: KeyRing) -> Account:
    return Account(
        row.id,
        row.channel,
        row.name,
        row.address,
        row.settings,
        json.loads(keys.unseal(row.secrets_sealed, column=SEALED_COLUMN, row=row.id)),
        row.enabled,
        row.problem,
        row.checked_at,
    )

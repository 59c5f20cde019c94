"""Asks providers about messages in doubt: what the provider has, has left. Sends nothing and gives nothing up.

Twice, some minutes and an hour after: a report of the provider's is mostly sooner. What is found in no list stays in
doubt, for promotion is never sent a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.channel_contract import Reported
from base.database import Sessions, transaction
from base.encryption import KeyRing
from outreach.accounts.book import AccountBook
from outreach.models import OutboxMessage
from outreach.outcomes import LOOK_AFTER
from outreach.ports import Lists, ProviderAway, Sender, Sought
from outreach.recipients import read_recipients
from outreach.reports import write_report

_log = structlog.get_logger(__name__)

_SOME = 10  # at a time: of a process that dies meanwhile, so many are looked for only the next time
_AGAIN = timedelta(minutes=55)
_LISTED_FOR = timedelta(days=1)
_FIRST = timedelta(minutes=30)
"""A look that was to be sooner than this after the message became doubtful is the first one."""


class Looking:
    """Fulfils `outreach.ports.DueWork`."""

    def __init__(
        self, sessions: Sessions, keys: KeyRing, senders: Mapping[str, Sender], accounts: AccountBook | None = None
    ) -> None:
        """Creates it.

        Args:
            accounts: what the senders know their accounts by; read before a provider is asked.
        """
        self._sessions = sessions
        self._keys = keys
        self._accounts = accounts
        self._lists: Mapping[str, Lists] = {
            channel: sender for channel, sender in senders.items() if isinstance(sender, Lists)
        }

    async def do_due(self, now: datetime) -> int:
        """Looks for all that are due; returns how many had left."""
        found = 0
        while sought := await self._take(now):
            if self._accounts is not None:
                await self._accounts.refresh()
            for channel, one in sought:
                found += await self._look(channel, one, now)
        return found

    async def next_due_at(self) -> datetime | None:
        async with transaction(self._sessions) as session:
            return await session.scalar(
                select(func.min(OutboxMessage.look_at)).where(
                    OutboxMessage.state == "unknown", OutboxMessage.look_at.is_not(None)
                )
            )

    async def _take(self, now: datetime) -> list[tuple[str, Sought]]:
        async with transaction(self._sessions) as session:
            due = (
                select(OutboxMessage.id)
                .where(OutboxMessage.state == "unknown", OutboxMessage.look_at <= now)
                .order_by(OutboxMessage.look_at)
                .limit(_SOME)
                .with_for_update(skip_locked=True)
            )
            # Before the provider is asked, so that one who breaks this is not asked for ever.
            rows = await session.execute(
                update(OutboxMessage)
                .where(OutboxMessage.id.in_(due.scalar_subquery()))
                .values(look_at=case((OutboxMessage.look_at - OutboxMessage.updated_at < _FIRST, now + _AGAIN)))
                .returning(
                    OutboxMessage.id,
                    OutboxMessage.channel,
                    OutboxMessage.contact_id,
                    OutboxMessage.contact_point_id,
                    OutboxMessage.account_id,
                    OutboxMessage.text,
                    OutboxMessage.wired_at,
                    OutboxMessage.claimed_at,
                )
                .execution_options(synchronize_session=False)
            )
            return await self._address(session, [row for row in rows if row.channel in self._lists])

    async def _address(self, session: AsyncSession, rows: Sequence[Any]) -> list[tuple[str, Sought]]:
        if not rows:
            return []
        addresses = await read_recipients(session, self._keys, rows)
        return [
            (row.channel, Sought(row.id, row.account_id, addresses[row.id], row.text, row.wired_at or row.claimed_at))
            for row in rows
            if row.id in addresses
        ]

    async def _ask_again(self, sought: Sought, now: datetime) -> None:
        """Has a provider that was away asked soon, for as long as it may still list the message."""
        async with transaction(self._sessions) as session:
            await session.execute(
                update(OutboxMessage)
                .where(
                    OutboxMessage.id == sought.outbox_id,
                    OutboxMessage.state == "unknown",
                    OutboxMessage.updated_at > now - _LISTED_FOR,
                )
                .values(look_at=now + LOOK_AFTER)
                .execution_options(synchronize_session=False)
            )

    async def _look(self, channel: str, sought: Sought, now: datetime) -> bool:
        try:
            listed = await self._lists[channel].find_sent(sought)
        except ProviderAway:
            _log.warning("provider_not_asked", outbox_id=str(sought.outbox_id), channel=channel)
            await self._ask_again(sought, now)
            return False
        async with transaction(self._sessions) as session:
            ours = select(OutboxMessage.provider_id).where(
                OutboxMessage.channel == channel, OutboxMessage.provider_id.in_(listed)
            )
            known = set(await session.scalars(ours)) if listed else set()
            provider_id = next((one for one in listed if one not in known), None)
            if provider_id is None:
                return False
            report = Reported("accepted", outbox_id=sought.outbox_id, message_provider_id=provider_id)
            await write_report(session, channel, report, now)
        _log.info("message_found", outbox_id=str(sought.outbox_id), channel=channel)
        return True

"""The accounts as one process holds them: read from the database, looked at again after some seconds.

Holds secrets in memory; writes nothing.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog

from base.database import Sessions
from base.encryption import KeyRing
from outreach.accounts.service import Account, list_accounts

_log = structlog.get_logger(__name__)

FRESH_FOR = 5.0
"""Seconds after which what was read is read again before it is used."""
MOST_LOOKS = 5
"""Extra readings in a second, for accounts that nobody knows: whoever asks for such may be anybody."""


class AccountBook:
    """Enabled accounts by id and channel."""

    def __init__(self, sessions: Sessions, keys: KeyRing, *, fresh_for: float = FRESH_FOR) -> None:
        self._sessions = sessions
        self._keys = keys
        self._fresh_for = fresh_for
        self._read_at: float | None = None
        self._accounts: Mapping[UUID, Account] = {}
        self._reading = asyncio.Lock()
        self._looks: deque[float] = deque(maxlen=MOST_LOOKS)
        self._background: set[asyncio.Task[None]] = set()

    async def refresh(self, *, now: bool = False) -> None:
        """Reads the accounts, unless they were read a moment ago.

        Args:
            now: read them however fresh they are.
        """
        async with self._reading:
            if not now and self._read_at is not None and time.monotonic() - self._read_at < self._fresh_for:
                return
            async with self._sessions() as session:
                accounts = await list_accounts(session, self._keys)
            self._accounts = {account.id: account for account in accounts}
            self._read_at = time.monotonic()

    def find(self, channel: str, account_id: UUID | None) -> Account | None:
        """The account named; where none is named, the channel's first. As of the last reading."""
        if account_id is not None:
            account = self._accounts.get(account_id)
            return account if account is not None and account.channel == channel else None
        return next(iter(self.of_channel(channel)), None)

    def of_channel(self, channel: str) -> Sequence[Account]:
        """All accounts of a channel, as of the last reading."""
        return [account for account in self._accounts.values() if account.channel == channel]

    async def get(self, account_id: UUID) -> Account | None:
        """The account with this id, read now if it is not known yet: it may have been added a moment ago."""
        if account_id in self._accounts and self._age() < 2 * self._fresh_for:
            # Nobody waits for the reading in a burst: what was read a moment ago will do until it is there.
            if self._age() >= self._fresh_for and not self._reading.locked():
                self._keep(asyncio.create_task(self.refresh()))
            return self._accounts[account_id]
        await self.refresh()
        if account_id not in self._accounts and self._may_look():
            await self.refresh(now=True)
        return self._accounts.get(account_id)

    def _age(self) -> float:
        return math.inf if self._read_at is None else time.monotonic() - self._read_at

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Holds on to a reading until it is done. One that fails is done again by whoever finds it too old."""
        self._background.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            self._background.discard(ended)
            if not ended.cancelled() and (error := ended.exception()) is not None:
                _log.warning("accounts_not_read", error=type(error).__name__)

        task.add_done_callback(done)

    def _may_look(self) -> bool:
        now = time.monotonic()
        if len(self._looks) == MOST_LOOKS and now - self._looks[0] < 1:
            return False
        self._looks.append(now)
        return True

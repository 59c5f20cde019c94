"""What the composition root gives the room of channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from base.channel_contract import AccountField, Finding
from outreach.accounts.service import Account


class ChannelSetup(Protocol):
    """How an account of one channel is brought in and tried."""

    @property
    def channel(self) -> str: ...

    @property
    def fields(self) -> Sequence[AccountField]:
        """What must be told."""
        ...

    async def prepare(self, told: Mapping[str, str], *, public_url: str) -> tuple[str, Mapping[str, Any]]:
        """The account's address and the settings that follow from what was told.

        Raises:
            InvalidInput: something told cannot be right.
        """
        ...

    async def check(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tries everything that must be in place. Changes nothing outside."""
        ...

    async def set_webhook(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tells the provider where to reach us; again changes nothing more."""
        ...

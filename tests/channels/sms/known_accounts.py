"""Accounts without a database, for what only looks them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from outreach.accounts.service import Account

SID, TOKEN = "AC" + "0123456789abcdef" * 2, "token-of-tests"
OURS, THEIRS = "+14155550100", "+14155552671"
ACCOUNT_ID = UUID(int=11)


class KnownAccounts:
    """What senders and fetchers use of an `AccountBook`."""

    def __init__(self, *accounts: Account) -> None:
        self.accounts = list(accounts)

    def find(self, channel: str, account_id: UUID | None) -> Account | None:
        return next((one for one in self.of_channel(channel) if account_id in (None, one.id)), None)

    def of_channel(self, channel: str) -> Sequence[Account]:
        return [one for one in self.accounts if one.channel == channel]

    async def get(self, account_id: UUID) -> Account | None:
        return next((one for one in self.accounts if one.id == account_id), None)


def an_account(address: str = OURS, *, secrets: Mapping[str, str] | None = None, **settings: Any) -> Account:
    """An account as `parley channels add` keeps it."""
    told = {"account_sid": SID, "us_registration": "CTESTED", **settings}
    return Account(ACCOUNT_ID, "sms", "main", address, told, {"auth_token": TOKEN, **(secrets or {})})

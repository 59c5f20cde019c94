"""The accounts as one process holds them."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from sqlalchemy import event

from base.database import transaction
from outreach.accounts.book import MOST_LOOKS, AccountBook
from outreach.accounts.service import save_account


async def test_a_flood_of_unknown_accounts_is_a_few_readings_and_a_new_account_is_still_found(site) -> None:
    book = AccountBook(site.sessions, site.keys, fresh_for=3600)
    await book.refresh()
    read: list[str] = []
    event.listen(site.engine.sync_engine, "before_cursor_execute", lambda *args: read.append(args[2]), named=False)
    await asyncio.gather(*(book.get(uuid4()) for _ in range(200)))
    assert len([one for one in read if "channel_accounts" in one]) <= MOST_LOOKS
    async with transaction(site.sessions) as session:
        account_id = await save_account(
            session, site.keys, channel="sms", name="main", address="+14155550100", settings={}, secrets={},
            now=site.clock.now(),
        )  # fmt: skip
    await asyncio.sleep(1.1)
    assert await book.get(account_id) is not None

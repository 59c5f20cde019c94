"""The accounts as one process holds them."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from sqlalchemy import event, text

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


async def test_nobody_waits_while_known_accounts_are_read_again(site) -> None:
    async with transaction(site.sessions) as session:
        account_id = await save_account(
            session, site.keys, channel="sms", name="main", address="+14155550100", settings={}, secrets={},
            now=site.clock.now(),
        )  # fmt: skip
    book = AccountBook(site.sessions, site.keys, fresh_for=0.5)
    assert await book.get(account_id) is not None
    await asyncio.sleep(0.6)
    async with transaction(site.sessions) as session:
        await session.execute(text("LOCK TABLE channel_accounts IN ACCESS EXCLUSIVE MODE"))
        known = await asyncio.wait_for(book.get(account_id), 0.2)
        await session.execute(text("UPDATE channel_accounts SET address = '+14155550101'"))
    assert known is not None
    await asyncio.sleep(0.2)
    read = await book.get(account_id)
    assert read is not None
    assert (known.address, read.address) == ("+14155550100", "+14155550101")

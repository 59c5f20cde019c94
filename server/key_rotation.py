"""Adds a root key and moves everything sealed to it (addresses, connectors, accounts …), in batches, with progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, func, select
from sqlalchemy import Table as SQLTable

from admin.idempotency.service import reseal_answers
from admin.second_step.service import reseal_code_apps
from base.clock import SystemClock
from base.database import create_engine, create_sessions, transaction
from base.encryption import add_root_key, read_key_file
from base.tables import Table
from bot.connectors.service import reseal_headers
from bot.intake.sealing import reseal_events
from crm.consent.signing import keep_public_keys
from crm.contacts.service import reencrypt_addresses, reseal_external_ids
from crm.events.sources import reseal_sources
from crm.meetings.caldav.links import reseal_links
from crm.meetings.calendars import reseal_feeds
from crm.webhooks.service import reseal_webhooks
from outreach.accounts.service import reseal_accounts
from server.settings import Settings
from server.wiring import database_url

BATCH = 500
_SEALED = (
    reencrypt_addresses, reseal_external_ids, reseal_headers, reseal_feeds, reseal_links, reseal_accounts,
    reseal_events, reseal_sources, reseal_webhooks, reseal_code_apps, reseal_answers,
)  # fmt: skip


async def count_rows(settings: Settings) -> dict[str, dict[str, int]]:
    """By key and table, the rows that it seals."""
    engine = create_engine(database_url(settings))
    found: dict[str, dict[str, int]] = {}
    try:
        async with create_sessions(engine)() as session:
            for table, sealed in sealed_tables().items():
                counted = select(table.c.key_id, func.count()).where(table.c.key_id.is_not(None), sealed.is_not(None))
                for key_id, count in await session.execute(counted.group_by(table.c.key_id)):
                    found.setdefault(key_id, {})[table.name] = count
    finally:
        await engine.dispose()
    return found


def sealed_tables() -> dict[SQLTable, Column[Any]]:
    """Every table with a sealed column; it names the key of each row in `key_id`."""
    return {
        table: column for table in Table.metadata.sorted_tables for column in table.c if column.name.endswith("sealed")
    }


async def rotate(settings: Settings, say: Callable[[str], object]) -> None:
    """Makes a new key the one that encrypts, then encrypts old rows again. May be interrupted and run again.

    Processes that run keep the ring they read at their start: restart them after this, before removing a key.
    """
    key_id = add_root_key(settings.key_file)
    keys = read_key_file(settings.key_file)
    say(f"{key_id} now encrypts")
    engine = create_engine(database_url(settings))
    sessions = create_sessions(engine)
    moved = 0
    try:
        async with transaction(sessions) as session:
            # What the old roots signed must be checked when they are gone.
            await keep_public_keys(session, keys, SystemClock().now())
        for reseal in _SEALED:
            while True:
                async with transaction(sessions) as session:
                    count = await reseal(session, keys, BATCH)
                if not count:
                    break
                moved += count
                say(f"{moved} secrets encrypted again")
    finally:
        await engine.dispose()
    say(f"done: {moved} secrets are under {key_id}. Restart the other processes so that they read the new key.")

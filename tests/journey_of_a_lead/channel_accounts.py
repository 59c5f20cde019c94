"""Accounts of every channel on a running site, brought in as an operator does, with their providers on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from base.database import transaction
from channels.sms import simulator as texting
from channels.telegram import simulator as telegram
from channels.voice import simulator as calling
from outreach.accounts.service import get_account, save_account
from server.channels import channel_setups
from server.database_access import open_database
from server.settings import read_settings
from server.wiring import Platform
from tests.journey_of_a_lead.running_site import RunningSite

ACCOUNT_SID, TOKEN = "AC" + "5a" * 16, "a token that nobody else knows"
TEXTS, CALLS, RELAYED = "+447700900100", "+447700900101", "+447700900102"
MAILBOX = "talk@northwind-ledger.example"
AUTHSERV_ID = "mx.northwind-ledger.example"
"""How the operator's mail server names itself in what it says of a mail's origin."""
HOOK_TOKEN = "what the mail server shows"  # of a mailbox that nobody has


@dataclass
class Providers:
    """The other sides of all channels.

    Attributes:
        texts, calls, telegram, bot: what people text, call and chat by.
        ids: the accounts, by what they are for.
    """

    texts: texting.LocalTwilio
    calls: calling.LocalTwilio
    telegram: telegram.LocalTelegram
    bot: telegram.SimulatedBot
    ids: dict[str, UUID]


@asynccontextmanager
async def brought_in(site: RunningSite) -> AsyncIterator[Providers]:
    """All accounts, checked; their providers run for as long as the block does."""
    texts = texting.LocalTwilio(
        account_sid=ACCOUNT_SID, tokens=[TOKEN], numbers=[texting.Number(TEXTS)], reports_by_itself=True
    )
    numbers = [calling.Number(CALLS), calling.Number(RELAYED)]
    calls = calling.LocalTwilio(account_sid=ACCOUNT_SID, tokens=[TOKEN], numbers=numbers)
    chats = telegram.LocalTelegram()
    providers = Providers(texts, calls, chats, chats.add_bot("northwind_bot"), {})
    urls = {"sms": await texts.start(), "voice": await calls.start(), "telegram": await chats.start()}
    try:
        async with open_database(read_settings(data_dir=site.folder, public_url=site.url)) as platform:
            providers.ids |= await _bring_in_all(platform, urls, providers)
        providers.ids["email"] = await _bring_in_mailbox(site)
        yield providers
    finally:
        await texts.drain()
        for one in (texts, calls, chats):
            await one.stop()


async def _bring_in_all(platform: Platform, urls: Mapping[str, str], providers: Providers) -> dict[str, UUID]:
    twilio = {"account_sid": ACCOUNT_SID, "auth_token": TOKEN, "per_second": "100"}
    told = {
        "sms": ("sms", {**twilio, "address": TEXTS}),
        "gather": ("voice", {**twilio, "address": CALLS, "mode": "gather"}),
        "relay": ("voice", {**twilio, "address": RELAYED, "mode": "relay"}),
        "telegram": ("telegram", {"token": providers.bot.token, "mode": "webhook", "seconds_apart": "0.05"}),
    }
    return {
        name: await _bring_in(platform, channel, name, {**fields, "api_url": urls[channel]})
        for name, (channel, fields) in told.items()
    }


async def _bring_in(platform: Platform, channel: str, name: str, told: Mapping[str, str]) -> UUID:
    """What `parley channels add` does, with a provider on this machine, which that command does not ask for."""
    setup, site_url = channel_setups()[channel], platform.settings.site_url
    secrets = {field.name for field in setup.fields if field.secret}
    address, more = await setup.prepare(told, public_url=site_url)
    plain = {key: value for key, value in told.items() if key not in secrets and key != "address"}
    async with transaction(platform.sessions) as session:
        account_id = await save_account(
            session,
            platform.keys,
            channel=channel,
            name=name,
            address=address,
            settings={**plain, **more},
            secrets={key: value for key, value in told.items() if key in secrets},
            now=platform.clock.now(),
        )
        account = await get_account(session, platform.keys, channel=channel, name=name)
    found = [
        *await setup.set_webhook(account, public_url=site_url),
        *await setup.check(account, public_url=site_url),
    ]
    assert [one.text for one in found if one.level == "missing"] == []
    return account_id


async def _bring_in_mailbox(site: RunningSite) -> UUID:
    """A mailbox whose mail server posts to us, as the operator types it."""
    with tempfile.TemporaryDirectory() as folder:
        token = Path(folder) / "token"
        token.write_text(HOOK_TOKEN)
        told = ("--set", f"address={MAILBOX}", "--set", f"authserv_id={AUTHSERV_ID}")
        said = await site.parley(
            "channels",
            "add",
            "email",
            *told,
            "--set-from",
            f"hook_token={token}",
            "--no-check",
            PARLEY_PUBLIC_URL=site.url,
        )
    assert said == f"email main ({MAILBOX}) is kept.\n"
    (row,) = site.query("SELECT id FROM channel_accounts WHERE channel = 'email' AND enabled")
    account_id: UUID = row["id"]
    return account_id

"""Tries a channel without any account: a provider on this machine, and a terminal as the phone.

For a site on this machine only: what is said is stored there like anybody's.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click
from yarl import URL

from base.database import transaction
from base.errors import InvalidInput
from channels.sms.simulator import phone as texting
from channels.telegram.simulator import terminal as telegram
from channels.voice.simulator import phone as calling
from outreach.accounts.service import Account, disable_account, get_account, list_accounts, save_account
from server.database_access import open_database
from server.local_replica import free_port
from server.settings import Settings
from server.wiring import Platform

NAME = "simulator"
"""What the account is called for as long as it is tried."""


_SPARE = 1.0
"""Seconds that answers may still come after the last line."""

Made = tuple[str, dict[str, Any], dict[str, str]]
Read = Callable[[], Awaitable[str | None]]
Show = Callable[[str], None]
Run = Callable[[str, Account, str, Read, Show], Awaitable[None]]


async def simulate(settings: Settings, channel: str, phone: str) -> None:
    """Talks until the person ends it with Ctrl-D.

    Raises:
        InvalidInput: there is no such simulator, or the site is not on this machine.
    """
    if channel not in _SIMULATORS:
        raise InvalidInput(f"There is no simulator of {channel}; there are {', '.join(sorted(_SIMULATORS))}.")
    if URL(settings.site_url).host not in ("127.0.0.1", "localhost", "::1"):
        raise InvalidInput(
            f"The site's address is {settings.site_url}: channels are tried on a site of this machine only. "
            "Unset PARLEY_PUBLIC_URL there."
        )
    run, made = _SIMULATORS[channel]
    async with open_database(settings) as platform:
        account = await _borrow(platform, channel, made(free_port()))
        try:
            click.echo("Write as the person would. Ctrl-D ends it.")
            await run(settings.site_url, account, phone, _read_line, click.echo)
        finally:
            async with transaction(platform.sessions) as session:
                await disable_account(session, channel=channel, name=NAME, now=platform.clock.now())


async def _borrow(platform: Platform, channel: str, made: Made) -> Account:
    """The simulator's account; refused beside one of the operator's own, whose messages it might carry."""
    address, settings, secrets = made
    async with transaction(platform.sessions) as session:
        others = [one for one in await list_accounts(session, platform.keys, channel=channel) if one.name != NAME]
        if others:
            raise InvalidInput(
                f"There is an account of {channel} already ({others[0].name}): the simulator is for sites without one."
            )
        await save_account(
            session,
            platform.keys,
            channel=channel,
            name=NAME,
            address=address,
            settings=settings,
            secrets=secrets,
            now=platform.clock.now(),
        )
    async with platform.sessions() as session:
        return await get_account(session, platform.keys, channel=channel, name=NAME)


async def _read_line() -> str | None:
    """The next line typed; None at the end of the input."""
    line: str = await asyncio.to_thread(sys.stdin.readline)
    if not line:
        await asyncio.sleep(_SPARE)
        return None
    return line.rstrip("\n")


async def _chat(site: str, account: Account, _phone: str, read_line: Read, show: Show) -> None:
    await telegram.simulate(site, account, read_line, show)


_SIMULATORS: dict[str, tuple[Run, Callable[[int], Made]]] = {
    "sms": (texting.simulate, texting.simulated_account),
    "telegram": (_chat, telegram.simulated_account),
    "voice": (calling.simulate, calling.simulated_account),
}

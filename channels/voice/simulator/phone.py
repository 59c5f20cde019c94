"""A phone in the terminal: what one types is said or pressed on a call to a running Parley, what it says is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from channels.voice.addresses import call_url, status_url
from channels.voice.settings import read_account
from channels.voice.simulator.server import LocalTwilio, Person
from channels.voice.simulator.state import Input, Number
from outreach.accounts.service import Account

SIMULATED_NUMBER = "+15005550006"
"""A number that Twilio keeps for trials: nobody has it."""
HELP = (
    "  (digits, * and # are pressed, words are said, an empty line is silence; /cut WORDS speaks while you are spoken "
    "to, /hangup ends the call)"
)
_KEYS = frozenset("0123456789*#")


def simulated_account(port: int) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Address, settings and secrets of an account whose Twilio is the local one on this port."""
    settings = {
        "account_sid": "AC" + "0" * 32,
        "mode": "gather",
        "per_second": 10.0,
        "api_url": f"http://127.0.0.1:{port}",
    }
    return SIMULATED_NUMBER, settings, {"auth_token": "simulated" * 4}


async def simulate(
    base_url: str,
    account: Account,
    phone: str,
    read_line: Callable[[], Awaitable[str | None]],
    show: Callable[[str], None],
) -> None:
    """Lets a person call until they end it, or the call is over.

    Args:
        base_url: Parley's site, as its setting public_url has it.
        account: made of `simulated_account`; the local Twilio takes the port that it names.
        phone: the number that calls (E.164), or `anonymous`.
        read_line: the next line typed; None at the end.
        show: shows one line.
    """
    told = read_account(account)
    assert told.api_url is not None, "a real account would be charged"
    number = Number(
        told.number,
        voice_url=call_url(base_url, account.id),
        status_callback=status_url(base_url, account.id),
    )
    twilio = LocalTwilio(account_sid=told.account_sid, tokens=told.tokens, numbers=[number], show=show, pace=1.0)
    await twilio.start(int(told.api_url.rpartition(":")[2]))
    show(HELP)
    person = twilio.dial(phone, number)
    try:
        await person.listens()
        while not person.is_over and (line := await _next_line(person, read_line)) is not None:
            await person.does(read_typed(line))
        if not person.is_over:
            await person.hangs_up()
        show("  (the call is over)")
        await twilio.drain()
    finally:
        await twilio.stop()


def read_typed(line: str) -> Input:
    """What a typed line is on the phone."""
    text = line.strip()
    command, _, rest = text.partition(" ")
    if command == "/hangup":
        return Input("hang up")
    if command == "/cut":
        return Input("speech", rest, barges=True)
    if not text:
        return Input("silence")
    return Input("keys", text) if set(text) <= _KEYS else Input("speech", text)


async def _next_line(person: Person, read_line: Callable[[], Awaitable[str | None]]) -> str | None:
    """The next line; None when none comes any more or the call ends while one types."""
    typing = asyncio.ensure_future(read_line())
    ending = asyncio.ensure_future(person.call.ended.wait())
    done, left = await asyncio.wait({typing, ending}, return_when=asyncio.FIRST_COMPLETED)
    for one in left:
        one.cancel()
    return typing.result() if typing in done else None

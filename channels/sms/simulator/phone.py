"""A phone in the terminal: what one types is texted to a running Parley, its replies are shown as a phone would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from base.sms_segments import describe_segments
from channels.sms.settings import read_account
from channels.sms.simulator.server import LocalTwilio
from channels.sms.simulator.state import Number
from channels.sms.webhook import OVERRIDES, inbound_url
from outreach.accounts.service import Account

SIMULATED_NUMBER = "+15005550006"
"""A number that Twilio keeps for trials: nobody has it."""


def simulated_account(port: int) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Address, settings and secrets of an account whose Twilio is the local one on this port."""
    settings = {
        "account_sid": "AC" + "0" * 32,
        "us_registration": "CSIMULATED",
        "stop_replies": "twilio",
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
    """Lets a person text until they end it.

    Args:
        base_url: Parley's site, as its setting public_url has it.
        account: made of `simulated_account`; the local Twilio takes the port that it names.
        phone: the number that texts (E.164).
        read_line: the next line typed; None at the end.
        show: shows one line.
    """
    told = read_account(account)
    assert told.api_url is not None, "a real account would be charged"
    number = Number(told.sender, sms_url=inbound_url(base_url, account.id) + OVERRIDES)

    def show_text(to: str, text: str) -> None:
        if to == phone:
            show(f"◂ {text}\n  ({describe_segments(text)})")

    twilio = LocalTwilio(
        account_sid=told.account_sid,
        tokens=told.tokens,
        numbers=[number],
        on_text=show_text,
        reports_by_itself=True,
    )
    await twilio.start(int(told.api_url.rpartition(":")[2]))
    try:
        while (line := await read_line()) is not None:
            if not line.strip():
                continue
            called = await twilio.text(phone, number, line)
            if called is None or not called.was_taken:
                last = called.statuses[-1] if called else 0
                show(f"  ! Parley did not take it ({last or 'no answer'}). Is `parley up` running at {base_url}?")
    finally:
        await twilio.stop()

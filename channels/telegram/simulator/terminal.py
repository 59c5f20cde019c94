"""A Telegram chat in the terminal: what one types goes to a running Parley, buttons are tapped by their number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from channels.telegram.settings import read_account, webhook_secret
from channels.telegram.simulator.methods import set_webhook
from channels.telegram.simulator.server import LocalTelegram
from channels.telegram.simulator.state import Chat, Shown
from channels.telegram.updates import UPDATE_KINDS
from channels.telegram.webhook import webhook_url
from outreach.accounts.service import Account

SIMULATED_BOT = "parley_simulated_bot"
_TOKEN = "7000000001:" + "simulated" * 4  # of nobody: Telegram never gave it out
_HELP = "  (a number taps the button; /share +14155550123 shares your number, /block and /unblock block the bot)"


def simulated_account(port: int) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Address, settings and secrets of an account whose Telegram is the local one on this port."""
    settings = {
        "mode": "webhook",
        "per_second": 30,
        "seconds_apart": 0,
        "api_url": f"http://127.0.0.1:{port}",
    }
    return SIMULATED_BOT, settings, {"token": _TOKEN}


async def simulate(
    base_url: str,
    account: Account,
    read_line: Callable[[], Awaitable[str | None]],
    show: Callable[[str], None],
) -> None:
    """Lets a person chat until they end it; it begins with the Start button.

    Args:
        base_url: Parley's site on this machine.
        account: made of `simulated_account`; the local Telegram takes the port that it names.
        read_line: the next line typed; None at the end.
        show: shows one line.
    """
    typed = read_account(account)
    assert typed.is_simulated, "a real bot is talked to in Telegram"
    telegram = LocalTelegram(on_shown=lambda chat, message: _show(chat, message, show))
    bot = telegram.add_bot(account.address, typed.token)
    if typed.mode == "webhook":
        set_webhook(
            bot,
            {
                "url": webhook_url(base_url, account.id),
                "secret_token": webhook_secret(account.id, typed.token),
                "allowed_updates": list(UPDATE_KINDS),
            },
        )
    person = telegram.person(bot, "You", language=None)
    await telegram.start(int(typed.api_url.rpartition(":")[2]))
    try:
        show(_HELP)
        person.starts()
        while (line := await read_line()) is not None:
            line = line.strip()
            command, _, rest = line.partition(" ")
            buttons = [one for row in person.chat.messages[-1].buttons for one in row] if person.chat.messages else []
            if command == "/share" and rest:
                person.shares_number(rest)
            elif command == "/block":
                person.blocks()
            elif command == "/unblock":
                person.unblocks()
            elif line.isdecimal() and 0 < int(line) <= len(buttons):
                person.taps_data(person.chat.messages[-1], buttons[int(line) - 1]["callback_data"])
            elif line:
                person.says(line)
            if bot.last_error is not None and bot.pending:
                show(f"  ! Parley did not take it ({bot.last_error[1]}). Is `parley up` running at {base_url}?")
    finally:
        await telegram.stop()


def _show(chat: Chat, message: Shown, show: Callable[[str], None]) -> None:
    if message.media is not None:
        show(f"◂ [{message.media[0]}: {message.media[1]}]")
    for line in message.text.splitlines():
        show(f"◂ {line}")
    for number, label in enumerate(message.labels, start=1):
        show(f"  [{number}] {label}")
    for row in chat.keyboard:
        for button in row:
            show(f"  <{button['text']}>")

"""Reads what the first words of a talk need before anybody says them: on the phone nobody waits for models to load."""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.talk_language import detect_language
from crm.consent.opt_out import read_opt_out
from outreach.accounts.book import AccountBook

_log = structlog.get_logger(__name__)
_SAMPLE = "I would like to know what it costs, please."


async def warm_up(accounts: AccountBook) -> None:
    """Once, when the process begins, where people can call: elsewhere the first message may take its seconds."""
    await accounts.refresh()
    if accounts.of_channel("voice"):
        began = time.monotonic()
        await asyncio.to_thread(_read)
        _log.info("voice_warmed_up", seconds=round(time.monotonic() - began, 1))


def _read() -> None:
    detect_language(_SAMPLE, ())
    read_opt_out(_SAMPLE, channel="voice", language="en")

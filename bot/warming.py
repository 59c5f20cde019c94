"""Reads what the first words of a talk need before anybody says them, and what the first editor needs that is opened:
nobody waits for models to load, least of all on the phone. Answers nobody.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.talk_language import detect_language
from crm.consent.opt_out import read_opt_out
from flows.step_kinds import read_schemas

_log = structlog.get_logger(__name__)
_SAMPLE = "I would like to know what it costs, please."


async def warm_up() -> None:
    """Once, when the process begins."""
    began = time.monotonic()
    await asyncio.to_thread(_read)
    _log.info("warmed_up", seconds=round(time.monotonic() - began, 1))


def _read() -> None:
    detect_language(_SAMPLE, ())
    read_opt_out(_SAMPLE, channel="web", language="en")
    read_schemas()

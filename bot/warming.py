"""Reads what the first words of a talk need before anybody says them, and what the first editor needs that is opened:
nobody waits for models to load, least of all on the phone. Answers nobody.
"""

from __future__ import annotations

import asyncio
import gc
import time

import structlog

from bot.talk_language import detect_language
from crm.consent.opt_out import read_opt_out
from crm.consent.opt_out.meaning import shipped_meaning
from flows.step_kinds import read_schemas

_log = structlog.get_logger(__name__)
_SAMPLE = "I would like to know what it costs, please."


async def warm_up(*, for_good: bool = False) -> None:
    """Once, when the process begins.

    for_good: the process is this server and nothing else. What is loaded by now stays, so looking for garbage leaves it
    out: else every full look stops all talks and pages for as long as it takes to walk half a million objects.
    """
    began = time.monotonic()
    await asyncio.to_thread(load_for_good)
    if for_good:
        gc.collect()
        gc.freeze()
    _log.info("warmed_up", seconds=round(time.monotonic() - began, 1))


def load_for_good() -> None:
    """Loads it; once more costs nothing. Begins no thread, so that a process may be forked afterwards."""
    detect_language(_SAMPLE, ())
    read_opt_out(_SAMPLE, channel="web", language="en")
    shipped_meaning()  # by its words alone the sample is no opt-out: it was not asked
    read_schemas()

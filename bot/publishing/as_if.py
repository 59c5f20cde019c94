"""Answers what steps need so that a talk can be tried: nothing is known, no system is called, some times are free."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.dialogue import Need
from bot.publishing.replay import NOTHING_KNOWN


def answer_as_if(need: Need, now: datetime) -> Mapping[str, Any]:
    """Answers a need.

    Args:
        now: when the talk plays; the times offered are after it.
    """
    if need.need == "free_times":
        first = (need.after or now).replace(minute=0, second=0, microsecond=0)
        times = [first + timedelta(days=day, hours=1) for day in range(1, (need.count or 3) + 1)]
        offered = [{"starts_at": time.isoformat(), "label": f"{time:%a %-d %b, %H:%M}"} for time in times]
        return {"times": offered, "more": True}
    if need.need == "hold_time":
        return {"held": True, "hold": "simulated"}
    return NOTHING_KNOWN[need.need]

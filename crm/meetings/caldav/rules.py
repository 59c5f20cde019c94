"""When a calendar is tried again, and who was first where two took the same time. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

LOOK_EVERY = timedelta(minutes=1)
_SHORTEST, _LONGEST = timedelta(seconds=15), timedelta(minutes=30)
TOLD_AFTER = 5
"""Attempts after which a colleague is told that a meeting could not be written."""


def wait_after(attempts: int) -> timedelta:
    """How long a write is put off after so many that failed: twice as long each time."""
    return min(_SHORTEST * 2 ** min(attempts - 1, 10), _LONGEST) if attempts > 0 else timedelta()


def look_again_after(attempts: int) -> timedelta:
    """How long a calendar that could not be looked at is left alone."""
    return max(LOOK_EVERY, wait_after(attempts))


def decide_first(ours: datetime, theirs: datetime | None) -> Literal["ours", "theirs"]:
    """Whose change holds. Of theirs without a time it is not known, and the person has been told of ours already."""
    return "theirs" if theirs is not None and theirs < ours else "ours"

"""Whether what runs here only plays what does not happen: then it is not logged, counted or traced."""

from __future__ import annotations

import threading

QUIET_THREADS = "quiet"
"""How the name of a thread begins that plays."""


def is_played() -> bool:
    """Whether this thread does."""
    return threading.current_thread().name.startswith(QUIET_THREADS)

"""What one turn reads from its text several times is read once. Nothing that was read outlives the turn.

Only for what hangs on nothing but what it is given: the state of the turn changes while the turn is taken.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

_T = TypeVar("_T")

# Another thread has a context of its own: what it reads for others is never mixed with what a turn reads.
_readings: ContextVar[dict[Hashable, Any] | None] = ContextVar("readings", default=None)


@contextmanager
def reading() -> Iterator[None]:
    """Read each thing once as long as the block runs."""
    token = _readings.set({})
    try:
        yield
    finally:
        _readings.reset(token)


def once(key: Hashable, read: Callable[[], _T]) -> _T:
    """Return what was read under a key in this turn, or read it; outside a turn it is always read."""
    readings = _readings.get()
    if readings is None:
        return read()
    try:
        found: _T = readings[key]
    except KeyError:
        found = readings[key] = read()
    return found


def read_once(read: Callable[..., _T]) -> Callable[..., _T]:
    """Let a function read the same arguments, given by position, once in a turn; its result must never be changed."""

    @functools.wraps(read)
    def wrapped(*given: Any) -> _T:
        readings = _readings.get()
        if readings is None:
            return read(*given)
        key = (read, *given)
        if key not in readings:
            readings[key] = read(*given)
        found: _T = readings[key]
        return found

    return wrapped

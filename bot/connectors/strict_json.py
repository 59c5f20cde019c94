"""Reads JSON that others wrote, as far as it can be stored and passed on. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

_DEPTH = 32
MOST_FOR_TURN = 63 * 1024
"""Bytes of one value that a turn takes; 64 kB with what stands around it (docs/reference/protocols.md, 2)."""


class NotUsable(ValueError):
    """These bytes are not JSON that can be kept."""


class TooLong(NotUsable):
    """It is JSON, but a turn does not take as much."""


def read_json(data: bytes, *, most: int | None = None) -> Any:
    """The value; None for no bytes at all.

    Args:
        most: bytes that it may have when it is written out again, which may be more than it came as.

    Raises:
        TooLong: it has more.
        NotUsable: no JSON (RFC 8259, UTF-8), too deep, or with numbers or characters that a database cannot keep.
    """
    if not data.strip():
        return None
    try:
        value = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotUsable from error
    check_kept(value)
    if most is not None and len(json.dumps(value, ensure_ascii=False).encode()) > most:
        raise TooLong
    return value


def check_kept(value: Any) -> None:
    """Raises NotUsable for a value that is too deep, or has numbers or characters that a database cannot keep."""
    _check(value, 0)


def _check(value: Any, depth: int) -> None:
    if depth > _DEPTH or (isinstance(value, float) and not math.isfinite(value)):
        raise NotUsable
    if isinstance(value, str) and not _can_be_kept(value):
        raise NotUsable
    if isinstance(value, dict):
        for name, held in value.items():
            _check(name, depth)
            _check(held, depth + 1)
    if isinstance(value, list):
        for held in value:
            _check(held, depth + 1)


def _can_be_kept(text: str) -> bool:
    """PostgreSQL keeps neither NUL nor half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _refuse(_constant: str) -> Any:
    raise NotUsable

"""Vectors as they travel between processes: base64 of little-endian float32 (protocols.md, 2). Computes nothing."""

from __future__ import annotations

import base64
import binascii
import math
import struct

MOST_DIMENSIONS = 7_500
"""What fits the longest vector a need may carry."""


class NotAVector(ValueError):
    """It is not base64 of finite numbers."""


def read_vector(text: str) -> list[float]:
    """Read a vector.

    Raises:
        NotAVector: it is none, or all of it is zero: it has no direction then.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAVector("The vector is not base64.") from error
    count, rest = divmod(len(data), 4)
    if rest or not 0 < count <= MOST_DIMENSIONS:
        raise NotAVector("The vector is not a row of float32.")
    values = list(struct.unpack(f"<{count}f", data))
    if not all(map(math.isfinite, values)) or not any(values):
        raise NotAVector("The vector has no direction.")
    return values


def write_vector(values: list[float]) -> str:
    """Write a vector."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()

"""Vectors as they travel between processes: base64 of little-endian float32 (protocols.md §2). Computes nothing."""

from __future__ import annotations

import base64

import numpy as np


def write_vector(vector: np.ndarray) -> str:
    """Return a vector as text."""
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode("ascii")


def read_vector(text: str) -> np.ndarray:
    """Return the vector that a text stands for.

    Raises:
        ValueError: it stands for none.
    """
    data = base64.b64decode(text, validate=True)
    if not data:
        raise ValueError("it is empty")
    return np.frombuffer(data, dtype="<f4").astype(np.float64)

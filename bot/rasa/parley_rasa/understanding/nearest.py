"""Which of many vectors are nearest to one: all are estimated in whole numbers, then the few in question worked out.

The result is that of all products, but a quarter of the memory is read. Memory is what takes the time: a shipped
model's examples are 9 MB, which do not stay in a core's cache beside the encoder's weights, and drive those out of it.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import onnxruntime

NEIGHBOURS = 3
_LARGEST_OF_ROW = 63  # 7 bits: two products with 8 bits fit in the 16 that some processors add up in
_LARGEST_OF_VECTOR = 127
_MIDDLE = 128  # what stands for 0 in bytes without a sign
_SOME = 64
_TINY = float(np.finfo(np.float32).tiny)
_ROUNDING = 1e-5  # more than float32 loses in a product of vectors of length 1
# MatMulInteger (ONNX 10), a[m, k] of bytes without a sign and b[k, n] with one → c[m, n]; as onnx.helper writes it.
_PRODUCT = (
    b'\x08\x08\x12\x00:b\n\x18\n\x01a\n\x01b\x12\x01c"\rMatMulInteger\x12\x01gZ\x15\n\x01a\x12\x10\n\x0e\x08\x02\x12\n'
    b"\n\x03\x12\x01m\n\x03\x12\x01kZ\x15\n\x01b\x12\x10\n\x0e\x08\x03\x12\n\n\x03\x12\x01k\n\x03\x12\x01nb\x15\n\x01c"
    b"\x12\x10\n\x0e\x08\x06\x12\n\n\x03\x12\x01m\n\x03\x12\x01nB\x04\n\x00\x10\r"
)


class NearestRows:
    """Vectors of length 1, in groups."""

    def __init__(self, rows: np.ndarray, starts: np.ndarray) -> None:
        """Creates it.

        Args:
            rows: one vector each, those of a group together.
            starts: the row at which each group begins, the first at 0; no group is empty.
        """
        self._rows = np.ascontiguousarray(rows, dtype=np.float32)
        self._starts = starts
        self._groups = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(rows))))
        largest = np.maximum(np.abs(self._rows).max(axis=1), _TINY)
        self._scales = (largest / _LARGEST_OF_ROW).astype(np.float32)
        whole = np.rint(self._rows / self._scales[:, np.newaxis]).astype(np.int8)
        self._whole = np.ascontiguousarray(whole.T)
        self._from_middle = _MIDDLE * whole.sum(axis=1, dtype=np.int32)
        kept = whole * self._scales[:, np.newaxis]
        self._lost = np.linalg.norm(self._rows - kept, axis=1).astype(np.float32)
        self._longest = float(np.linalg.norm(kept, axis=1).max())

    def find(self, vector: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the product of a vector and each group's nearest row, and the mean of the nearest of all.

        Args:
            vector: of length 1.
        """
        least, most = self._bounds(vector)
        enough = np.maximum.reduceat(least, self._starts)
        np.minimum(enough, _at_least(least), out=enough)
        asked = np.flatnonzero(most >= enough[self._groups])
        products = self._rows[asked] @ vector
        return np.maximum.reduceat(products, np.searchsorted(asked, self._starts)), nearest_mean(products)

    def _bounds(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the product with each row is at least, and at most."""
        scale = np.float32(max(float(np.abs(vector).max()), _TINY) / _LARGEST_OF_VECTOR)
        whole = np.rint(vector / scale)
        lost = vector - whole * scale
        (products,) = _products().run(None, {"a": (whole + _MIDDLE).astype(np.uint8)[np.newaxis], "b": self._whole})
        estimates = (products[0] - self._from_middle) * (self._scales * scale)
        # Both parts by Cauchy and Schwarz: what the rows lost times the vector, and what the vector lost times them.
        errors = self._lost * math.sqrt(vector @ vector) + (math.sqrt(lost @ lost) * self._longest + _ROUNDING)
        return estimates - errors, estimates + errors


def _at_least(products: np.ndarray) -> np.float32:
    """Return a number that as many products reach as are looked for: picked among the highest of some, for speed."""
    width = min(_SOME, len(products))
    highest = products[: len(products) // width * width].reshape(-1, width).max(axis=0)
    return _highest(highest).min()


def nearest_mean(products: np.ndarray) -> float:
    """Return the mean of the highest products of one vector with others."""
    return float(_highest(products).mean())


def _highest(products: np.ndarray) -> np.ndarray:
    count = min(NEIGHBOURS, len(products))
    return np.partition(products, -count)[-count:]


@cache
def _products() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(_PRODUCT, options, providers=["CPUExecutionProvider"])

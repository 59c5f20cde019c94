"""The messages to group, read and checked. Groups nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley_rasa.vectors import read_vector


class GroupError(ValueError):
    """What was given cannot be grouped."""


@dataclass(frozen=True)
class Item:
    """A message with the vector of its meaning, of length 1 or 0."""

    id: str
    text: str
    language: str
    vector: np.ndarray


def read_items(given: Any) -> list[Item]:
    """Return the items, in the order of their ids: what they are given in makes no difference.

    Raises:
        GroupError: they are none.
    """
    written = given.get("items") if isinstance(given, dict) else None
    if not isinstance(written, list):
        raise GroupError('there is no list of "items"')
    items = sorted((_read(one, number) for number, one in enumerate(written)), key=lambda item: item.id)
    _check_together(items)
    return items


def _read(one: Any, number: int) -> Item:
    names = ("id", "text", "language", "vector")
    values = [one.get(name) for name in names] if isinstance(one, dict) else []
    if not values or not all(isinstance(value, str) for value in values):
        raise GroupError(f"item {number} lacks one of {', '.join(names)}, as text")
    key, text, language, written = values
    try:
        vector = read_vector(written)
    except ValueError as error:
        raise GroupError(f"the vector of item {number} cannot be read: {error}") from error
    if not np.isfinite(vector).all():
        raise GroupError(f"the vector of item {number} holds what is no number")
    length = float(np.linalg.norm(vector))
    return Item(key, text, language, vector / length if length else vector)


def _check_together(items: Sequence[Item]) -> None:
    if len({item.id for item in items}) < len(items):
        raise GroupError("two items have the same id")
    lengths = sorted({len(item.vector) for item in items})
    if len(lengths) > 1:
        raise GroupError(f"the vectors have {' and '.join(map(str, lengths))} numbers: they are not of one encoder")

"""The port for a score that was learned from what became of people. Parley ships none: rules are all there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

LEARNED = "learned:"
"""What the rules of learned points begin with."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Points for one contact, with the reason that people read: a model that cannot say why is of no use here."""

    points: int
    reason: str


class LearnedScore(Protocol):
    """A model. `score` is the name of the score it counts for, `name` its own."""

    @property
    def name(self) -> str: ...
    @property
    def score(self) -> str: ...

    async def judge(self, session: AsyncSession, contact_ids: Sequence[UUID], now: datetime) -> Mapping[UUID, Learned]:
        """Points of those it can judge; asked only about people who may be profiled."""
        ...

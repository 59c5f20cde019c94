"""What publishing needs from others: who trains, runs tests, replays talks, answers turns, publishes journeys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dialogue import Landing
from flows.content import Content

Say = Callable[[str], None]
"""Tells whoever waits what is being done, a line at a time."""


@dataclass(frozen=True)
class TrainedModel:
    """A signed model (`bot.signed_models`) and what it is known by: `id` is the SHA-256 of its archive."""

    id: str
    fingerprint: str
    data: bytes


class Trainer(Protocol):
    """Makes dialogue models of intents' examples."""

    def fingerprint(self, intents: Mapping[str, str]) -> str:
        """What a model of these examples would be made from, examples and programs; quickly."""
        ...

    async def ensure(self, intents: Mapping[str, str], say: Say) -> TrainedModel:
        """The model of these examples; trained only when there is none yet."""
        ...


class Report(Protocol):
    """What a check of a draft came to."""

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against publishing."""
        ...

    def as_json(self) -> dict[str, Any]:
        """What is kept with the publication."""
        ...

    def as_text(self) -> str:
        """What did not come out as it should, one a line; empty when all did."""
        ...


@dataclass(frozen=True)
class Side:
    """Compiled flows and the model they are answered with."""

    compiled: Mapping[str, Any]
    model_id: str

    @property
    def flows_version(self) -> str:
        return str(self.compiled["version"])


class RunTests(Protocol):
    """Runs the test conversations of content."""

    async def __call__(self, content: Content, draft: Side) -> Report: ...


class Replayer(Protocol):
    """Plays the last real conversations on both sides; one that would end otherwise on the draft is a problem."""

    async def __call__(self, live: Side, draft: Side, last: int) -> Report: ...


class Replicas(Protocol):
    """The dialogue processes."""

    async def preload(self, flows: str, model: str) -> Mapping[str, str | None]:
        """Has each take flows and model; by address what went wrong, None for nothing."""
        ...

    async def landings(self, flows: str, states: Sequence[dict[str, Any]]) -> Sequence[Landing]:
        """Where people in these states would stand on these flows."""
        ...


class JourneyPublisher(Protocol):
    """Makes compiled journeys the ones that new enrolments follow, in the caller's transaction."""

    async def __call__(
        self, session: AsyncSession, compiled: Mapping[str, Mapping[str, Any]], now: datetime
    ) -> None: ...


class JourneyCheck(Protocol):
    """Raises when these journeys must not go live as they are, before anything long is done."""

    async def __call__(self, session: AsyncSession, compiled: Mapping[str, Mapping[str, Any]]) -> object: ...

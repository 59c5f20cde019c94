"""Calls the Rasa replicas: a turn is a pure function (docs/reference/protocols.md, 2). Keeps no dialogue state."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from base.errors import ParleyError
from bot.connectors.strict_json import NotUsable, check_kept
from bot.dialogue_replica import DialogueFailed, NotThisReplica, Part, Replica
from bot.dialogue_source import DialogueSource, MemorySource
from bot.turn_shapes import (
    Card,
    Choice,
    ConsentShown,
    Landing,
    Limits,
    Media,
    Need,
    PersonalDatum,
    ReplicaHealth,
    Reply,
    Timer,
    TurnMessage,
    TurnRequest,
    TurnResult,
    Vectors,
)

__all__ = [
    "Card", "Choice", "ConsentShown", "DialogueFailed", "DialogueSource", "DialogueUnavailable", "Landing", "Limits",
    "Media", "MemorySource", "Need", "RasaDialogue", "ReplicaHealth", "Reply", "Timer", "TurnMessage", "TurnRequest",
    "TurnResult", "Vectors",
]  # fmt: skip

TURN_TIMEOUT = 8.0
"""Seconds a replica may take for a turn before it counts as not answered."""
TURN_PATIENCE = 10.0
"""Seconds for a turn with all that must be pushed for it: less than a claim lasts. The push itself goes on."""
LANDINGS_TIMEOUT = 30.0
"""Seconds for one batch of landings."""
MOST_LANDINGS = 500
"""States in one batch."""
VECTORS_TIMEOUT = 60.0
"""Seconds for one batch of vectors."""
MOST_VECTORS = 64
"""Texts in one batch: their vectors are less than a replica's largest answer, whatever encoder it has."""
LONGEST_TO_EMBED = 4_000
"""Characters of a text that are looked at."""

_KEEP_ALIVE = 15.0
"""Seconds an unused connection is kept: a replica keeps it longer, so that it never closes one that is being used."""

_Shape = TypeVar("_Shape", bound=BaseModel)
_STATES = TypeAdapter(list[dict[str, Any]])
_TEXTS = TypeAdapter(dict[str, list[str]])
_FACTS = TypeAdapter(dict[str, list[str] | str])


class DialogueUnavailable(ParleyError):
    """No dialogue process can be reached; the message waits and is answered when one is back."""

    code = "dialogue_unavailable"
    status = 503


class _Landings(BaseModel):
    model_config = ConfigDict(extra="ignore")

    landings: list[Landing]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="ignore")

    facts: list[list[PersonalDatum]]


class RasaDialogue:
    """Speaks to the Rasa replicas in turn; when one cannot answer the next is asked."""

    def __init__(self, urls: Sequence[str], secret: str, source: DialogueSource) -> None:
        if not urls:
            raise ValueError("At least one Rasa address is needed.")
        self._urls = list(urls)
        self._source = source
        self._start = itertools.count()
        self._headers = {"X-Parley-Secret": secret, "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None
        self._replicas: list[Replica] = []

    async def open(self) -> None:
        """Makes the connection pool; call it inside the running loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=_KEEP_ALIVE), headers=self._headers
        )
        self._replicas = [Replica(url, self._source, self._session) for url in self._urls]

    async def close(self) -> None:
        """Breaks off pushes and closes the pool."""
        for replica in self._replicas:
            await replica.close()
        if self._session is not None:
            await self._session.close()

    async def turn(self, request: TurnRequest) -> TurnResult:
        """One turn, answered by the flows and the model that the request names.

        Raises:
            DialogueUnavailable: no replica could be reached, or could be given what it lacked in time.
            DialogueFailed: one was reached and timed out, broke off, or answered something else than a turn; or
                the flows or the model are nowhere to be had.
        """
        body = request.model_dump_json().encode()
        try:
            async with asyncio.timeout(TURN_PATIENCE):
                content = await self._ask("", body, {"flows": request.flows, "model": request.model}, TURN_TIMEOUT)
        except TimeoutError as error:
            raise DialogueUnavailable("The dialogue processes are busy or being loaded.") from error
        return _checked(_parse(TurnResult, content))

    async def landings(self, flows: str, states: Sequence[dict[str, Any]]) -> list[Landing]:
        """Where people standing in these states would land on these flows, in the same order.

        Raises:
            DialogueUnavailable, DialogueFailed: as for a turn.
        """
        landings: list[Landing] = []
        for first in range(0, len(states), MOST_LANDINGS):
            batch = list(states[first : first + MOST_LANDINGS])
            body = b'{"flows":"%s","states":%s}' % (flows.encode(), _STATES.dump_json(batch))
            found = _parse(_Landings, await self._ask("landing", body, {"flows": flows}, LANDINGS_TIMEOUT)).landings
            if len(found) != len(batch):
                raise DialogueFailed(f"The dialogue process gave {len(found)} landings for {len(batch)} states.")
            landings += found
        return landings

    async def vectors(self, texts: Sequence[str]) -> Vectors:
        """What the texts mean, as vectors of one encoder, in the same order. At least one text.

        Raises:
            DialogueUnavailable, DialogueFailed: as for a turn; or the replicas do not have the same encoder.
        """
        batches = [await self._vectors(texts[at : at + MOST_VECTORS]) for at in range(0, len(texts), MOST_VECTORS)]
        if len({(batch.encoder, batch.dimensions) for batch in batches}) != 1:
            raise DialogueFailed("The dialogue processes do not have one and the same encoder.")
        return batches[0].model_copy(update={"rows": [row for batch in batches for row in batch.rows]})

    async def _vectors(self, texts: Sequence[str]) -> Vectors:
        body = _TEXTS.dump_json({"texts": [text[:LONGEST_TO_EMBED] for text in texts]})
        found = _parse(Vectors, await self._ask("vectors", body, {}, VECTORS_TIMEOUT))
        if len(found.rows) != len(texts):
            raise DialogueFailed(f"The dialogue process gave {len(found.rows)} vectors for {len(texts)} texts.")
        return found

    async def personal_data(self, texts: Sequence[str], language: str) -> list[list[PersonalDatum]]:
        """What in each text tells who wrote it, in the same order.

        Raises:
            DialogueUnavailable, DialogueFailed: as for a turn.
        """
        found: list[list[PersonalDatum]] = []
        for at in range(0, len(texts), MOST_VECTORS):
            batch = [text[:LONGEST_TO_EMBED] for text in texts[at : at + MOST_VECTORS]]
            body = _FACTS.dump_json({"texts": batch, "language": language})
            facts = _parse(_Facts, await self._ask("facts", body, {}, VECTORS_TIMEOUT)).facts
            if len(facts) != len(batch):
                raise DialogueFailed(f"The dialogue process read {len(facts)} of {len(batch)} texts.")
            found += facts
        return found

    async def preload(self, flows: str, model: str) -> dict[str, str | None]:
        """Has every replica take flows and model, all at once; gives by address what went wrong, None for nothing."""
        problems = await asyncio.gather(*(_preload(replica, flows, model) for replica in self._opened()))
        return dict(zip(self._urls, problems, strict=True))

    async def health(self) -> dict[str, ReplicaHealth | None]:
        """By address what each replica holds; None for one that does not answer."""
        found = await asyncio.gather(*(replica.health() for replica in self._opened()))
        return dict(zip(self._urls, found, strict=True))

    async def _ask(self, route: str, body: bytes, names: dict[Part, str], within: float) -> bytes:
        replicas = self._opened()
        first = next(self._start)
        problems: list[str] = []
        for offset in range(len(replicas)):
            replica = replicas[(first + offset) % len(replicas)]
            try:
                return await replica.ask(route, body, names, within)
            except NotThisReplica as problem:
                problems.append(f"{replica.url} {problem}")
        raise DialogueUnavailable(f"No dialogue process can answer: {'; '.join(problems)}.")

    def _opened(self) -> list[Replica]:
        assert self._replicas, "open() was not called"
        return self._replicas


async def _preload(replica: Replica, flows: str, model: str) -> str | None:
    health = await replica.health()
    if health is None:
        return "does not answer"
    try:
        if flows not in health.flows:
            await replica.push("flows", flows)
        if model not in health.models:
            await replica.push("model", model)
    except NotThisReplica as problem:
        return str(problem)
    except DialogueFailed as failure:
        return failure.message
    return None


def _checked(result: TurnResult) -> TurnResult:
    """What is stored whatever the effects do; of those, each is refused by itself (`bot.effects`)."""
    try:
        check_kept([result.state, [reply.model_dump() for reply in result.replies]])
    except NotUsable as error:
        raise DialogueFailed("The dialogue process gave a state or a reply that cannot be kept.") from error
    return result


def _parse(shape: type[_Shape], content: bytes) -> _Shape:
    try:
        return shape.model_validate_json(content)
    except ValidationError as error:
        raise DialogueFailed("The dialogue process gave no usable answer: it does not read as one.") from error

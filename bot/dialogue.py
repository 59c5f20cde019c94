"""Calls the Rasa replicas: a turn is a pure function (docs/reference/protocols.md, 2). Keeps no dialogue state."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import aiohttp
import structlog
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from base.errors import ParleyError
from base.metrics import DIALOGUE_SECONDS, part_of_turn
from base.tracing import span, tell_span
from bot.connectors.strict_json import NotUsable, check_kept
from bot.dialogue_breaker import Standing
from bot.dialogue_replica import LOOK_EVERY, BrokeOff, DialogueFailed, NotThisReplica, Part, Replica
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

log = structlog.get_logger(__name__)

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

_ORDER: dict[Standing, int] = {"closed": 0, "half_open": 1, "open": 2}

_TURN = ""
"""The route of turns, for which somebody waits."""

_LEAST = 0.5
"""Seconds that whoever is asked has at least, and that are left of the patience when it is over."""

_KEEP_ALIVE = 15.0
"""Seconds an unused connection is kept: a replica keeps it longer, so that it never closes one that is being used."""

_T = TypeVar("_T")
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
    """Speaks to the Rasa replicas: the least busy is asked, and the next when it cannot answer.

    One that failed is left alone (`bot.dialogue_breaker`), and tried out by copies of what others have answered: a turn
    is a pure function, so that nobody has to wait for a trial, nor for what a new process must be given first.
    """

    def __init__(self, urls: Sequence[str], secret: str, source: DialogueSource) -> None:
        if not urls:
            raise ValueError("At least one Rasa address is needed.")
        self._urls = list(urls)
        self._source = source
        self._start = itertools.count()
        self._headers = {"X-Parley-Secret": secret, "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None
        self._replicas: list[Replica] = []
        self._trials: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Makes the connection pool; call it inside the running loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=_KEEP_ALIVE), headers=self._headers
        )
        self._replicas = [Replica(url, self._source, self._session) for url in self._urls]

    async def close(self) -> None:
        """Breaks off trials and pushes and closes the pool."""
        for trial in self._trials:
            trial.cancel()
        await asyncio.gather(*self._trials, return_exceptions=True)
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
            with part_of_turn("dialogue"), span("dialogue", inside=True):
                async with asyncio.timeout(TURN_PATIENCE):
                    names: dict[Part, str] = {"flows": request.flows, "model": request.model}
                    return await self._ask(_TURN, body, names, TURN_TIMEOUT, _read_turn)
        except TimeoutError as error:
            raise DialogueUnavailable("The dialogue processes are busy or being loaded.") from error

    async def landings(self, flows: str, states: Sequence[dict[str, Any]]) -> list[Landing]:
        """Where people standing in these states would land on these flows, in the same order.

        Raises:
            DialogueUnavailable, DialogueFailed: as for a turn.
        """
        landings: list[Landing] = []
        for first in range(0, len(states), MOST_LANDINGS):
            batch = list(states[first : first + MOST_LANDINGS])
            body = b'{"flows":"%s","states":%s}' % (flows.encode(), _STATES.dump_json(batch))
            found = (await self._ask("landing", body, {"flows": flows}, LANDINGS_TIMEOUT, _reads(_Landings))).landings
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
        found = await self._ask("vectors", body, {}, VECTORS_TIMEOUT, _reads(Vectors))
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
            facts = (await self._ask("facts", body, {}, VECTORS_TIMEOUT, _reads(_Facts))).facts
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

    async def watch(self, *, every: float = LOOK_EVERY) -> None:
        """Runs for the life of a process that serves people: looks at each replica that nobody asks."""
        while True:
            await asyncio.sleep(every)
            await asyncio.gather(*(replica.look(rested=every) for replica in self._opened()))

    @property
    def replicas(self) -> Sequence[Replica]:
        """The replicas in the order of their addresses, once `open` was called."""
        return self._replicas

    async def _ask(
        self, route: str, body: bytes, names: dict[Part, str], within: float, read: Callable[[bytes], _T]
    ) -> _T:
        first, began = next(self._start), time.monotonic()
        problems: list[str] = []
        broke_off: BrokeOff | None = None
        asked: set[Replica] = set()
        while (replica := self._choose(route, first, asked)) is not None:
            asked.add(replica)
            left = _left(within, began) if route == _TURN else within
            try:
                answer = await self._timed(replica, route, body, names, left, read=read)
            except NotThisReplica as problem:
                problems.append(f"{replica.url} {problem}")
            except BrokeOff as broken:
                # Safe to ask another. Not a third: it may be the message that ends them.
                if broke_off is not None:
                    raise
                broke_off = broken
            else:
                if route == _TURN:
                    self._try_out(body, names, within, asked)
                return answer
        if broke_off is not None:
            raise broke_off
        rest = [f"{one.url} is left alone after failures" for one in self._opened() if one not in asked]
        raise DialogueUnavailable(f"No dialogue process can answer: {'; '.join([*problems, *rest])}.")

    async def _timed(
        self,
        replica: Replica,
        route: str,
        body: bytes,
        names: dict[Part, str],
        within: float,
        *,
        read: Callable[[bytes], _T],
    ) -> _T:
        number, began, result = self._replicas.index(replica) + 1, time.perf_counter(), "not_there"
        tell_span(replica=number)
        try:
            answer = await replica.ask(route, body, names, within, read)
            result = "answered"
        except DialogueFailed:
            result = "failed"
            raise
        else:
            return answer
        finally:
            DIALOGUE_SECONDS.labels(str(number), route or "turn", result).observe(time.perf_counter() - began)

    def _choose(self, route: str, first: int, asked: set[Replica]) -> Replica | None:
        """Whom to ask next. One that is left alone only if looking costs nothing and there is nobody else."""
        order = _ORDER if route == _TURN else {**_ORDER, "half_open": _ORDER["closed"]}
        replicas = self._opened()
        standings = {one: one.standing for one in replicas if one not in asked}
        askable = [one for one, standing in standings.items() if standing != "open" or one.is_away]
        return min(
            askable,
            key=lambda one: (
                order[standings[one]],
                one.is_loading,
                one.in_hand,
                (replicas.index(one) - first) % len(replicas),
            ),
            default=None,
        )

    def _try_out(self, body: bytes, names: dict[Part, str], within: float, asked: set[Replica]) -> None:
        """Has those that failed before answer the same once more, beside, if it is time to."""
        for replica in self._opened():
            if replica not in asked and replica.standing == "half_open":
                trial = asyncio.create_task(_try(replica, body, names, within))
                self._trials.add(trial)
                trial.add_done_callback(self._trials.discard)

    def _opened(self) -> list[Replica]:
        assert self._replicas, "open() was not called"
        return self._replicas


def _left(within: float, began: float) -> float:
    """Seconds for whoever is asked now: one that does not answer must be found out before the patience is over."""
    return min(within, max(_LEAST, TURN_PATIENCE - _LEAST - (time.monotonic() - began)))


async def _try(replica: Replica, body: bytes, names: dict[Part, str], within: float) -> None:
    try:
        await replica.ask(_TURN, body, names, within, _read_turn)
    except Exception as problem:  # noqa: BLE001  # whatever it is, somebody else has answered
        log.debug("dialogue_still_left_alone", replica=replica.url, problem=str(problem))


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


def _read_turn(content: bytes) -> TurnResult:
    return _checked(_parse(TurnResult, content))


def _reads(shape: type[_Shape]) -> Callable[[bytes], _Shape]:
    return partial(_parse, shape)


def _parse(shape: type[_Shape], content: bytes) -> _Shape:
    try:
        return shape.model_validate_json(content)
    except ValidationError as error:
        raise DialogueFailed("The dialogue process gave no usable answer: it does not read as one.") from error

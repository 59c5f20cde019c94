"""One Rasa replica over HTTP: asks it, and pushes flows and models to it. Knows nothing of other replicas."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import aiohttp
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from base.errors import ParleyError
from base.tracing import trace_headers
from bot.dialogue_breaker import Breaker, Standing
from bot.dialogue_source import DialogueSource
from bot.turn_shapes import ReplicaHealth

log = structlog.get_logger(__name__)

MODEL_TIMEOUT = 60.0
"""Seconds a replica may take to receive and load a model."""
FLOWS_TIMEOUT = 10.0
"""Seconds a replica may take to receive compiled flows."""
HEALTH_TIMEOUT = 2.0
"""Seconds; a replica that is loaded with turns still answers within these."""
LARGEST_ANSWER = 1024 * 1024
"""Bytes of a turn, or of a batch of landings; a state that goes back must be a quarter of it."""
MOST_PUSHES = 3
"""How often one request has something pushed; a replica that lacks it then is crowded with other versions."""

LOOK_EVERY = 15.0
"""Seconds after which one that nobody asks is looked at."""

_AT_ONCE = 0.5
"""Seconds within which one knows that nobody is there."""

_T = TypeVar("_T")
Part = Literal["flows", "model"]


class DialogueFailed(ParleyError):
    """The dialogue process was reached but gave no usable answer."""

    code = "dialogue_failed"
    status = 502


class NothingToPush(DialogueFailed):
    """The flows or the model are nowhere to be had."""

    code = "nothing_to_push"


class BrokeOff(DialogueFailed):
    """The dialogue process ended while it was asked."""

    code = "dialogue_broke_off"


class NotThisReplica(Exception):
    """This replica cannot answer now; another might.

    `away` says that nobody is there, or that it is not ready yet: no fault of what was asked.
    """

    def __init__(self, problem: str, *, away: bool = False) -> None:
        super().__init__(problem)
        self.away = away


class Refused(NotThisReplica):
    """It is there, and answers nobody before somebody sets it right."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem, away=True)


class _Conflict(BaseModel):
    model_config = ConfigDict(extra="ignore")

    error: str
    missing: list[Part] = []


class Replica:
    """A replica at an address."""

    def __init__(self, url: str, source: DialogueSource, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._routes = f"{url.rstrip('/')}/webhooks/turn/"
        self._source = source
        self._session = session
        self._pushes: dict[tuple[Part, str], asyncio.Task[None]] = {}
        self._breaker = Breaker()
        self.in_hand = 0
        """Requests that it has not answered yet."""
        self.is_away = False
        """Whether it was found away without waiting, so that looking again costs nothing."""
        self._refuses = False
        self._asked_at = time.monotonic()

    @property
    def standing(self) -> Standing:
        """Whether it is asked, tried out, or left alone after failures."""
        return self._breaker.standing

    @property
    def is_loading(self) -> bool:
        """Whether it is being given something that it lacked."""
        return bool(self._pushes)

    async def ask(
        self, route: str, body: bytes, names: dict[Part, str], within: float, read: Callable[[bytes], _T]
    ) -> _T:
        """Posts a body and gives the answer as it is read; what the replica lacks of `names` is pushed to it first.

        Raises:
            NotThisReplica: it cannot be reached, cannot be given what it lacks, has another secret, or is too old for
                the state.
            BrokeOff: it ended meanwhile.
            DialogueFailed: it was reached and timed out, refused, or gave what cannot be read.
        """
        ticket, began = self._breaker.enter(), time.monotonic()
        self.in_hand += 1
        self._asked_at = began
        try:
            answer = read(await self._ask(route, body, names, within))
        except NothingToPush:
            self._note_answer(ticket)
            raise
        except NotThisReplica as problem:
            self._refuses = isinstance(problem, Refused)
            if problem.away:
                self.is_away = not self._refuses and time.monotonic() - began < _AT_ONCE
                self._note_failure(ticket, str(problem), at_once=True)
            else:
                self._note_answer(ticket)
            raise
        except DialogueFailed as failure:
            self.is_away = False
            self._note_failure(ticket, failure.message)
            raise
        except BaseException:
            self._breaker.broken_off(ticket)
            raise
        finally:
            self.in_hand -= 1
        self._refuses = False
        self._note_answer(ticket)
        return answer

    async def look(self, *, rested: float = LOOK_EVERY) -> None:
        """Finds out how it does when nobody has asked it for so many seconds: who is on call must know before the next
        visitor does.

        One that refused may well say that it is well: what it says then counts for nothing.
        """
        if self.in_hand or self.is_loading or time.monotonic() - self._asked_at < rested:
            return
        ticket, began = self._breaker.enter(), time.monotonic()
        try:
            is_well = await self.health() is not None
        except BaseException:
            self._breaker.broken_off(ticket)
            raise
        if not is_well:
            self.is_away = time.monotonic() - began < _AT_ONCE
            self._note_failure(ticket, "does not answer when it is looked at", at_once=self.is_away)
        elif self._refuses:
            self._breaker.broken_off(ticket)
        else:
            self._note_answer(ticket)

    def _note_answer(self, ticket: tuple[int, int]) -> None:
        if self._breaker.answered(ticket):
            log.info("dialogue_is_back", replica=self.url)

    def _note_failure(self, ticket: tuple[int, int], problem: str, *, at_once: bool = False) -> None:
        if self._breaker.failed(ticket, at_once=at_once):
            log.warning("dialogue_left_alone", replica=self.url, problem=problem)

    async def _ask(self, route: str, body: bytes, names: dict[Part, str], within: float) -> bytes:
        for _ in range(MOST_PUSHES + 1):
            answer = await self._post(route, body, within)
            if isinstance(answer, bytes):
                return answer
            for part in answer:
                if part in names:
                    await self.push(part, names[part])
        raise NotThisReplica(f"lost {' and '.join(names.values())} again and again")

    async def health(self) -> ReplicaHealth | None:
        """What the replica holds; None when it does not answer."""
        try:
            async with self._session.get(
                f"{self._routes}health", timeout=aiohttp.ClientTimeout(total=HEALTH_TIMEOUT)
            ) as response:
                content = await _read(response)
            return ReplicaHealth.model_validate_json(content) if response.status == 200 else None
        except (TimeoutError, aiohttp.ClientError, ValidationError, DialogueFailed):
            return None

    async def push(self, part: Part, name: str) -> None:
        """Gives the replica flows or a model; whoever wants the same meanwhile waits for the same push.

        Raises:
            NotThisReplica: it did not take it.
            DialogueFailed: there is nothing of this name to push.
        """
        key = (part, name)
        push = self._pushes.get(key)
        if push is None:
            push = self._pushes[key] = asyncio.create_task(self._push(part, name))
            push.add_done_callback(lambda done: self._forget(key, done))
        # The push goes on when one of those who wait for it gives up.
        await asyncio.shield(push)

    async def close(self) -> None:
        """Breaks off what is being pushed."""
        pushes = list(self._pushes.values())
        for push in pushes:
            push.cancel()
        await asyncio.gather(*pushes, return_exceptions=True)

    async def _post(self, route: str, body: bytes, within: float) -> bytes | Sequence[Part]:
        """The answer, or what is missing."""
        try:
            async with self._session.post(
                self._routes + route,
                data=body,
                headers=trace_headers(),
                timeout=aiohttp.ClientTimeout(total=within, connect=2),
            ) as response:
                content = await _read(response)
                status = response.status
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotThisReplica("cannot be reached", away=True) from error
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError) as error:
            raise BrokeOff(f"The dialogue process broke off: {type(error).__name__}.") from error
        except (TimeoutError, aiohttp.ClientError) as error:
            raise DialogueFailed(f"The dialogue process gave no usable answer: {type(error).__name__}.") from error
        if status == 200:
            return content
        if status == 503:
            raise NotThisReplica("is not ready", away=True)
        if status == 403:
            raise Refused("has another secret (PARLEY_RASA_SECRET)")
        if status == 409:
            return _missing(content)
        raise DialogueFailed(f"The dialogue process answered {status}.")

    async def _push(self, part: Part, name: str) -> None:
        data = await self._data_of(part, name)
        route = f"flows/{name}" if part == "flows" else f"models/{name}"
        limit = aiohttp.ClientTimeout(total=FLOWS_TIMEOUT if part == "flows" else MODEL_TIMEOUT, connect=2)
        kind = "application/json" if part == "flows" else "application/octet-stream"
        try:
            # As a file: aiohttp writes it in pieces, so that nothing else stands still meanwhile.
            async with self._session.put(
                self._routes + route, data=io.BytesIO(data), headers={"Content-Type": kind}, timeout=limit
            ) as response:
                problem = (await response.content.read(500)).decode(errors="replace")
                status = response.status
        except (TimeoutError, aiohttp.ClientError) as error:
            raise NotThisReplica(f"did not take the {part}: {type(error).__name__}", away=True) from error
        if status != 204:
            log.warning("dialogue_refused", replica=self.url, part=part, status=status, problem=problem)
            # Flows that it does not take are a fault of theirs; without models it answers nothing at all.
            raised = NotThisReplica if part == "flows" else Refused
            raise raised(f"refused the {part} with {status}: {problem}")

    async def _data_of(self, part: Part, name: str) -> bytes:
        if part == "flows":
            document = await self._source.flows_document(name)
            data = None if document is None else json.dumps(document, ensure_ascii=False).encode()
        else:
            data = await self._source.model_file(name)
        if data is None:
            raise NothingToPush(f"There is nothing to push as {part} {name}: it is not kept any more.")
        return data

    def _forget(self, key: tuple[Part, str], push: asyncio.Task[None]) -> None:
        self._pushes.pop(key, None)
        if not push.cancelled():
            push.exception()  # seen by whoever waits; if nobody does any more, it shows again at the next turn


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise DialogueFailed(f"The dialogue process gave more than {LARGEST_ANSWER} bytes.")
    return bytes(content)


def _missing(content: bytes) -> Sequence[Part]:
    try:
        conflict = _Conflict.model_validate_json(content)
    except ValidationError as error:
        raise DialogueFailed("The dialogue process answered 409 without saying why.") from error
    if conflict.error == "missing" and conflict.missing:
        return conflict.missing
    raise NotThisReplica(f"answered {conflict.error}")

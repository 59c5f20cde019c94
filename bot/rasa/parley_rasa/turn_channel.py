"""The only way in: turns, landings, vectors and pushes under ``/webhooks/turn/`` (protocols.md §2).

Checks the secret, keeps nothing of a conversation, logs no text.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from parley_rasa.dialogue.flows import FlowsError
from parley_rasa.dialogue.landing import landing
from parley_rasa.dialogue.state import VERSION, StateError, StateTooNew, check_state
from parley_rasa.held_models import ModelError, ModelSizeError
from parley_rasa.personal_data import find_personal_data
from parley_rasa.replica import MissingError, Replica
from parley_rasa.turn_output import CHANNEL, answer_turn
from parley_rasa.turn_request import (
    RequestError,
    parse_facts_request,
    parse_landing_request,
    parse_request,
    parse_vectors_request,
    trace_of,
)
from parley_rasa.vectors import write_vector

logger = logging.getLogger(__name__)

SECRET_VARIABLE = "PARLEY_RASA_SECRET"
SECRET_HEADER = "X-Parley-Secret"
SHORTEST_SECRET = 16  # characters
LARGEST_DOCUMENT = 16 * 1024 * 1024  # bytes of compiled flows, of the states to land, or of texts
_LANDINGS_AT_ONCE = 25  # then turns have their chance
_ONE_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vectors")  # the loop goes on answering turns

Handler = Callable[..., Awaitable[HTTPResponse]]


class TurnChannel(InputChannel):
    """Named in credentials.yml. Refuses to exist without a secret."""

    def __init__(self, secret: str) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise RasaException(f"set {SECRET_VARIABLE} to a secret of at least {SHORTEST_SECRET} characters")
        self._secret = secret.encode("utf-8")

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TurnChannel:
        """Takes the secret from the environment only: a file might be committed."""
        return cls(os.environ.get(SECRET_VARIABLE, ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Returns the routes. Rasa's own handler is not used: it knows one agent, a turn names the one it wants."""
        routes = Blueprint(CHANNEL)
        routes.get("/health")(_health)
        routes.post("/")(self._guarded(_take_turn))
        # As streams, because these have limits of their own and the secret is looked at before the body is read.
        routes.post("/landing", stream=True)(self._guarded(_land))
        routes.post("/vectors", stream=True)(self._guarded(_make_vectors))
        routes.post("/facts", stream=True)(self._guarded(_find_facts))
        routes.put("/flows/<version:str>", stream=True)(self._guarded(_take_flows))
        routes.put("/models/<model_id:str>", stream=True)(self._guarded(_take_model))
        return routes

    def _guarded(self, handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: Request, **names: str) -> HTTPResponse:
            if not self._is_trusted(request):
                return response.json({"error": "wrong secret"}, 403)
            try:
                return await handler(request, **names)
            except Exception as error:  # noqa: BLE001  # the boundary of a request: the platform gets a status
                return _refusal(error) or _failure(request, error)

        return guarded

    def _is_trusted(self, request: Request) -> bool:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self._secret)


async def _health(request: Request) -> HTTPResponse:
    replica = _replica(request)
    return response.json(
        {
            "status": "ok",
            "flows": replica.flows.versions(),
            "models": replica.models.ids(),
            "state_version": VERSION,
        }
    )


async def _take_turn(request: Request) -> HTTPResponse:
    turn = parse_request(request.json)
    check_state(turn.state)
    flows, agent = _replica(request).find_pair(turn.flows, turn.model)
    return response.json(await answer_turn(turn, flows, agent))


async def _land(request: Request) -> HTTPResponse:
    version, states = parse_landing_request(await _document(request))
    flows = _replica(request).find_flows(version)
    landings: list[dict[str, Any]] = []
    for first in range(0, len(states), _LANDINGS_AT_ONCE):
        landings += [landing(flows, state) for state in states[first : first + _LANDINGS_AT_ONCE]]
        await asyncio.sleep(0)
    return response.json({"landings": landings})


async def _make_vectors(request: Request) -> HTTPResponse:
    texts = parse_vectors_request(await _document(request))
    encoder = _replica(request).find_encoder()
    vectors = await asyncio.get_running_loop().run_in_executor(_ONE_THREAD, encoder.encode_all, texts)
    written = [write_vector(vector) for vector in vectors]
    return response.json({"encoder": encoder.fingerprint, "dimensions": encoder.dimensions, "vectors": written})


async def _find_facts(request: Request) -> HTTPResponse:
    texts, language = parse_facts_request(await _document(request))
    find = functools.partial(find_personal_data, language=language)
    found = await asyncio.get_running_loop().run_in_executor(_ONE_THREAD, lambda: list(map(find, texts)))
    return response.json({"facts": found})


async def _take_flows(request: Request, version: str) -> HTTPResponse:
    document = await _document(request)
    try:
        _replica(request).flows.add(version, document)
    except FlowsError as error:
        # Only here is it the platform's fault; in a turn it would be a fault of this program.
        return response.json({"error": str(error)}, 400)
    return response.empty()


async def _take_model(request: Request, model_id: str) -> HTTPResponse:
    await _replica(request).models.take(model_id, request.stream)
    return response.empty()


async def _document(request: Request) -> Any:
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream:
        size += len(chunk)
        if size > LARGEST_DOCUMENT:
            raise PayloadTooLarge(f"the body has more than {LARGEST_DOCUMENT} bytes")
        parts.append(chunk)
    request.body = b"".join(parts)
    return request.json


def _replica(request: Request) -> Replica:
    replica: Replica = request.app.ctx.replica
    return replica


def _refusal(error: Exception) -> HTTPResponse | None:
    """Answer what the platform can do something about; None when the fault is here."""
    if isinstance(error, MissingError):
        return response.json({"error": "missing", "missing": error.parts}, 409)
    if isinstance(error, StateTooNew):
        return response.json({"error": "state_too_new"}, 409)
    if isinstance(error, (ModelSizeError, PayloadTooLarge)):
        return response.json({"error": str(error)}, 413)
    if isinstance(error, (RequestError, StateError, ModelError)):
        return response.json({"error": str(error)}, 400)
    if isinstance(error, SanicException):
        return response.json({"error": "the body must be JSON"}, 400)
    return None


def _failure(request: Request, error: Exception) -> HTTPResponse:
    logger.error(
        "request_failed route=%s conversation=%s trace=%s",
        request.path,
        _id_of(request),
        trace_of(request.headers.get("traceparent", "")),
        exc_info=_without_text(error),
    )
    return response.json({"error": "internal error"}, 500)


def _id_of(request: Request) -> str:
    body = request.parsed_json
    return str(body.get("conversation_id")) if isinstance(body, dict) else "-"


def _without_text(error: BaseException) -> Any:
    """Keep where it went wrong first, but not what the exception says: it may quote the visitor."""
    while error.__cause__ is not None:
        error = error.__cause__
    return RuntimeError, RuntimeError(f"{type(error).__name__} (message not logged)"), error.__traceback__

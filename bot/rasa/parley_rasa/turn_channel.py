"""The only way in: ``POST /webhooks/turn/`` (protocols.md §2). Checks the secret, keeps nothing, logs no text."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from parley_rasa.dialogue.state import StateError, check_state
from parley_rasa.flow_policy import FlowPolicy
from parley_rasa.request_tracker_store import request_state
from parley_rasa.turn_request import RequestError, TurnRequest, parse_request, shield

logger = logging.getLogger(__name__)

SECRET_VARIABLE = "PARLEY_RASA_SECRET"
SECRET_HEADER = "X-Parley-Secret"
SHORTEST_SECRET = 16  # characters
_NOT_CLASSIFIED: dict[str, Any] = {"intent": {"name": None, "confidence": 0.0}, "entities": []}


class TurnOutput(OutputChannel):
    """Collects the answer of one turn."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | None = None

    @classmethod
    def name(cls) -> str:
        return "turn"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.answer = message.get("custom")


class TurnChannel(InputChannel):
    """Named in credentials.yml. Refuses to exist without a secret."""

    def __init__(self, secret: str) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise RasaException(f"set {SECRET_VARIABLE} to a secret of at least {SHORTEST_SECRET} characters")
        self._secret = secret.encode("utf-8")

    @classmethod
    def name(cls) -> str:
        return "turn"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TurnChannel:
        """Takes the secret from the environment only: a file might be committed."""
        return cls(os.environ.get(SECRET_VARIABLE, ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("turn")

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            return _health(request)

        @routes.post("/")
        async def turn(request: Request) -> HTTPResponse:
            if not self._is_trusted(request):
                return response.json({"error": "wrong secret"}, 403)
            try:
                parsed = parse_request(request.json)
                check_state(parsed.state)
                return response.json(await _answer(parsed, on_new_message))
            except (RequestError, StateError) as error:
                return response.json({"error": str(error)}, 400)
            except SanicException:  # the body is no JSON
                return response.json({"error": "the body must be JSON"}, 400)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # the boundary of a request: whatever went wrong, the platform gets a 500
                logger.error("turn_failed conversation=%s", _id_of(request), exc_info=_without_text(error))
                return response.json({"error": "internal error"}, 500)

        return routes

    def _is_trusted(self, request: Request) -> bool:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self._secret)


async def _answer(turn: TurnRequest, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> dict[str, Any]:
    output = TurnOutput()
    request_state.set(turn.state)
    # Taps and starts need no understanding: given parse data, Rasa does not run the pipeline.
    parse_data = None if turn.kind == "text" else {"text": "", **_NOT_CLASSIFIED}
    await on_new_message(
        UserMessage(
            text=shield(turn.text) if turn.kind == "text" else "",
            output_channel=output,
            sender_id=turn.conversation_id,
            parse_data=parse_data,
            input_channel=TurnChannel.name(),
            message_id=turn.message_id,
            metadata=turn.metadata(),
        )
    )
    if output.answer is None:
        raise RasaException("Rasa gave no answer to a turn")
    return {"state": request_state.get(), **output.answer}


def _health(request: Request) -> HTTPResponse:
    agent = getattr(request.app.ctx, "agent", None)
    if agent is None or not agent.is_ready():
        return response.json({"status": "starting"}, 503)
    flows = next((node.flows for node in _components(agent) if isinstance(node, FlowPolicy)), None)
    if flows is None:
        return response.json({"status": "no flows in the model"}, 503)
    return response.json({"status": "ok", "flows_version": flows.version, "model": agent.processor.model_filename})


def _components(agent: Any) -> Any:
    # Rasa has no public way to reach a loaded component.
    return [node._component for node in agent.processor.graph_runner._instantiated_nodes.values()]


def _id_of(request: Request) -> str:
    body = request.json
    return str(body.get("conversation_id")) if isinstance(body, dict) else "-"


def _without_text(error: BaseException) -> Any:
    """Keep where it went wrong first, but not what the exception says: it may quote the visitor."""
    while error.__cause__ is not None:
        error = error.__cause__
    return RuntimeError, RuntimeError(f"{type(error).__name__} (message not logged)"), error.__traceback__

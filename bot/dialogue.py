"""The call to a Rasa replica: one turn, a pure function (docs/reference/protocols.md, 2). Keeps no dialogue state."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from base.errors import ParleyError
from base.messages import MessageKind

TURN_TIMEOUT = 8.0
"""Seconds a replica may take for a turn before it counts as not answered."""


class DialogueUnavailable(ParleyError):
    """No dialogue process can be reached; the message waits and is answered when one is back."""

    code = "dialogue_unavailable"
    status = 503


class DialogueFailed(ParleyError):
    """The dialogue process was reached but gave no usable answer."""

    code = "dialogue_failed"
    status = 502


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Choice(_Part):
    """A button: what it says and what it means."""

    value: str
    label: str


class ConsentShown(_Part):
    """Marks the message whose text is a consent notice."""

    purpose: str
    channels: list[str]
    slot: str


class Reply(_Part):
    """One message of the bot."""

    text: str
    step: str | None = None
    input: Literal["choice", "text", "email", "phone", "consent"] | None = None
    choices: list[Choice] = []
    notice: Literal["ai"] | None = None
    consent: ConsentShown | None = None
    source: dict[str, str] | None = None


class TurnResult(_Part):
    """What a turn came to. `effects` are data that `bot.effects` checks and carries out."""

    state: dict[str, Any] | None
    """None: as it was."""
    replies: list[Reply]
    effects: list[dict[str, Any]]
    understood: dict[str, Any] = Field(default_factory=dict)


class TurnMessage(_Part):
    """What the person said or tapped."""

    id: str
    kind: MessageKind
    text: str
    value: str | None = None
    step: str | None = None


class TurnRequest(_Part):
    """Everything a turn depends on."""

    conversation_id: str
    channel: str
    language: str
    message: TurnMessage
    state: dict[str, Any] | None
    facts: dict[str, Any] = Field(default_factory=dict)


class RasaDialogue:
    """Speaks to the Rasa replicas in turn; when one cannot be reached the next is asked."""

    def __init__(self, urls: Sequence[str], secret: str) -> None:
        if not urls:
            raise ValueError("At least one Rasa address is needed.")
        self._urls = [f"{url.rstrip('/')}/webhooks/turn/" for url in urls]
        self._start = itertools.count()
        self._headers = {"X-Parley-Secret": secret, "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Makes the connection pool; call it inside the running loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64),
            timeout=aiohttp.ClientTimeout(total=TURN_TIMEOUT, connect=2),
            headers=self._headers,
        )

    async def close(self) -> None:
        """Closes the pool."""
        if self._session is not None:
            await self._session.close()

    async def turn(self, request: TurnRequest) -> TurnResult:
        """One turn.

        Raises:
            DialogueUnavailable: no replica could be reached.
            DialogueFailed: one was reached and timed out, broke off, or answered something else than a turn.
        """
        body = request.model_dump_json().encode()
        first = next(self._start)
        for offset in range(len(self._urls)):
            try:
                return await self._ask(self._urls[(first + offset) % len(self._urls)], body)
            except aiohttp.ClientConnectorError:
                continue
        raise DialogueUnavailable

    async def _ask(self, url: str, body: bytes) -> TurnResult:
        assert self._session is not None, "open() was not called"
        try:
            async with self._session.post(url, data=body) as response:
                content = await response.read()
                if response.status == 503:
                    raise DialogueUnavailable
                if response.status != 200:
                    raise DialogueFailed(f"The dialogue process answered {response.status}.")
            return TurnResult.model_validate_json(content)
        except aiohttp.ClientConnectorError:
            raise
        except (TimeoutError, aiohttp.ClientError, ValidationError) as error:
            raise DialogueFailed(f"The dialogue process gave no usable answer: {type(error).__name__}.") from error

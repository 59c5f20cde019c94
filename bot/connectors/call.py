"""Calls a connector for a turn (need `http`), once per key however often it is asked. Logs no secret and no content."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.outbound_http import OutboundAnswer, OutboundFailed, OutboundRequest, fetch
from bot.connectors.begin import UNKNOWN, ConnectorRequest, Result, begin_call, end_call, failed
from bot.connectors.strict_json import MOST_FOR_TURN, NotUsable, TooLong, read_json

__all__ = ["ConnectorRequest", "Connectors"]

_log = structlog.get_logger(__name__)
_LOOKS = 40
_LOOK_EVERY = 0.2
"""Seconds between looks for the result of a call that another process is making; longer in all than `STILL_CALLING`."""


class Connectors:
    """Calls to other systems.

    Args:
        callback_base: the address of this site, under which they call back.
        is_held: whether nobody is called now, as a restored back-up has called them before.
    """

    def __init__(
        self,
        sessions: Sessions,
        keys: KeyRing,
        clock: Clock,
        callback_base: str,
        is_held: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._clock = clock
        self._callback_base = callback_base
        self._is_held = is_held

    async def call(self, request: ConnectorRequest, *, key: str, conversation_id: UUID | None) -> Result:
        """Makes the call, or gives what came of it when it was made before.

        Never raises for what the other system or the flow does: that is a result. Opens its own transactions, so
        call it outside of one.

        Args:
            key: names the call for ever (message and number of the need): the same key is the same call.

        Returns:
            `{"ok": true, "status", "json"}` or `{"ok": false, "problem"}`.
        """
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(_LOOK_EVERY)
            async with transaction(self._sessions) as session:
                begun = await begin_call(
                    session,
                    self._keys,
                    request,
                    key=key,
                    conversation_id=conversation_id,
                    callback_base=self._callback_base,
                    is_held=self._is_held is not None and await self._is_held(),
                    now=self._clock.now(),
                )
            if begun.result is not None:
                if not begun.result["ok"]:
                    _log.warning("connector_not_called", connector=request.connector, problem=begun.result["problem"])
                return begun.result
            if begun.call_id is not None and begun.outbound is not None:
                return await self._finish(request, begun.call_id, begun.outbound)
        return failed(UNKNOWN)

    async def _finish(self, request: ConnectorRequest, call_id: UUID, outbound: OutboundRequest) -> Result:
        try:
            answer = await fetch(outbound)
        except OutboundFailed as error:
            status, result = None, failed(error.problem)
        else:
            status, result = answer.status, _read(answer)
        async with transaction(self._sessions) as session:
            kept = await end_call(session, call_id, result, status=status, now=self._clock.now())
        _log.info("connector_called", connector=request.connector, call_id=str(call_id), ok=result["ok"], status=status)
        return kept or result


def _read(answer: OutboundAnswer) -> Result:
    if not 200 <= answer.status < 300:
        return failed(f"answered with status {answer.status}")
    is_json = answer.content_type == "application/json" or answer.content_type.endswith("+json")
    if answer.body.strip() and not is_json:
        return failed("the answer is not JSON")
    try:
        return {"ok": True, "status": answer.status, "json": read_json(answer.body, most=MOST_FOR_TURN)}
    except TooLong:
        return failed("answer too large")
    except NotUsable:
        return failed("the answer is not JSON")

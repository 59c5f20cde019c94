"""One message on the wire: signed, sent past the guard of outbound requests, and what was answered. Stores nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from base.clock import Clock
from base.outbound_http import OutboundFailed, OutboundRequest, fetch
from crm.webhooks.rules import Attempt, read_retry_after
from crm.webhooks.secrets import Secret, sign

TIMEOUT = 15.0
"""Seconds for one attempt, everything included."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of asking, how long it took in seconds, and what stood in the answer."""

    attempt: Attempt
    seconds: float
    body: bytes = field(default=b"", repr=False)


async def ask(
    url: str, secrets: Sequence[Secret], message_id: str, body: str, *, clock: Clock, allow_private: bool
) -> Answered:
    """Sends a message once; whatever goes wrong is an answer, too."""
    headers = {"Content-Type": "application/json", **sign(secrets, message_id, body, clock.now())}
    request = OutboundRequest("POST", url, headers, body.encode(), allow_private=allow_private, timeout=TIMEOUT)
    began = time.monotonic()
    try:
        answer = await fetch(request)
    except OutboundFailed as error:
        return Answered(Attempt(problem=error.problem), time.monotonic() - began)
    pause = read_retry_after(answer.status, answer.retry_after, clock.now())
    return Answered(Attempt(status=answer.status, not_before=pause), time.monotonic() - began, answer.body)

"""What is counted, timed and traced of a turn. Decides nothing, and holds no text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Literal

from base.metrics import ANSWER_SECONDS, CHANNELS, TURN_SECONDS, TURNS, parts_of_turn
from base.tracing import span, tell_span
from bot.claims import Claim

CameTo = Literal["answered", "silent", "handed_over", "given_back", "stale", "broke"]

_came_to: ContextVar[list[CameTo] | None] = ContextVar("parley_turn_came_to", default=None)


@contextmanager
def watched_turn(claim: Claim) -> Iterator[None]:
    """Times the turn for as long as the block runs; one that raises broke, whatever was said of it."""
    channel = CHANNELS.of(claim.channel)
    came_to: list[CameTo] = []
    token = _came_to.set(came_to)
    began = time.perf_counter()
    try:
        with (
            span(
                "turn",
                conversation_id=claim.conversation_id,
                message_id=claim.message_id,
                channel=channel,
                kind=claim.kind,
                attempt=claim.attempts,
            ),
            parts_of_turn() as parts,
        ):
            result: CameTo = "broke"
            try:
                yield
                result = came_to[0] if came_to else "silent"
            finally:
                tell_span(result=result)
    finally:
        _came_to.reset(token)
        TURN_SECONDS.labels(channel, "whole").observe(time.perf_counter() - began)
        for part, seconds in parts.items():
            TURN_SECONDS.labels(channel, part).observe(seconds)
        TURNS.labels(channel, result).inc()


def note_turn(came_to: CameTo) -> None:
    """Says what the turn that is being done here came to; the first word counts."""
    if (noted := _came_to.get()) is not None:
        noted.append(came_to)


def note_answer(claim: Claim, now: datetime) -> None:
    """Times the answer to a message, from when the message was stored."""
    ANSWER_SECONDS.labels(CHANNELS.of(claim.channel)).observe(max((now - claim.received_at).total_seconds(), 0.0))

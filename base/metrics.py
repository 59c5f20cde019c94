"""What a process counts and times of itself, as `/metrics` shows it. Knows no table and sends nothing.

Labels have few values: names of ours, never an id, an address, a path or a text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from base.played import is_played

disable_created_metrics()  # type: ignore[no-untyped-call]  # half as many lines to read; nothing here asks for them
REGISTRY = CollectorRegistry(auto_describe=True)
"""What any process of ours may have to tell."""

OTHER = "other"
"""The value of a label for whatever is not a name of ours, or one too many."""

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,47}|[0-9]{1,5}")  # a provider's code is five digits at most
_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
_SLOW = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)  # seconds

Part = Literal["dialogue", "database"]


class Few:
    """The values of one label: names of ours, and so many at most. What else comes is `other`."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._known: set[str] = set()

    def of(self, value: str) -> str:
        """The value as the label has it."""
        if value in self._known:
            return value
        if len(self._known) >= self._most or _NAME.fullmatch(value) is None:
            return OTHER
        self._known.add(value)
        return value


CHANNELS = Few(16)
RULES = Few(128)
"""Why something was refused: rules of the gate and of channels."""

# Conversations

TURN_SECONDS = Histogram(
    "parley_turn_seconds",
    "Time of a turn: whole, and how much of it went into asking the dialogue process and into the database.",
    ["channel", "part"],
    registry=REGISTRY,
    buckets=_QUICK,
)
ANSWER_SECONDS = Histogram(
    "parley_answer_seconds",
    "From when a message was stored until its answer was, with any wait for more of it and for a dialogue process.",
    ["channel"],
    registry=REGISTRY,
    buckets=(*_QUICK, 30.0, 60.0, 120.0),
)
TURNS = Counter(
    "parley_turns",
    "Turns by what they came to: answered, silent, handed_over, given_back, stale, broke.",
    ["channel", "result"],
    registry=REGISTRY,
)
DIALOGUE_SECONDS = Histogram(
    "parley_dialogue_seconds",
    "Time of a request to a dialogue process, by its place in PARLEY_RASA_URLS, by what was asked (turn, landing, "
    "vectors, facts) and what came of it (answered, failed, not_there).",
    ["replica", "asked", "result"],
    registry=REGISTRY,
    buckets=_QUICK,
)
SOCKETS = Gauge("parley_sockets_open", "Open sockets and streams: chat, call, admin.", ["kind"], registry=REGISTRY)
PUSH_SECONDS = Histogram(
    "parley_push_seconds",
    "From when a message was stored until it was written to a visitor's socket that was open by then.",
    registry=REGISTRY,
    buckets=_QUICK,
)
OPT_OUTS = Counter(
    "parley_opt_outs",
    "Opt-outs written down, by channel (`all`: every one). One whose transaction was done again counts twice.",
    ["channel"],
    registry=REGISTRY,
)

# What comes in

REQUEST_SECONDS = Histogram(
    "parley_request_seconds",
    "Time of a request by what it was for and the first digit of its answer; sockets and long polls are left out.",
    ["area", "status"],
    registry=REGISTRY,
    buckets=_QUICK,
)
WEBHOOKS_IN = Counter(
    "parley_webhooks_in",
    "Webhooks of others by what was answered: accepted, or why not.",
    ["hook", "answer"],
    registry=REGISTRY,
)

# What goes out

SENDS = Counter(
    "parley_sends",
    "Messages handed to a channel by outcome: accepted, refused, later, in_doubt; `reason` where it was refused.",
    ["channel", "outcome", "reason"],
    registry=REGISTRY,
)
SEND_SECONDS = Histogram(
    "parley_send_seconds",
    "Time a channel took for one message.",
    ["channel"],
    registry=REGISTRY,
    buckets=(*_QUICK, 30.0),
)
GATE_ANSWERS = Counter(
    "parley_gate_answers",
    "Answers of the gate that were kept, by when it was asked, what it said and by which rule.",
    ["stage", "answer", "rule"],
    registry=REGISTRY,
)
WEBHOOKS_OUT = Counter(
    "parley_webhooks_out",
    "Our webhooks by what became of them: delivered, waiting (to be tried again), failed, void.",
    ["result"],
    registry=REGISTRY,
)
JOB_SECONDS = Histogram(
    "parley_job_seconds",
    "Time of a job of the worker by task and result: done, failed.",
    ["task", "result"],
    registry=REGISTRY,
    buckets=_SLOW,
)


def count_send(channel: str, outcome: str, seconds: float, *, refused_by: str = "") -> None:
    """Counts and times one message that was handed to a channel."""
    if not is_played():
        SEND_SECONDS.labels(CHANNELS.of(channel)).observe(seconds)
        SENDS.labels(CHANNELS.of(channel), outcome, refused_by and RULES.of(refused_by)).inc()


def count_gate_answer(stage: str, answer: str, rule: str) -> None:
    """Counts an answer of the gate."""
    if not is_played():
        GATE_ANSWERS.labels(stage, answer, RULES.of(rule)).inc()


def count_opt_out(channel: str) -> None:
    """Counts an opt-out."""
    if not is_played():
        OPT_OUTS.labels(CHANNELS.of(channel)).inc()


_parts: ContextVar[dict[str, float] | None] = ContextVar("parley_turn_parts", default=None)


@contextmanager
def parts_of_turn() -> Iterator[dict[str, float]]:
    """Gathers by part how long what is done meanwhile takes."""
    parts: dict[str, float] = {}
    token = _parts.set(parts)
    try:
        yield parts
    finally:
        _parts.reset(token)


@contextmanager
def part_of_turn(name: Part) -> Iterator[None]:
    """Adds the time of the block to the turn that is being done here, if one is."""
    parts = _parts.get()
    if parts is None:
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        parts[name] = parts.get(name, 0.0) + time.perf_counter() - began

"""Figures that only the tables have: how much is due, since when, who is at work. Asked by one worker of all.

The others tell nothing of it, and neither does that one when its last look is too old: no figure is better than one
that was true a while ago.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from base.clock import Clock
from base.metrics import CHANNELS
from base.one_process import hold_alone

log = structlog.get_logger(__name__)

LOOK_EVERY = 15.0
"""Seconds between looks."""
FORGET_AFTER = 60.0
"""Seconds after which what was seen is told no more."""
LOOK_TIMEOUT = 5.0
"""Seconds for one look."""
HOLD = "parley.metrics"
"""The lock of whoever looks."""

_STATEMENT = (Path(__file__).parent / "tables.sql").read_bytes()


@dataclass(frozen=True, slots=True)
class Told:
    """What a figure is; `label` names what its parts differ by."""

    words: str
    label: str | None = None


FIGURES: Mapping[str, Told] = {
    "outbox_due": Told("Messages that should have left by now (at most 10,000 are counted).", "channel"),
    "outbox_oldest_due_seconds": Told("How long the oldest of them has been due."),
    "outbox_sending": Told("Messages that a worker has in hand."),
    "outbox_oldest_sending_seconds": Told("How long the oldest of them has been in hand."),
    "outbox_in_doubt": Told("Messages that may have left, whose provider is still to be asked."),
    "enrolments_due": Told("People whose next step in a journey is due (at most 10,000 are counted)."),
    "enrolments_oldest_due_seconds": Told("How long the first of them has been due."),
    "messages_unanswered": Told("Messages of people that have not been answered yet."),
    "messages_oldest_unanswered_seconds": Told("How long the oldest of them has been waiting."),
    "handoffs_waiting": Told("Talks in which a person was asked for and none has come."),
    "handoffs_oldest_waiting_seconds": Told("How long the oldest of them has been waiting."),
    "webhooks_out_due": Told("Our webhooks that should have left by now."),
    "webhooks_out_oldest_due_seconds": Told("How long the oldest of them has been due."),
    "jobs": Told("Jobs of the workers: due, doing, stuck (their worker is gone), failed (of the last day).", "state"),
    "jobs_oldest_due_seconds": Told("How long the oldest job has been due."),
    "workers_alive": Told("Workers with a sign of life within the last minute."),
    "head_age_seconds": Told("Since when no head of this chain was signed; it is each night.", "chain"),
    "backup_age_seconds": Told("How old the latest back-up is; nothing where none was made."),
    "quarantined": Told("Whether nothing is sent because a back-up was restored."),
    "spent": Told("What texts and calls cost today and this month (UTC), in the currency of the price list.", "period"),
    "database_sessions": Told("Connections to this database."),
    "database_sessions_allowed": Told("Connections that its server allows."),
    "database_oldest_transaction_seconds": Told("How long the oldest transaction has been open."),
    "database_bytes": Told("Size of the database."),
    "clock_skew_seconds": Told("How far this machine's clock is from the database's, either way."),
    "tables_look_seconds": Told("How long the last look at the tables took."),
    "tables_looked_at_timestamp_seconds": Told("When the tables were last looked at."),
}
"""By its name without `parley_`. One of which there is nothing (the oldest of none) is 0."""

_LABELS: Mapping[str, Callable[[str], str]] = {"channel": CHANNELS.of, "state": str, "chain": str, "period": str}

Row = tuple[str, str, float | None]


class TableFigures(Collector):
    """What was seen at the last look."""

    def __init__(self) -> None:
        self._rows: Sequence[Row] = ()
        self._seen_at = 0.0

    def keep(self, rows: Sequence[Row]) -> None:
        """Tells this from now on."""
        self._rows, self._seen_at = rows, time.monotonic()

    def forget(self) -> None:
        """Tells nothing any more: another process looks now, or none can."""
        self._rows = ()

    def describe(self) -> Iterator[Metric]:
        """Nothing is known before the first look."""
        yield from (_family(name) for name in FIGURES)

    def collect(self) -> Iterator[Metric]:
        """The families as Prometheus reads them."""
        rows = self._rows if time.monotonic() - self._seen_at < FORGET_AFTER else ()
        families = {name: _family(name) for name in FIGURES}
        for figure, label, value in rows:
            kind = FIGURES[figure].label
            families[figure].add_metric([_LABELS[kind](label)] if kind else [], max(value or 0.0, 0.0))
        yield from families.values()


async def look_at_tables(database_url: str, clock: Clock, figures: TableFigures) -> None:
    """Runs for the life of a worker: looks whenever no other worker does."""
    while True:
        try:
            async with hold_alone(database_url, HOLD) as connection:
                if connection is not None:
                    await connection.execute(b"SET statement_timeout = %d" % round(LOOK_TIMEOUT * 1000))
                while connection is not None:
                    # Behind a dead switch the server's own time-out is heard of by nobody.
                    async with asyncio.timeout(2 * LOOK_TIMEOUT):
                        rows = await look(connection, clock)
                    figures.keep(rows)
                    await asyncio.sleep(LOOK_EVERY)
        except (psycopg.Error, OSError) as error:
            log.warning("tables_not_looked_at", error=type(error).__name__)
        figures.forget()
        await asyncio.sleep(LOOK_EVERY)


async def look(connection: psycopg.AsyncConnection[Any], clock: Clock) -> list[Row]:
    """One look, and how far the clocks are apart."""
    before = clock.now()
    told = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
    assert told is not None
    between = before + (clock.now() - before) / 2
    began = time.perf_counter()
    rows = await (await connection.execute(_STATEMENT)).fetchall()
    return [
        *((str(figure), str(label), None if value is None else float(value)) for figure, label, value in rows),
        ("clock_skew_seconds", "", abs((told[0] - between).total_seconds())),
        ("tables_look_seconds", "", time.perf_counter() - began),
        ("tables_looked_at_timestamp_seconds", "", datetime.now(UTC).timestamp()),
    ]


def _family(name: str) -> GaugeMetricFamily:
    told = FIGURES[name]
    return GaugeMetricFamily(f"parley_{name}", told.words, labels=[told.label] if told.label else None)

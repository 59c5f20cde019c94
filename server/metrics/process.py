"""Figures that a process is asked for when it is scraped: connections, disk, how the dialogue processes stand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import AsyncEngine


class ReplicaFigures(Protocol):
    """How a dialogue process does, as this process sees it."""

    @property
    def standing(self) -> str:
        """`closed`: it is asked; `half_open`: it is tried out; `open`: it is left alone after failures."""
        ...

    @property
    def in_hand(self) -> int:
        """Requests it has not answered yet."""
        ...


class ProcessFigures(Collector):
    """Of one process."""

    def __init__(
        self,
        process: str,
        engine: AsyncEngine,
        data_dir: Path,
        *,
        replicas: Sequence[ReplicaFigures] = (),
        ceilings: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Creates it.

        Args:
            ceilings: what may be spent, by period (`day`, `month`); none where there is no limit.
        """
        self._process = process
        self._engine = engine
        self._data_dir = data_dir
        self._replicas = replicas
        self._ceilings = ceilings

    def collect(self) -> Iterator[Metric]:
        """The families as Prometheus reads them."""
        yield _one("parley_process", "Which program this is.", {"process": self._process})
        yield from self._pool()
        yield from self._disk()
        yield from self._dialogue()
        most = GaugeMetricFamily(
            "parley_spending_ceiling",
            "What texts and calls may cost in a period, where it is limited.",
            labels=["period"],
        )
        for period, amount in self._ceilings.items():
            most.add_metric([period], amount)
        yield most

    def _pool(self) -> Iterator[Metric]:
        pool = cast("QueuePool", self._engine.pool)
        in_use = GaugeMetricFamily("parley_database_connections_in_use", "Connections of this process that are in use.")
        in_use.add_metric([], pool.checkedout())
        most = GaugeMetricFamily("parley_database_connections_most", "Connections this process may have at once.")
        most.add_metric([], pool.size() + pool._max_overflow)  # noqa: SLF001  # nothing else tells it
        yield from (in_use, most)

    def _disk(self) -> Iterator[Metric]:
        try:
            usage = shutil.disk_usage(self._data_dir)
        except OSError:
            return
        free = GaugeMetricFamily("parley_disk_free_bytes", "Room left on the disk of the data folder.")
        free.add_metric([], usage.free)
        size = GaugeMetricFamily("parley_disk_size_bytes", "Size of the disk of the data folder.")
        size.add_metric([], usage.total)
        yield from (free, size)

    def _dialogue(self) -> Iterator[Metric]:
        asked = GaugeMetricFamily(
            "parley_dialogue_asked",
            "Whether a dialogue process is asked: 1, 0 while it is left alone after failures, between while tried out.",
            labels=["replica"],
        )
        in_hand = GaugeMetricFamily(
            "parley_dialogue_in_hand", "Requests a dialogue process has not answered yet.", labels=["replica"]
        )
        for number, replica in enumerate(self._replicas, 1):
            asked.add_metric([str(number)], _ASKED[replica.standing])
            in_hand.add_metric([str(number)], replica.in_hand)
        yield from (asked, in_hand)


_ASKED = {"closed": 1.0, "half_open": 0.5, "open": 0.0}


def _one(name: str, words: str, labels: dict[str, str]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family

"""Has a process observed for as long as it runs: its figures served, its spans sent, as far as the settings say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.registry import Collector

from base.metrics import REGISTRY
from base.tracing import SPAN_TIMEOUT, start_tracing
from server.metrics.listener import served
from server.metrics.process import ProcessFigures, ReplicaFigures
from server.metrics.tables import TableFigures, look_at_tables
from server.wiring import Platform, database_url

if TYPE_CHECKING:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

log = structlog.get_logger(__name__)


@asynccontextmanager
async def observed(
    platform: Platform, process: str, *, replicas: Sequence[ReplicaFigures] = (), tables: bool = False
) -> AsyncIterator[int | None]:
    """Gives the port at which the figures are; None where the settings name none.

    Args:
        process: what the program is called.
        replicas: the dialogue processes, as this process asks them.
        tables: whether it is one of those that look at the tables.
    """
    settings = platform.settings
    async with AsyncExitStack() as stack:
        if settings.otlp_endpoint:
            stop = start_tracing(
                process, platform.process_id, _exporter(settings.otlp_endpoint), share=settings.trace_share
            )
            stack.push_async_callback(asyncio.to_thread, stop)
        if settings.metrics_port is None:
            yield None
            return
        registry = CollectorRegistry()
        registry.register(_Everybodys())
        ProcessCollector(registry=registry)
        ceilings = {"day": settings.spend_a_day, "month": settings.spend_a_month}
        registry.register(
            ProcessFigures(
                process,
                platform.engine,
                settings.data_dir,
                replicas=replicas,
                ceilings={period: most for period, most in ceilings.items() if most},
            )
        )
        if tables:
            figures = TableFigures()
            registry.register(figures)
            looking = asyncio.create_task(look_at_tables(database_url(settings), platform.clock, figures))
            stack.push_async_callback(_end, looking)
        token = settings.metrics_token
        port = await stack.enter_async_context(
            served(
                registry,
                settings.metrics_host,
                settings.metrics_port,
                None if token is None else token.get_secret_value(),
            )
        )
        log.info("metrics_served", host=settings.metrics_host, port=port)
        yield port


class _Everybodys(Collector):
    """What is counted by whatever runs in the process."""

    collect = staticmethod(REGISTRY.collect)


def _exporter(endpoint: str) -> OTLPSpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=SPAN_TIMEOUT)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

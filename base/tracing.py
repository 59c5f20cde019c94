"""Spans of what a process does, sent to a collector of OpenTelemetry; without one, none is made and nothing is sent.

A span holds ids, names of ours and numbers. What an error says is left out: it may repeat what a person wrote.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from base.played import is_played

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

Fact = UUID | str | int | float | bool | list[UUID] | None

SPAN_TIMEOUT = 5.0
"""Seconds that the last spans of a process may take to leave."""

_NAME = re.compile(r"[a-z][a-zA-Z0-9_.-]{0,63}")
_NONE = nullcontext(trace.INVALID_SPAN)
_propagator = TraceContextTextMapPropagator()


class _Tracing:
    """What this process traces with; None while it does not."""

    tracer: trace.Tracer | None = None


def start_tracing(process: str, process_id: str, exporter: SpanExporter, *, share: float = 1.0) -> Callable[[], None]:
    """Has every span from here on sent; returns what sends the last ones and ends it. Blocks for some seconds at most.

    Args:
        share: from 0 to 1, of traces; one is kept or left out as a whole.
    """
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    provider = TracerProvider(
        resource=Resource({"service.name": f"parley-{process}", "service.instance.id": process_id}),
        sampler=ParentBasedTraceIdRatio(share),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = _Tracing.tracer = provider.get_tracer("parley")

    def stop() -> None:
        if _Tracing.tracer is tracer:
            _Tracing.tracer = None
        # A collector that is away must not hold up the end of the process.
        leaving = threading.Thread(target=provider.shutdown, name="last-spans", daemon=True)
        leaving.start()
        leaving.join(SPAN_TIMEOUT)
        if leaving.is_alive():
            exporter.shutdown()
            leaving.join(SPAN_TIMEOUT)

    return stop


def span(name: str, *, alone: bool = False, inside: bool = False, **facts: Fact) -> AbstractContextManager[Span]:
    """A span for as long as the block runs, part of the one that is open here.

    Args:
        alone: the first of a trace of its own, whatever is open.
        inside: only as a part of one that is open; else there is none.
        facts: what it is about. Of texts only names of ours are kept.
    """
    tracer = _Tracing.tracer
    if tracer is None or is_played() or (inside and not trace.get_current_span().is_recording()):
        return _NONE
    return _recorded(tracer, name, Context() if alone else None, facts)


def tell_span(**facts: Fact) -> None:
    """Adds facts to the span that is open here."""
    current = trace.get_current_span()
    if current.is_recording():
        current.set_attributes(_shown(facts))


def trace_headers() -> dict[str, str]:
    """What tells another program which trace its part belongs to (W3C Trace Context); empty without one."""
    headers: dict[str, str] = {}
    if _Tracing.tracer is not None:
        _propagator.inject(headers)
    return headers


def add_trace_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: names the trace in what is logged during one."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
    return event


@contextmanager
def _recorded(tracer: trace.Tracer, name: str, context: Context | None, facts: Mapping[str, Fact]) -> Iterator[Span]:
    with tracer.start_as_current_span(
        name, context=context, attributes=_shown(facts), record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except Exception as error:
            opened.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _shown(facts: Mapping[str, Fact]) -> dict[str, Any]:
    shown = {f"parley.{name}": _value(fact) for name, fact in facts.items()}
    return {name: value for name, value in shown.items() if value is not None}


def _value(fact: Fact) -> Any:
    if isinstance(fact, UUID):
        return str(fact)
    if isinstance(fact, list):
        return [str(one) for one in fact]
    if isinstance(fact, str):
        return fact if _NAME.fullmatch(fact) else None
    return fact

"""Logs: structlog, constant snake_case event names, ids in fields. Never an address, a text or a token."""

from __future__ import annotations

import logging
import sys

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from base.played import QUIET_THREADS
from base.tracing import add_trace_id

_TALKATIVE = {
    "aiohttp.access": logging.WARNING,
    "mail.log": logging.WARNING,
    "imapclient": logging.WARNING,
    "dkimpy": logging.CRITICAL,
    # Tells each try while the collector is away; that spans were lost in the end is an error.
    "opentelemetry.exporter.otlp.proto.http.trace_exporter": logging.ERROR,
}
"""Libraries that log addresses, lines of mails, tokens in addresses, or too much, and from which level on they may."""


def configure_logging(*, level: str = "INFO", as_json: bool = True) -> None:
    """Sends every log of this process, ours and the libraries', to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        add_trace_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # Its own form of a stack shows the values of variables, and with them what people wrote and credentials.
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    handler.addFilter(_is_heard)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _TALKATIVE.items():
        logging.getLogger(name).setLevel(least)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _is_heard(record: logging.LogRecord) -> bool:
    # What is no HTTP is answered 400; with its bytes and a stack for each, anybody could fill the log as they like.
    # Procrastinate says False where there is none.
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | RequestPayloadError):
        return False
    return record.levelno >= logging.ERROR or not (record.threadName or "").startswith(QUIET_THREADS)

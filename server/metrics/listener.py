"""Serves the figures of one process at `/metrics`, on an address of its own: never on the one that visitors use."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler

from base.errors import ParleyError

PATH = "/metrics"


class MetricsPortTaken(ParleyError):
    """The address for figures cannot be had."""

    code = "metrics_port_taken"
    status = 500


@asynccontextmanager
async def served(registry: CollectorRegistry, host: str, port: int, token: str | None) -> AsyncIterator[int]:
    """Serves for as long as the block runs; gives the port (another than asked for only where that was 0).

    Raises:
        MetricsPortTaken: another process listens there.
    """
    app = web.Application(middlewares=[_for_holders_of(token)] if token else [])
    app.router.add_get(PATH, make_aiohttp_handler(registry))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise MetricsPortTaken(
                f"The figures cannot be served on {host}, port {port} ({error.strerror}): give each process a "
                "PARLEY_METRICS_PORT of its own."
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _for_holders_of(token: str) -> Middleware:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check_token(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, expected):
            raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
        return await handler(request)

    return check_token

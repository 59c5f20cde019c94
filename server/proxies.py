"""Who a request comes from when proxies of the operator's own stand before the web process."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


def behind_proxies(count: int) -> Middleware:
    """Takes the client's address from X-Forwarded-For when `count` trusted proxies each add one entry to it.

    Only the entry that the outermost trusted proxy wrote is believed, counted from the right: what a client sends
    itself stands left of it. With no proxies, or when the header does not fit, the connection's own address stays.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if count:
            lines = request.headers.getall("X-Forwarded-For", [])
            forwarded = [part.strip() for line in lines for part in line.split(",")]
            if len(forwarded) >= count and (address := _address(forwarded[-count])) is not None:
                request = request.clone(remote=address)
        return await handler(request)

    return middleware


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        return None

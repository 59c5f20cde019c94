"""Reads the body of a request up to a limit: what is larger is not read to its end. Knows no content."""

from __future__ import annotations

from aiohttp import web


async def read_limited(request: web.Request, most: int) -> bytes:
    """All of the body.

    Raises:
        HTTPRequestEntityTooLarge: it is larger than `most` bytes, as announced or, sent in pieces, as it comes.
        RequestPayloadError: it ended early or is wrongly encoded.
    """
    body = bytearray()
    size = request.content_length or 0
    if size <= most:
        async for chunk in request.content.iter_chunked(most):
            body += chunk
            if len(body) > most:
                break
        else:
            return bytes(body)
    raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=max(size, len(body)))

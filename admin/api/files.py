"""Files that requests bring and answers carry, a piece at a time. Never holds one whole, and reads none."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from aiohttp import web

from base.errors import Malformed

_PIECE = 65_536  # bytes


@dataclass(frozen=True)
class Upload:
    """A file that comes as the body of a request, and what its sender says it is."""

    content_type: str
    pieces: AsyncIterator[bytes]


@dataclass(frozen=True)
class Download:
    """A file that is saved by the browser under a name of ours (ASCII, without quotes). Texts are UTF-8."""

    content_type: str
    file_name: str
    pieces: AsyncGenerator[str | bytes]


async def receive(request: web.Request) -> AsyncIterator[bytes]:
    """The body in pieces.

    Raises:
        Malformed: it ends before its end.
    """
    try:
        async for piece in request.content.iter_chunked(_PIECE):
            yield piece
    except web.RequestPayloadError as error:
        raise Malformed("The file ended early or is wrongly encoded: send it again.") from error


async def send(request: web.Request, download: Download) -> web.StreamResponse:
    """Answers with the file. What goes wrong before its first piece is still answered as a problem."""
    async with aclosing(download.pieces) as pieces:
        first = _bytes_of(await anext(pieces, ""))
        is_text = download.content_type.startswith("text/") or download.content_type == "application/json"
        response = web.StreamResponse(
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="{download.file_name}"',
                "Content-Type": f"{download.content_type}; charset=utf-8" if is_text else download.content_type,
                "X-Content-Type-Options": "nosniff",
            }
        )
        await response.prepare(request)
        await response.write(first)
        async for piece in pieces:
            await response.write(_bytes_of(piece))
        await response.write_eof()
    return response


def _bytes_of(piece: str | bytes) -> bytes:
    return piece.encode() if isinstance(piece, str) else piece

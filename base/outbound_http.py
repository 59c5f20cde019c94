"""Fetches from addresses that people configured. Connects only to where it may (see `base.public_addresses`), follows
no redirect, reads no more than it was told, logs nothing. Knows nothing of what is fetched.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from base.errors import ParleyError
from base.public_addresses import is_number_in_disguise, may_connect

TIMEOUT = 5.0
"""Seconds for everything: name, connection, request and answer."""
Problem = Literal[
    "address not allowed",
    "not reached",
    "certificate not valid",
    "no answer in time",
    "answer too large",
    "broken answer",
]


class OutboundFailed(ParleyError):
    """Another system could not be asked. `problem` says why; `sent` whether it may have got the request."""

    code = "outbound_failed"
    status = 502

    def __init__(self, problem: Problem, *, sent: bool) -> None:
        super().__init__(f"The other system could not be asked: {problem}.")
        self.problem = problem
        self.sent = sent


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """What to ask. `url` is sent as it is written, so it must be quoted already."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    allow_private: bool = False
    max_bytes: int = 256 * 1024
    timeout: float = TIMEOUT


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    """What came back, of whatever status. `content_type` is the media type alone, in lower case.

    `location` is where the answer points to, as a whole address; whoever follows it asks for it with `fetch`, so that
    every hop is checked. `retry_after` is the header as it was written: seconds or a date. `etag` is the
    version of what it is about.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    location: str | None = field(default=None, repr=False)
    retry_after: str | None = None
    etag: str | None = None


class _AddressRefused(OSError):
    """A name leads to where we do not go."""


class _CheckedResolver(AbstractResolver):
    """Gives the very addresses that were checked, so that a name cannot answer otherwise a moment later."""

    def __init__(self, *, allow_private: bool) -> None:
        self._resolver = ThreadedResolver()
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        # One address that is not allowed spoils the name: an honest one has no mixture.
        if not all(may_connect(entry["host"], allow_private=self._allow_private) for entry in found):
            raise _AddressRefused(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


async def fetch(request: OutboundRequest) -> OutboundAnswer:
    """Asks once and reads the answer.

    Raises:
        OutboundFailed: there is no answer, or none that may be read.
    """
    url = _check_url(request.url, allow_private=request.allow_private)
    connector = aiohttp.TCPConnector(
        resolver=_CheckedResolver(allow_private=request.allow_private), use_dns_cache=False, force_close=True
    )
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=request.timeout),
                auto_decompress=False,
                trust_env=False,
            ) as session,
            session.request(
                request.method,
                url,
                # A packed answer could unpack to any size.
                headers={"User-Agent": "Parley", **request.headers, "Accept-Encoding": "identity"},
                data=request.body,
                allow_redirects=False,
            ) as response,
        ):
            body = await _read(response, request)
            return OutboundAnswer(
                response.status,
                response.content_type.lower(),
                body,
                _location(response),
                response.headers.get("Retry-After"),
                response.headers.get("ETag"),
            )
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        # ValueError: a header or address that cannot be written; its text would name it, so it is not passed on.
        raise _failure(error) from None


def may_ask(text: str, *, allow_private: bool) -> bool:
    """Whether an address is one that `fetch` would try; where its name leads is only seen then."""
    try:
        _check_url(text, allow_private=allow_private)
    except OutboundFailed:
        return False
    return True


def _check_url(text: str, *, allow_private: bool) -> URL:
    """The address to connect to; numbers are checked here, names when they are resolved."""
    try:
        url = URL(text, encoded=True)
        host = url.host or ""
        schemes = {"https", "http"} if allow_private else {"https"}
        allowed = bool(host) and url.scheme in schemes and url.user is None and url.password is None
        allowed = allowed and not is_number_in_disguise(host)
        if allowed and (":" in host or host.replace(".", "").isdigit()):
            allowed = may_connect(host, allow_private=allow_private)
    except ValueError:
        allowed = False
    if not allowed:
        raise OutboundFailed("address not allowed", sent=False)
    return url


def _location(response: aiohttp.ClientResponse) -> str | None:
    told = response.headers.get("Location")
    try:
        return None if told is None else str(response.url.join(URL(told)))
    except ValueError:
        return None


async def _read(response: aiohttp.ClientResponse, request: OutboundRequest) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise OutboundFailed("broken answer", sent=True)
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > request.max_bytes:
            raise OutboundFailed("answer too large", sent=True)
    return bytes(body)


def _failure(error: Exception) -> OutboundFailed:
    """What went wrong, in words that hold no address and no header."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return OutboundFailed("certificate not valid", sent=False)
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = isinstance(error.os_error, _AddressRefused)
        return OutboundFailed("address not allowed" if refused else "not reached", sent=False)
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return OutboundFailed("address not allowed", sent=False)
    if isinstance(error, TimeoutError):
        return OutboundFailed("no answer in time", sent=True)
    return OutboundFailed("broken answer", sent=True)

"""Twilio's own client, kept on a short leash: one time limit for everything, no redirect, nothing logged.

The only place that knows where Twilio's API is, or the simulator that stands in for it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from yarl import URL

from channels.sms.settings import SMSAccount

_CONNECT = 10.0  # seconds
_LOG = logging.getLogger(__name__)


class Throttled(Exception):
    """Twilio wants a pause (HTTP 429)."""

    def __init__(self, after: timedelta | None) -> None:
        super().__init__("too many requests")
        self.after = after


class _HTTP(AsyncHttpClient):  # type: ignore[misc]  # the SDK has no types
    """What the SDK asks through: our session. A simulator is asked in Twilio's place.

    The SDK's own `AsyncTwilioHttpClient` has no time limit for all of it, hides what a 429 says of when to come back,
    and tells its log every address it asks.
    """

    def __init__(self, session: aiohttp.ClientSession, api_url: str | None) -> None:
        super().__init__(_LOG, is_async=True)
        self._session = session
        self._api_url = api_url

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_others: object,
    ) -> Response:
        """Asks once.

        Raises:
            Throttled: too many requests.
            aiohttp.ClientError, TimeoutError: there is no answer.
        """
        if self._api_url is not None:
            asked = URL(url)
            url = str(URL(self._api_url).with_path(asked.path).with_query(asked.query))
        told = dict(headers or {})
        form: bytes | None = None
        if data:
            # What aiohttp makes of a mapping, at a fifth of the time.
            form = urlencode(data, encoding="utf-8").encode("ascii")
            told["Content-Type"] = "application/x-www-form-urlencoded"
        if auth is not None:
            told["Authorization"] = aiohttp.encode_basic_auth(*auth)
        async with self._session.request(
            method, url, params=params, data=form, headers=told, allow_redirects=False
        ) as answer:
            if answer.status == 429:
                raise Throttled(_seconds(answer.headers.get("Retry-After")))
            return Response(answer.status, await answer.text(), answer.headers)


class TwilioAPI:
    """Gives clients of accounts, over connections that they share."""

    def __init__(self, *, timeout: timedelta) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout.total_seconds(), connect=_CONNECT)
        self._session: aiohttp.ClientSession | None = None
        self._clients: dict[tuple[object, ...], Client] = {}

    @asynccontextmanager
    async def client(self, account: SMSAccount) -> AsyncIterator[Client]:
        """A client that acts for one account; it is kept, for making one costs as much as a request."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
            self._clients.clear()
        known_by = (account.login, account.account_sid, account.api_url)
        if known_by not in self._clients:
            name, password = account.login
            # An empty environment: the SDK would take credentials and regions from ours.
            environment: dict[str, Any] = {"PARLEY": ""}
            http = _HTTP(self._session, account.api_url)
            self._clients[known_by] = Client(
                name, password, account.account_sid, http_client=http, environment=environment
            )
        yield self._clients[known_by]

    async def close(self) -> None:
        """Gives the connections up; the next client opens new ones."""
        if self._session is not None:
            await self._session.close()


def _seconds(text: str | None) -> timedelta | None:
    return timedelta(seconds=int(text)) if text and text.isdecimal() and int(text) <= 86_400 else None

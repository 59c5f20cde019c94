"""The client's address behind the operator's proxies."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.proxies import behind_proxies


async def _seen(count: int, *forwarded: str) -> str:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.remote)

    app = web.Application(middlewares=[behind_proxies(count)])
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        headers = [("X-Forwarded-For", line) for line in forwarded]
        return await (await client.get("/", headers=headers)).text()


@pytest.mark.parametrize(
    ("count", "forwarded", "seen"),
    [
        (0, ["203.0.113.9"], "127.0.0.1"),
        (1, ["203.0.113.9"], "203.0.113.9"),
        (1, ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (2, ["198.51.100.1, 203.0.113.9, 10.0.0.1"], "203.0.113.9"),
        (2, ["198.51.100.1", "203.0.113.9, 10.0.0.1"], "203.0.113.9"),
        (2, ["203.0.113.9"], "127.0.0.1"),
        (1, ["not an address"], "127.0.0.1"),
        (1, ["[2001:db8::1]"], "2001:db8::1"),
        (1, [], "127.0.0.1"),
    ],
)
async def test_only_what_the_operators_own_proxies_wrote_is_believed(
    count: int, forwarded: list[str], seen: str
) -> None:
    assert await _seen(count, *forwarded) == seen

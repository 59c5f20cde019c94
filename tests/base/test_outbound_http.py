"""Fetching from configured addresses: where it goes, and where it never does."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from base.outbound_http import OutboundFailed, OutboundRequest, fetch
from base.public_addresses import is_number_in_disguise, may_connect
from tests.base.other_system import Asked, OtherSystem, other_system


@pytest.fixture
async def system() -> AsyncIterator[OtherSystem]:
    async with other_system() as running:
        yield running


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
        "ff02::1", "2001:db8::1", "fec0::1",
    ],
)  # fmt: skip
def test_these_addresses_are_not_public(address: str) -> None:
    assert not may_connect(address, allow_private=False)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_these_addresses_are_public(address: str) -> None:
    assert may_connect(address, allow_private=False)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::1", True),
        ("fd12::1", True),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fd00:ec2::254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
    ],
)
def test_with_private_addresses_allowed_metadata_services_still_are_not(address: str, allowed: bool) -> None:
    assert may_connect(address, allow_private=True) is allowed


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_outside_the_unicast_range_is_never_public_but_for_what_wraps_a_public_one(
    address: object,
) -> None:
    text = str(address)
    if not text.startswith(("2", "3")) and may_connect(text, allow_private=False):
        assert text.startswith(("::ffff:", "64:ff9b::"))


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "127.1", "127.0.0.1.", "017700000001", "0177.0.0.1", "1.2.3.4.5", "a.1"],
)
async def test_an_address_in_disguise_is_refused_even_where_private_ones_are_allowed(host: str) -> None:
    assert is_number_in_disguise(host)
    with pytest.raises(OutboundFailed, match="address not allowed"):
        await fetch(OutboundRequest("GET", f"http://{host}/", allow_private=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "example.com", "1.example.com", "::1", "x7.com", "localhost"])
def test_plain_hosts_are_no_disguise(host: str) -> None:
    assert not is_number_in_disguise(host)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://10.0.0.1/", "https://localhost/",
        "https://169.254.169.254/latest/meta-data/", "http://example.com/", "ftp://example.com/", "file:///etc/passwd",
        "https:///x", "https://user:pw@example.com/", "//example.com/", "https://example.com:99999/", "",
    ],
)  # fmt: skip
async def test_what_is_not_a_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(OutboundFailed, match="address not allowed") as failed:
        await fetch(OutboundRequest("GET", url))
    assert not failed.value.sent


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.215.14", "10.0.0.5"], ["::ffff:7f00:1"]])
async def test_a_name_that_leads_inside_is_refused(answers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET6, 1, 6, "", (it, 443, 0, 0)) if ":" in it else (socket.AF_INET, 1, 6, "", (it, 443))
            for it in answers
        ]

    # The name service is the one thing that is not ours and cannot run here.
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
    with pytest.raises(OutboundFailed, match="address not allowed"):
        await fetch(OutboundRequest("GET", "https://rebinding.example/"))


async def test_the_answer_comes_with_its_status_and_type(system: OtherSystem) -> None:
    system.script = lambda _asked: web.json_response({"a": 1}, status=404)
    answer = await fetch(OutboundRequest("POST", f"{system.url}/a%2Fb?x=%20", {"X-A": "1"}, b"{}", allow_private=True))
    assert (answer.status, answer.content_type, answer.body) == (404, "application/json", b'{"a": 1}')
    assert system.asked[0].path == "/a%2Fb?x=%20"
    assert system.asked[0].headers["X-A"] == "1"
    assert "Cookie" not in system.asked[0].headers


async def test_a_redirect_is_an_answer_and_is_not_followed(system: OtherSystem) -> None:
    def move(_asked: Asked) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{system.url}/secret"})

    system.script = move
    answer = await fetch(OutboundRequest("GET", f"{system.url}/", allow_private=True))
    assert answer.status == 302
    assert [asked.path for asked in system.asked] == ["/"]


async def test_an_answer_without_end_is_read_no_further_than_allowed(system: OtherSystem) -> None:
    sent = 0

    async def pour(asked: Asked) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(requests[0])
        while sent < 50_000_000:
            await response.write(b"x" * 65_536)
            sent += 65_536
        return response

    requests: list[web.Request] = []
    handle = system.handle

    async def note(request: web.Request) -> web.StreamResponse:
        requests.append(request)
        return await handle(request)

    app = web.Application()
    app.router.add_get("/", note)
    system.script = pour
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        with pytest.raises(OutboundFailed, match="answer too large") as failed:
            await fetch(OutboundRequest("GET", f"http://{host}:{port}/", allow_private=True, max_bytes=100_000))
    finally:
        await runner.cleanup()
    assert failed.value.sent
    assert sent < 50_000_000


async def test_a_packed_answer_is_refused(system: OtherSystem) -> None:
    system.script = lambda _asked: web.Response(body=gzip.compress(b"0" * 9_000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(OutboundFailed, match="broken answer"):
        await fetch(OutboundRequest("GET", system.url, allow_private=True))
    assert system.asked[0].headers["Accept-Encoding"] == "identity"


async def test_who_does_not_answer_in_time_may_have_got_the_request(system: OtherSystem) -> None:
    async def wait(_asked: Asked) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    system.script = wait
    with pytest.raises(OutboundFailed, match="no answer in time") as failed:
        await fetch(OutboundRequest("GET", system.url, allow_private=True, timeout=0.2))
    assert failed.value.sent


async def test_who_is_not_there_did_not_get_the_request() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(OutboundFailed, match="not reached") as failed:
        await fetch(OutboundRequest("GET", f"http://127.0.0.1:{port}/", allow_private=True))
    assert not failed.value.sent


async def test_a_header_that_would_end_early_is_refused_and_not_told(system: OtherSystem) -> None:
    with pytest.raises(OutboundFailed) as failed:
        await fetch(OutboundRequest("GET", system.url, {"X-Key": "secret\r\nX-More: 1"}, allow_private=True))
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert system.asked == []

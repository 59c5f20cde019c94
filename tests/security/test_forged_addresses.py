"""Hosts that lead into the inner network, however they are written, named or answered: nothing is connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from base.outbound_http import OutboundFailed, OutboundRequest, fetch
from tests.base.other_system import OtherSystem, other_system

NAMES = {
    "localhost": "127.0.0.1",
    "localhost.localdomain": "127.0.0.1",
    "ip6-localhost": "::1",
    "127.0.0.1.nip.io": "127.0.0.1",
    "10-0-0-1.nip.io": "10.0.0.1",
    "a9fea9fe.nip.io": "169.254.169.254",
    "localtest.me": "127.0.0.1",
    "metadata.google.internal": "169.254.169.254",
    "instance-data": "169.254.169.254",
    "kubernetes.default.svc": "10.96.0.1",
    "host.docker.internal": "192.168.65.2",
    "db.corp.example": "172.16.4.4",
    "wrapped.example": "::ffff:127.0.0.1",
    "wrapped-metadata.example": "::ffff:169.254.169.254",
    "nat64.example": "64:ff9b::7f00:1",
    "sixtofour.example": "2002:7f00:1::",
    "teredo.example": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "link-local.example": "fe80::1",
    "unique-local.example": "fd12:3456::1",
    "aws6.example": "fd00:ec2::254",
    "shared.example": "100.64.0.1",
    "alibaba.example": "100.100.100.200",
    "azure.example": "168.63.129.16",
    "oracle.example": "192.0.0.192",
    "broadcast.example": "255.255.255.255",
    "multicast.example": "224.0.0.1",
    "unspecified.example": "0.0.0.0",  # what a name answers
    "xn--lcalhost-n5a.example": "127.0.0.1",
}
HOSTS = [
    *NAMES,
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "①②⑦.0.0.1", "１２７.0.0.1",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1%25eth0]", "[fd00:ec2::254]", "169.254.169.254",
    "10.0.0.1", "192.168.0.1", "172.31.255.255", "0", "example.com@127.0.0.1", "127.0.0.1#.example.com",
    "127.0.0.1%2f.example.com", "localhost%00.example.com",
]  # fmt: skip


@pytest.fixture
async def packets(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Where anything connects to; names answer as the table says, since no name service can run here."""
    loop, tried = asyncio.get_running_loop(), list[object]()

    async def answer(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        address = NAMES.get(host, host)
        try:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            socket.inet_pton(family, address.partition("%")[0])
        except OSError as error:
            raise socket.gaierror(socket.EAI_NONAME, "no such name") from error
        return [(family, socket.SOCK_STREAM, 6, "", (address, port, 0, 0) if ":" in address else (address, port))]

    async def connect(_socket: object, address: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(loop, "getaddrinfo", answer)
    monkeypatch.setattr(loop, "sock_connect", connect)
    return tried


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_no_packet_leaves_for_a_host_that_leads_inside(packets: list[object], scheme: str, host: str) -> None:
    with pytest.raises(OutboundFailed) as failed:
        await fetch(OutboundRequest("GET", f"{scheme}://{host}/latest/meta-data/"))
    assert not failed.value.sent
    assert packets == []


async def test_a_host_that_leads_outside_would_be_connected_to(
    packets: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts packets above does count them."""
    monkeypatch.setitem(NAMES, "www.example", "93.184.215.14")
    with pytest.raises(OutboundFailed, match="not reached"):
        await fetch(OutboundRequest("GET", "https://www.example/"))
    assert packets == [("93.184.215.14", 443)]


async def test_a_name_that_answers_otherwise_the_second_time_is_asked_once(
    packets: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the first answer is public and passes, the second would be the one that is connected to."""
    loop, answers = asyncio.get_running_loop(), ["93.184.215.14", "127.0.0.1", "127.0.0.1"]

    async def answer(_host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(loop, "getaddrinfo", answer)
    with pytest.raises(OutboundFailed):
        await fetch(OutboundRequest("GET", "https://rebinding.example/"))
    assert packets == [("93.184.215.14", 443)]
    assert len(answers) == 2


@pytest.fixture
async def system() -> AsyncIterator[OtherSystem]:
    async with other_system() as running:
        yield running


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_inside_is_not_followed(system: OtherSystem, status: int) -> None:
    """The one who was asked may point anywhere: whoever goes there asks again, and is checked again."""
    target = "http://169.254.169.254/latest/meta-data/"
    system.script = lambda _asked: web.Response(status=status, headers={"Location": target})
    answer = await fetch(OutboundRequest("GET", f"{system.url}/", allow_private=True))
    assert (answer.status, answer.location, len(system.asked)) == (status, target, 1)
    with pytest.raises(OutboundFailed, match="address not allowed"):
        await fetch(OutboundRequest("GET", target, allow_private=True))

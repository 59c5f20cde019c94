"""A DNS server on loopback that knows what a test tells it: dnspython speaks the protocol, sockets are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[str, Sequence[str]]
"""TXT records by name. A name with none exists and has no TXT record; one that is missing does not exist."""


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Answers questions for TXT records.

    Attributes:
        broken: names it cannot answer about (SERVFAIL).
        silent: whether it answers at all.
    """

    records: Records
    broken: frozenset[str] = frozenset()
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        name = str(question.question[0].name).rstrip(".").lower()
        self.asked.append(name)
        if self.silent:
            return
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if name in self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif self.records[name]:
            texts = [_quoted(one) for one in self.records[name]]
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", "TXT", texts))
        self._transport.sendto(answer.to_wire(), address)  # type: ignore[attr-defined]

    def resolver(self) -> dns.asyncresolver.Resolver:
        """A resolver that asks this server and no other."""
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], self.port
        return resolver


def _quoted(text: str) -> str:
    """As strings of 255 characters, which is how long records are kept."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text) or 1, 255))


@asynccontextmanager
async def name_server(records: Records, **more: object) -> AsyncIterator[NameServer]:
    """A server that runs."""
    server = NameServer(records, **more)  # type: ignore[arg-type]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", 0)
    )
    server.port = transport.get_extra_info("sockname")[1]
    try:
        yield server
    finally:
        transport.close()

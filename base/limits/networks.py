"""Who counts as one caller by their address. Pure."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network, ip_address


def network_of(address: str) -> str:
    """What one customer of a provider has: an IPv4 address, or a /64 of IPv6, which is as easy to come by."""
    with suppress(ValueError):
        found = ip_address(address)
        if isinstance(found, IPv6Address):
            if found.ipv4_mapped is not None:
                return str(found.ipv4_mapped)
            return str(IPv6Network((int(found), 64), strict=False))
    return address

"""Which network addresses are on the public internet. Pure; used against requests forged through this server (SSRF)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NEVER_PUBLIC = tuple(
    ip_network(net)
    for net in (
        "192.0.0.0/24",  # IETF protocol assignments; some clouds put their metadata there
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # Azure's platform address, though its range is public
        "2001::/23",  # Teredo, ORCHID and other special ranges
        "2002::/16",  # 6to4: an IPv4 address in disguise
    )
)
_METADATA = tuple(
    ip_network(net)
    for net in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::/32",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    )
)
_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_LIKE_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?", re.IGNORECASE)


def may_connect(address: str, *, allow_private: bool) -> bool:
    """Whether the address is public or, with `allow_private`, at least none of a cloud's metadata services."""
    found = _unwrap(ip_address(address))
    if any(found in net for net in _METADATA) or found.is_multicast or found.is_unspecified:
        return False
    return allow_private or _is_public(found)


def is_number_in_disguise(host: str) -> bool:
    """Whether a host is an IPv4 address written otherwise than as four decimal numbers (`2130706433`, `0x7f.1`).

    Some resolvers and libraries take these for addresses, others for names: nobody means well with them.
    """
    if not _LIKE_NUMBER.fullmatch(host):
        return False
    try:
        return str(ip_address(host)) != host
    except ValueError:
        return True


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if any(address in net for net in _NEVER_PUBLIC):
        return False
    return address.is_global and (address.version == 4 or address in _UNICAST)


def _unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where the network itself translates it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address

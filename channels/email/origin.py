"""Whether a mail really comes from the domain in its From: what our own mail server says, or its DKIM signature.

SPF alone is not taken: it proves the envelope, which the person never sees (RFC 7489, 3.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from email.message import EmailMessage

import dkim
import dns.exception
import dns.resolver

Lookup = Callable[..., bytes | None]
"""A domain's TXT record, as dkimpy asks for it."""

_RESULT = re.compile(r"\b(dmarc|dkim)\s*=\s*pass\b([^;]*)", re.IGNORECASE)
_DOMAIN = re.compile(r"header\.(?:d|i|from)\s*=\s*(?:[^\s;@]*@)?([A-Za-z0-9._-]+)", re.IGNORECASE)
_DNS_PATIENCE = 5.0  # seconds


def is_proven(message: EmailMessage, raw: bytes, sender: str, *, authserv_id: str | None, lookup: Lookup) -> bool:
    """Whether the domain of the sender's address vouches for the mail. Asks the DNS: not for the event loop.

    Args:
        authserv_id: how our own mail server names itself in `Authentication-Results` (RFC 8601); what others claim
            there is not believed. None: only the signature counts.
    """
    domain = sender.rpartition("@")[2].lower().rstrip(".")
    if not domain:
        return False
    if authserv_id:
        # The topmost is the one that our server added last; whoever sent the mail can only have put theirs below.
        own = [text for text in _results(message) if _server_of(text) == authserv_id.lower()]
        return bool(own) and _vouches(own[0], domain)
    return _is_signed(raw, domain, lookup)


def txt_record(name: bytes, timeout: float = _DNS_PATIENCE) -> bytes | None:
    """A TXT record from the DNS, None when there is none or nobody answers."""
    try:
        answer = dns.resolver.resolve(name.decode("ascii"), "TXT", lifetime=min(timeout, _DNS_PATIENCE))
        return next((b"".join(record.strings) for record in answer), None)
    except (dns.exception.DNSException, UnicodeDecodeError):
        return None


def _results(message: EmailMessage) -> Sequence[str]:
    return [" ".join(str(value).split()) for value in message.get_all("Authentication-Results", [])]


def _server_of(result: str) -> str:
    words = result.partition(";")[0].split()
    return words[0].lower() if words else ""


def _vouches(result: str, domain: str) -> bool:
    for method, about in _RESULT.findall(result.partition(";")[2]):
        named = _DOMAIN.search(about)
        if named is not None and _aligned(named[1].lower(), domain):
            return True
        if method.lower() == "dmarc" and named is None:
            return True
    return False


def _is_signed(raw: bytes, domain: str, lookup: Lookup) -> bool:
    try:
        checked = dkim.DKIM(raw)
        count = sum(name.lower() == b"dkim-signature" for name, _ in checked.headers)
        for number in range(min(count, 3)):
            if checked.verify(idx=number, dnsfunc=lookup) and _aligned(checked.domain.decode("ascii").lower(), domain):
                return True
    except (dkim.DKIMException, ValueError, UnicodeDecodeError, AttributeError, TypeError, IndexError):
        return False
    return False


def _aligned(signing: str, domain: str) -> bool:
    """RFC 7489's relaxed alignment, without a list of public suffixes: it is the same domain, or a domain above it."""
    signing = signing.rstrip(".")
    return "." in signing and (domain == signing or domain.endswith(f".{signing}"))

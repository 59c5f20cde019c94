"""Whether a mail really comes from the domain in its From: what our own mail server says, or its DKIM signature.

SPF alone is not taken: it proves the envelope, which the person never sees (RFC 7489, 3.1). Says nothing of the part
before the @: that somebody may write from it is between them and their domain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.errors import InvalidHeaderDefect
from email.message import EmailMessage
from itertools import islice
from typing import Literal

import dkim
import dns.exception
import dns.resolver
from authres import AuthenticationResultsHeader

Lookup = Callable[..., bytes | None]
"""A domain's TXT record, as dkimpy asks for it."""

Origin = Literal["proven", "unknown", "refuted"]
"""`refuted`: our own server found that the domain says that the mail is not its own."""

_DNS_PATIENCE = 5.0  # seconds
_MOST_HEADERS, _MOST_SIGNATURES = 20, 3  # looked at
_ALGORITHMS = frozenset({b"rsa-sha256", b"ed25519-sha256"})  # RFC 8301 has done away with SHA-1


def read_origin(message: EmailMessage, raw: bytes, sender: str, *, authserv_id: str | None, lookup: Lookup) -> Origin:
    """Whether the domain of the sender's address vouches for the mail. Asks the DNS: not for the event loop.

    Args:
        authserv_id: how our own mail server names itself in `Authentication-Results` (RFC 8601); what others claim
            there is not believed. None: only the signature counts.
    """
    domain = _plain(sender.rpartition("@")[2])
    if not domain or not _names_one_sender(message):
        return "unknown"
    if not authserv_id:
        return "proven" if _is_signed(raw, domain, lookup) else "unknown"
    # The topmost is the one that our server added last; whoever sent the mail can only have put theirs below.
    own = next((text for text in _results(message) if _server_of(text) == authserv_id.lower()), "")
    return _decide(own, domain)


def txt_record(name: bytes, timeout: float = _DNS_PATIENCE) -> bytes | None:
    """A TXT record from the DNS, None when there is none or nobody answers."""
    try:
        answer = dns.resolver.resolve(name.decode("ascii"), "TXT", lifetime=min(timeout, _DNS_PATIENCE))
        return next((b"".join(record.strings) for record in answer), None)
    except (dns.exception.DNSException, UnicodeDecodeError):
        return None


def _names_one_sender(message: EmailMessage) -> bool:
    """Whether everybody who reads the mail takes it to be from the same address: of two, others may check the other."""
    try:
        (header,) = message.get_all("From", [])
        return len(header.addresses) == 1 and not any(isinstance(one, InvalidHeaderDefect) for one in header.defects)
    except Exception:  # noqa: BLE001  # the parser of headers raises whatever it comes upon
        return False


def _results(message: EmailMessage) -> Iterator[str]:
    values = (value for name, value in message.raw_items() if name.lower() == "authentication-results")
    return (" ".join(str(value).split()) for value in islice(values, _MOST_HEADERS))


def _server_of(result: str) -> str:
    words = result.partition(";")[0].split()
    return words[0].lower() if words else ""


def _decide(result: str, domain: str) -> Origin:
    try:
        found = AuthenticationResultsHeader.parse(f"Authentication-Results: {result}").results
    except Exception:  # noqa: BLE001  # as above; what our server wrote and cannot be read says nothing
        return "unknown"
    named = [
        (one.method.lower(), one.result.lower(), {(p.type, p.name): p.value for p in one.properties}) for one in found
    ]
    of_dmarc = [(verdict, _plain(told.get(("header", "from"), ""))) for name, verdict, told in named if name == "dmarc"]
    if any(verdict == "fail" for verdict, _ in of_dmarc):
        return "refuted"
    if of_dmarc and all(verdict == "pass" and about == domain for verdict, about in of_dmarc):
        return "proven"
    signers = [
        told.get(("header", "d")) or told.get(("header", "i"), "").rpartition("@")[2]
        for name, verdict, told in named
        if name == "dkim" and verdict == "pass"
    ]
    return "proven" if any(_aligned(_plain(signer), domain) for signer in signers) else "unknown"


def _is_signed(raw: bytes, domain: str, lookup: Lookup) -> bool:
    try:
        checked = dkim.DKIM(raw)
        values = [value for name, value in checked.headers if name.lower() == b"dkim-signature"]
        fit = [number for number, value in enumerate(values[:_MOST_HEADERS]) if _may_vouch(value, domain)]
    except Exception:  # noqa: BLE001  # dkimpy raises whatever it comes upon in a mail that is none
        return False
    return any(_verifies(checked, number, lookup) for number in fit[:_MOST_SIGNATURES])


def _verifies(checked: dkim.DKIM, number: int, lookup: Lookup) -> bool:
    try:
        return bool(checked.verify(idx=number, dnsfunc=_no_trial(lookup)))
    except Exception:  # noqa: BLE001  # the same; the next signature may be sound
        return False


def _may_vouch(signature: bytes, domain: str) -> bool:
    """Whether a signature could prove anything here: nobody's DNS is asked for one that could not."""
    try:
        tags = dkim.util.parse_tag_value(signature)
    except dkim.util.InvalidTagValueList:
        return False
    if tags.get(b"a") not in _ALGORITHMS or b"l" in tags:
        return False  # with l= whatever is appended to the mail is not signed
    return _aligned(_plain(tags.get(b"d", b"").decode("utf-8", "replace")), domain)


def _no_trial(lookup: Lookup) -> Lookup:
    def ask(name: bytes, timeout: float = _DNS_PATIENCE) -> bytes | None:
        """The record, unless its domain says that it only tries signing out (t=y)."""
        record = lookup(name, timeout=timeout)
        flags = dkim.util.parse_tag_value(record).get(b"t", b"") if record else b""
        return None if b"y" in flags.split(b":") else record

    return ask


def _plain(domain: str) -> str:
    """A domain as it is compared: in small letters and, with letters beyond ASCII, as the DNS knows it."""
    try:
        return domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _aligned(signing: str, domain: str) -> bool:
    """RFC 7489's relaxed alignment, without a list of public suffixes: it is the same domain, or a domain above it."""
    return "." in signing and (domain == signing or domain.endswith(f".{signing}"))

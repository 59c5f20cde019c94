"""The hash chain of the ledger: each event's hash covers its content and the hash before it. Pure.

The form hashed is RFC 8785 canonical JSON, so that anybody can check an exported ledger without our code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import rfc8785

GENESIS = "0" * 64
"""`prev_hash` of the first event."""

HASHED = (
    "id",
    "schema_version",
    "event",
    "principal_ref",
    "address_hmac",
    "purpose",
    "channel",
    "controller",
    "lawful_basis",
    "notice_sha256",
    "language",
    "method",
    "evidence",
    "actor",
    "effective_at",
    "recorded_at",
    "valid_until",
    "prev_hash",
)


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the ledger is not what was written."""

    seq: int | None
    what: str


def hash_of(event: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) that belongs into the event's `hash`."""
    return hashlib.sha256(rfc8785.dumps({name: _plain(event[name]) for name in HASHED})).hexdigest()


def notice_sha256(language: str, text: str) -> str:
    """The address of a consent text: two languages' equal texts are two notices."""
    return hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()


def find_breaks(event: Mapping[str, Any], previous_hash: str) -> Iterator[Break]:
    """What is wrong with one event, given the hash of the one before."""
    if event["prev_hash"] != previous_hash:
        yield Break(event["seq"], "does not follow the event before it: one was removed, added or moved")
    if event["hash"] != hash_of(event):
        yield Break(event["seq"], "was changed after it was written")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    return value

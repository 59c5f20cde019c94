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

_SAFE_INTEGER = 2**53  # beyond it RFC 8785 has no exact form

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
"""What the hash of an event of schema version 1 covers."""

HASHED_BY_VERSION: Mapping[int, tuple[str, ...]] = {
    1: HASHED,
    2: (*HASHED, "brand", "purposes", "data_categories", "jurisdiction"),
}
SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the ledger is not what was written."""

    seq: int | None
    what: str


def hash_of(event: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) that belongs into the event's `hash`.

    Raises:
        KeyError: there is no such schema version.
    """
    return hashlib.sha256(rfc8785.dumps(hashed_form(event))).hexdigest()


def hashed_form(event: Mapping[str, Any]) -> dict[str, Any]:
    """What the hash covers, as JSON has it."""
    return {name: as_json(event[name]) for name in HASHED_BY_VERSION[event["schema_version"]]}


def notice_sha256(language: str, text: str) -> str:
    """The address of a consent text: two languages' equal texts are two notices."""
    return hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()


def find_breaks(event: Mapping[str, Any], previous_hash: str) -> Iterator[Break]:
    """What is wrong with one event, given the hash of the one before."""
    if event["prev_hash"] != previous_hash:
        yield Break(event["seq"], "does not follow the event before it: one was removed, added or moved")
    try:
        written = hash_of(event)
    except (rfc8785.CanonicalizationError, KeyError):
        # Such content is never recorded, see `is_recordable`, nor under a version that does not exist.
        written = None
    if event["hash"] != written:
        yield Break(event["seq"], "was changed after it was written")


def is_recordable(evidence: Any) -> bool:
    """Whether the database gives this JSON back exactly as it was hashed: a fraction or a huge number it may not."""
    match evidence:
        case bool() | None:
            return True
        case int():
            return abs(evidence) < _SAFE_INTEGER
        case str():
            # PostgreSQL stores no NUL; half a surrogate pair is no text in UTF-8.
            return _is_storable(evidence)
        case list() | tuple():
            return all(is_recordable(one) for one in evidence)
        case dict():
            return all(isinstance(key, str) and is_recordable(key) and is_recordable(evidence[key]) for key in evidence)
    return False


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def as_json(value: Any) -> Any:
    """A column's value as the ledger hashes and exports it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    return value

"""Ledgers for tests: chains made without a database, exported and signed as the real ones."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

from base.encryption import KeyRing
from crm.consent.chain import GENESIS, HASHED_BY_VERSION, as_json, hash_of, notice_sha256
from crm.consent.signing import Signer, signer_of
from crm.consent.verify_ledger import EXPORT_TYPE, HEAD_TYPE, canonical, read_keys, to_base64url

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TEXT = "Ja, Northwind darf mir „Neues“ schicken. 🙂"
RING = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)


def trusted(ring: KeyRing = RING):
    signer = signer_of(ring)
    return read_keys({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": to_base64url(signer.public_key)}]})


def make_events(count: int, *, version: int = 2) -> list[dict]:
    events, previous = [], GENESIS
    for number in range(1, count + 1):
        event = {
            "id": UUID(int=number),
            "schema_version": version,
            "event": ("given", "withdrawn")[number % 2],
            "principal_ref": UUID(int=1_000 + number % 3),
            "address_hmac": None,
            "purpose": "marketing",
            "channel": "email",
            "controller": "Northwind",
            "lawful_basis": "consent",
            "notice_sha256": notice_sha256("de", TEXT),
            "language": "de",
            "method": "chat_choice",
            "evidence": {"answer_message_id": str(UUID(int=number)), "é\u2028": [number, True, None]},
            "actor": "subject",
            "effective_at": NOW,
            "recorded_at": NOW + timedelta(seconds=number),
            "valid_until": None,
            "prev_hash": previous,
            "brand": None,
            "purposes": ["https://w3id.org/dpv#DirectMarketing"],
            "data_categories": ["https://w3id.org/dpv/pd#EmailAddress"],
            "jurisdiction": "DE",
            "seq": number * 2,
        }
        event["hash"] = previous = hash_of(event)
        events.append(event)
    return events


def lines_of(events: list[dict]) -> list[dict]:
    signer = signer_of(RING)
    notice = {"kind": "notice", "sha256": notice_sha256("de", TEXT), "language": "de", "text": TEXT}
    return [
        {"kind": "export", "format": "parley-ledger", "version": 1, "exported_at": as_json(NOW)},
        {"kind": "key", "kid": signer.key_id, "x": to_base64url(signer.public_key)},
        *([notice] if events else []),
        *(
            {"kind": "event", "seq": one["seq"], "hash": one["hash"]}
            | {name: as_json(one[name]) for name in HASHED_BY_VERSION[one["schema_version"]]}
            for one in events
        ),
        {"kind": "head", "jws": head_of(events)},
    ]


def head_of(events: list[dict], signer: Signer | None = None) -> str:
    told = {"length": len(events), "head": events[-1]["hash"] if events else GENESIS, "signed_at": as_json(NOW)}
    return (signer or signer_of(RING)).sign(told, HEAD_TYPE)


def sealed(lines: list[dict], signer: Signer | None = None) -> bytes:
    """The export of lines, signed again: what who changes a ledger and has a key could make of it."""
    body = b"".join(canonical(line) + b"\n" for line in lines)
    events = [line for line in lines if line["kind"] == "event"]
    told = {
        "events": len(events),
        "head": events[-1]["hash"] if events else GENESIS,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    return body + canonical({"kind": "end", "jws": (signer or signer_of(RING)).sign(told, EXPORT_TYPE)}) + b"\n"

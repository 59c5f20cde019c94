"""Checks an exported consent ledger and receipts without Parley: this one file, Python and `cryptography` are enough.

    python verify_ledger.py ledger.jsonl --keys jwks.json --head head.json --receipt receipt.json

Finds whatever was changed, removed, added, moved or cut off. Asks no server, imports nothing of ours, changes nothing.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "parley-ledger"
FORMAT_VERSION = 1
HEAD_TYPE = "parley-ledger-head+jws"
EXPORT_TYPE = "parley-ledger-export+jws"
RECEIPT_TYPE = "parley-consent-receipt+jws"
GENESIS = "0" * 64
_HASHED_1 = (
    "id", "schema_version", "event", "principal_ref", "address_hmac", "purpose", "channel", "controller",
    "lawful_basis", "notice_sha256", "language", "method", "evidence", "actor", "effective_at", "recorded_at",
    "valid_until", "prev_hash",
)  # fmt: skip
HASHED = {1: _HASHED_1, 2: (*_HASHED_1, "brand", "purposes", "data_categories", "jurisdiction")}
_ORDER = ("export", "key", "notice", "event", "head", "end")
_SAFE_INTEGER = 2**53
_PLAIN = json.JSONEncoder(ensure_ascii=False).encode
"""A text, true, false or null as JSON has it."""

Keys = Mapping[str, Ed25519PublicKey]


class Unverifiable(ValueError):
    """Something is not in the form in which it could be checked, or its signature does not hold."""


@dataclass(frozen=True)
class Finding:
    """What is wrong, and in which line of the file (0: in none of them)."""

    line: int
    what: str


@dataclass
class Report:
    """What a check came to. `signed_by` are the ids of the keys whose signatures held."""

    events: int = 0
    head: str = GENESIS
    signed_by: set[str] = field(default_factory=set)
    hashes: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        return not self.findings


def canonical(value: Any) -> bytes:
    """RFC 8785 canonical JSON of what a ledger holds: texts, whole numbers, true, false, null, lists, objects.

    Raises:
        Unverifiable: it holds anything else.
    """
    try:
        return _written(value).encode()
    except UnicodeEncodeError as error:
        raise Unverifiable("holds half a character") from error


def _written(value: Any) -> str:
    if value is None or isinstance(value, (bool, str)):
        return _PLAIN(value)
    if isinstance(value, int) and abs(value) < _SAFE_INTEGER:
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(_written(one) for one in value) + "]"
    if isinstance(value, dict):
        # Sorted as UTF-16, as JavaScript compares texts; of ASCII that is the order of its characters.
        ascii_only = all(name.isascii() for name in value)
        names = sorted(value, key=None if ascii_only else lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_PLAIN(name)}:{_written(value[name])}" for name in names) + "}"
    raise Unverifiable(f"holds {type(value).__name__}, which has no exact form")


def event_hash(event: Mapping[str, Any]) -> str:
    """The hash that belongs to an event.

    Raises:
        Unverifiable: its schema version is not known here, or a field is missing.
    """
    names = HASHED.get(event.get("schema_version", 0))
    if names is None or not all(name in event for name in names):
        raise Unverifiable("is no event of a schema version that this program knows")
    return hashlib.sha256(canonical({name: event[name] for name in names})).hexdigest()


def key_id_of(public_key: bytes) -> str:
    """The RFC 7638 thumbprint (SHA-256) of a raw Ed25519 public key: its id cannot belong to another key."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": to_base64url(public_key)}
    return to_base64url(hashlib.sha256(canonical(jwk)).digest())


def to_base64url(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes again.

    Raises:
        Unverifiable: it is not exactly what `to_base64url` writes.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise Unverifiable("is no base64url") from error
    if to_base64url(data) != text:
        raise Unverifiable("is no base64url as it is written")
    return data


def read_keys(jwks: Mapping[str, Any]) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 keys of a JWK set by their thumbprints, whatever ids they say they have.

    Raises:
        Unverifiable: it is no JWK set.
    """
    found = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(found, list):
        raise Unverifiable("is no JWK set")
    keys = {}
    for one in found:
        if isinstance(one, dict) and one.get("kty") == "OKP" and one.get("crv") == "Ed25519":
            raw = from_base64url(str(one.get("x")))
            keys[key_id_of(raw)] = _public_key(raw)
    return keys


def _public_key(raw: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise Unverifiable("is no Ed25519 key") from error


def check_jws(jws: object, keys: Keys, kind: str, *, detached: bytes | None = None) -> tuple[str, Any]:
    """The key id and the content of a compact JWS (RFC 7515, EdDSA); with `detached`, of one without its payload.

    Raises:
        Unverifiable: it is none of this kind, by no key that is trusted, or its signature does not hold.
    """
    parts = jws.split(".") if isinstance(jws, str) else []
    if len(parts) != 3:
        raise Unverifiable("is no signature")
    header = _parse(from_base64url(parts[0]))
    if not isinstance(header, dict) or header.get("alg") != "EdDSA" or header.get("typ") != kind:
        raise Unverifiable("is a signature of another kind")
    key_id = header.get("kid")
    key = keys.get(key_id) if isinstance(key_id, str) else None
    if key is None or not isinstance(key_id, str):
        raise Unverifiable(f"is signed with a key that is not among the trusted ones ({key_id})")
    payload = from_base64url(parts[1]) if detached is None else detached
    if detached is not None and parts[1]:
        raise Unverifiable("carries a content of its own")
    signed = f"{parts[0]}.{to_base64url(payload)}".encode()
    try:
        key.verify(from_base64url(parts[2]), signed)
    except InvalidSignature as error:
        raise Unverifiable("has a signature that does not hold") from error
    return key_id, _parse(payload)


def _need(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # as `assert` reads
    if not holds:
        raise Unverifiable(otherwise)


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise Unverifiable("is no JSON") from error


def verify_export(data: bytes, keys: Keys | None = None, heads: Iterable[str] = ()) -> Report:
    """Checks an export.

    Args:
        data: the file's bytes.
        keys: the keys that are trusted; None: those that the file itself names, which says only that it is of one
            piece.
        heads: signed heads (JWS) that were kept elsewhere.
    """
    report = Report()
    lines = _read_lines(data, report)
    if not lines:
        report.findings.append(Finding(0, "holds no ledger"))
        return report
    _check_order(lines, report)
    trusted = _keys_of(lines, report) if keys is None else keys
    _check_notices(lines, report)
    hashes = _check_events(lines, report)
    report.hashes = set(hashes)
    for number, line in lines:
        if line.get("kind") == "head":
            _check_head(number, line.get("jws"), hashes, trusted, report)
    for jws in heads:
        _check_head(0, jws, hashes, trusted, report)
    _check_end(data, lines, hashes, trusted, report)
    return report


def verify_receipt(receipt: Any, keys: Keys, ledger: Report | None = None) -> Report:
    """Checks a receipt, and with a ledger that its event stands there."""
    report = Report()
    try:
        _need(isinstance(receipt, dict), "is no receipt")
        unsigned = {name: value for name, value in receipt.items() if name != "jws"}
        key_id, _ = check_jws(receipt.get("jws"), keys, RECEIPT_TYPE, detached=canonical(unsigned))
        report.signed_by.add(key_id)
        if ledger is not None and receipt.get("eventHash") not in ledger.hashes:
            report.findings.append(Finding(0, "The receipt is of an event that does not stand in this ledger"))
    except Unverifiable as error:
        report.findings.append(Finding(0, f"The receipt {error}"))
    return report


def _read_lines(data: bytes, report: Report) -> list[tuple[int, dict[str, Any]]]:
    """The lines with their numbers; each must be written exactly as an export writes it."""
    lines: list[tuple[int, dict[str, Any]]] = []
    if not data.endswith(b"\n"):
        report.findings.append(Finding(0, "The file's end is missing"))
    for number, raw in enumerate(data.removesuffix(b"\n").split(b"\n"), 1):
        try:
            line = _parse(raw)
            _need(isinstance(line, dict) and canonical(line) == raw, "is not written as an export writes it")
        except Unverifiable as error:
            report.findings.append(Finding(number, f"The line {error}"))
        else:
            lines.append((number, line))
    return lines


def _check_order(lines: Sequence[tuple[int, dict[str, Any]]], report: Report) -> None:
    first = lines[0][1]
    if first.get("kind") != "export" or first.get("format") != FORMAT or first.get("version") != FORMAT_VERSION:
        report.findings.append(Finding(1, "The file does not begin as an export that this program knows"))
    if lines[-1][1].get("kind") != "end":
        report.findings.append(Finding(0, "The file's last line is missing: it was cut off"))
    places = [_ORDER.index(kind) if (kind := line.get("kind")) in _ORDER else -1 for _, line in lines]
    for (number, _), place, before in zip(lines[1:], places[1:], places, strict=False):
        if place < before or (place == before and place in (0, len(_ORDER) - 1)):
            report.findings.append(Finding(number, "The line does not belong here"))


def _keys_of(lines: Iterable[tuple[int, dict[str, Any]]], report: Report) -> dict[str, Ed25519PublicKey]:
    keys = {}
    for number, line in lines:
        if line.get("kind") == "key":
            try:
                raw = from_base64url(str(line.get("x")))
                keys[key_id_of(raw)] = _public_key(raw)
            except Unverifiable as error:
                report.findings.append(Finding(number, f"The key {error}"))
    return keys


def _check_notices(lines: Iterable[tuple[int, dict[str, Any]]], report: Report) -> None:
    shown: set[Any] = set()
    wanted: dict[Any, int] = {}
    for number, line in lines:
        if line.get("kind") == "notice":
            text = f"{line.get('language')}\n{line.get('text')}"
            if hashlib.sha256(text.encode()).hexdigest() != line.get("sha256"):
                report.findings.append(Finding(number, "The text was changed after it was shown"))
            shown.add(line.get("sha256"))
        elif line.get("kind") == "event" and line.get("notice_sha256") is not None:
            wanted.setdefault(line["notice_sha256"], number)
    for sha256, number in wanted.items():
        if sha256 not in shown:
            report.findings.append(Finding(number, "The text that this event shows is missing"))


def _check_events(lines: Iterable[tuple[int, dict[str, Any]]], report: Report) -> list[str]:
    hashes: list[str] = []
    last_seq = 0
    for number, line in lines:
        if line.get("kind") != "event":
            continue
        if line.get("prev_hash") != report.head:
            what = "The event does not follow the one before it: one was removed, added or moved"
            report.findings.append(Finding(number, what))
        try:
            expected: str | None = event_hash(line)
        except Unverifiable:
            expected = None
        seq, written = line.get("seq"), str(line.get("hash"))
        if expected != written or set(line) != {*HASHED.get(line.get("schema_version", 0), ()), "kind", "seq", "hash"}:
            report.findings.append(Finding(number, "The event was changed after it was written"))
        if not isinstance(seq, int) or seq <= last_seq:
            report.findings.append(Finding(number, "The event is out of its order"))
        last_seq = seq if isinstance(seq, int) else last_seq
        report.head = written
        hashes.append(written)
    report.events = len(hashes)
    return hashes


def _check_head(number: int, jws: object, hashes: Sequence[str], keys: Keys, report: Report) -> None:
    try:
        key_id, head = check_jws(jws, keys, HEAD_TYPE)
        length, written = head["length"], head["head"]
        _need(isinstance(length, int) and length >= 0, "names no length")
    except (Unverifiable, KeyError, TypeError) as error:
        report.findings.append(Finding(number, f"The signed head {error}"))
        return
    report.signed_by.add(key_id)
    if length > len(hashes):
        missing = f"{length - len(hashes)} of {length} events are missing"
        report.findings.append(Finding(number, f"The ledger was cut off: by the signed head {missing}"))
    elif written != (hashes[length - 1] if length else GENESIS):
        report.findings.append(Finding(number, f"The signed head of {length} events is another ledger's"))


def _check_end(
    data: bytes, lines: Sequence[tuple[int, dict[str, Any]]], hashes: Sequence[str], keys: Keys, report: Report
) -> None:
    number, end = lines[-1]
    if end.get("kind") != "end":
        return
    before = data[: data.removesuffix(b"\n").rfind(b"\n") + 1]
    told = {"events": len(hashes), "head": report.head, "sha256": hashlib.sha256(before).hexdigest()}
    try:
        _need(set(end) == {"kind", "jws"}, "is not written as an export writes it")
        key_id, signed = check_jws(end["jws"], keys, EXPORT_TYPE)
    except Unverifiable as error:
        report.findings.append(Finding(number, f"The file's signature {error}"))
        return
    report.signed_by.add(key_id)
    if {name: signed.get(name) for name in told} != told:
        report.findings.append(Finding(number, "The file is not the one that was signed"))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: prints what was found; 0 when all holds, 1 when something does not, 2 when a file cannot be read."""
    parser = argparse.ArgumentParser(description="Checks an exported consent ledger, and receipts, without Parley.")
    parser.add_argument("ledger", nargs="?", type=Path, help="an export (parley ledger export)")
    parser.add_argument("--keys", type=Path, help="the keys you trust: the site's /.well-known/jwks.json, kept before")
    parser.add_argument("--head", type=Path, action="append", default=[], help="a signed head that was kept elsewhere")
    parser.add_argument("--receipt", type=Path, action="append", default=[], help="a receipt that a person got")
    asked = parser.parse_args(arguments)
    if asked.ledger is None and not asked.receipt:
        parser.error("name an export, a --receipt, or both")
    if asked.ledger is None and asked.keys is None:
        parser.error("a receipt alone needs --keys")
    try:
        return _run(asked)
    except OSError as error:
        sys.stderr.write(f"Cannot read {error.filename}: {error.strerror}\n")
    except Unverifiable as error:
        sys.stderr.write(f"A file of keys, heads or receipts {error}.\n")
    return 2


def _run(asked: argparse.Namespace) -> int:
    keys = read_keys(_parse(asked.keys.read_bytes())) if asked.keys else None
    ledger, reports = None, []
    if asked.ledger is not None:
        data = asked.ledger.read_bytes()
        heads = [_parse(path.read_bytes()) for path in asked.head]
        jws = [head.get("jws", "") if isinstance(head, dict) else "" for head in heads]
        ledger = verify_export(data, keys, jws)
        reports.append((asked.ledger, ledger))
        if keys is None:
            keys = _keys_of(_read_lines(data, Report()), Report())
            sys.stdout.write("No --keys given: checked with the keys that the file names. Compare their ids:\n")
            sys.stdout.writelines(f"  {key_id}\n" for key_id in sorted(keys))
    reports += [(path, verify_receipt(_parse(path.read_bytes()), keys or {}, ledger)) for path in asked.receipt]
    for path, report in reports:
        _tell(path, report)
    return 0 if all(report.is_intact for _, report in reports) else 1


def _tell(path: Path, report: Report) -> None:
    for finding in report.findings:
        where = f"{path}:{finding.line}" if finding.line else str(path)
        sys.stdout.write(f"{where}: {finding.what}.\n")
    if report.is_intact:
        ledger = f" {report.events} events, head {report.head}," if report.hashes or report.events else ""
        sys.stdout.write(f"{path}: intact,{ledger} signed by {', '.join(sorted(report.signed_by))}\n")


if __name__ == "__main__":
    sys.exit(main())

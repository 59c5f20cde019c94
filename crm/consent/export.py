"""The ledger as a file that outsiders can check (`verify_ledger.py`), and its signed heads. Changes no event.

An export is canonical JSON, a line each: what it is, keys, texts, events, heads, and a signature over all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import ParleyError
from base.ids import new_id
from crm.consent.chain import GENESIS, HASHED_BY_VERSION, Break, as_json
from crm.consent.models import ConsentEvent, ConsentHead, ConsentNotice
from crm.consent.signing import keep_public_keys, signer_of, to_json_file
from crm.consent.verify_ledger import EXPORT_TYPE, FORMAT, FORMAT_VERSION, HEAD_TYPE, Unverifiable, canonical

_AT_ONCE = 1_000


class LedgerDamaged(ParleyError):
    """An event of the ledger holds what Parley never writes: see `parley ledger verify`."""

    code = "ledger_damaged"
    status = 500


class LedgerCutOff(ParleyError):
    """The ledger is not the one whose head was signed before: do not sign it again, run `parley ledger verify`."""

    code = "ledger_cut_off"
    status = 500


@dataclass(frozen=True, slots=True)
class SignedHead:
    """How long the ledger was, its last hash, and both signed."""

    length: int
    head: str
    signed_at: datetime
    key_id: str
    jws: str

    @property
    def file_name(self) -> str:
        """What its file is called."""
        return f"head-{self.signed_at.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}.json"

    def as_file(self) -> bytes:
        """As it is kept elsewhere. What counts is `jws`; the rest is for people to read."""
        return to_json_file(
            {
                "length": self.length,
                "head": self.head,
                "signed_at": as_json(self.signed_at),
                "key_id": self.key_id,
                "jws": self.jws,
            }
        )


async def sign_head(session: AsyncSession, keys: KeyRing, now: datetime) -> SignedHead:
    """Signs how long the ledger is now and its last hash, and keeps that.

    Raises:
        LedgerCutOff: it is shorter than, or another than, what was signed before.
    """
    length, head = await _read_head(session)
    before = await session.scalar(select(ConsentHead).order_by(ConsentHead.id.desc()).limit(1))
    if before is not None and await _hash_at(session, before.length) != before.head:
        raise LedgerCutOff
    await keep_public_keys(session, keys, now)
    signer = signer_of(keys)
    jws = signer.sign({"length": length, "head": head, "signed_at": as_json(now)}, HEAD_TYPE)
    signed = SignedHead(length, head, now, signer.key_id, jws)
    session.add(ConsentHead(id=new_id(), length=length, head=head, key_id=signer.key_id, jws=jws, signed_at=now))
    await session.flush()
    return signed


async def find_last_head(session: AsyncSession) -> SignedHead | None:
    """The head that was signed last."""
    row = await session.scalar(select(ConsentHead).order_by(ConsentHead.id.desc()).limit(1))
    return None if row is None else SignedHead(row.length, row.head, row.signed_at, row.key_id, row.jws)


async def find_head_breaks(session: AsyncSession) -> list[Break]:
    """The signed heads that the ledger does not go on from."""
    numbered = select(ConsentEvent.hash, func.row_number().over(order_by=ConsentEvent.seq).label("length")).subquery()
    heads = await session.execute(
        select(ConsentHead.length, ConsentHead.signed_at)
        .outerjoin(numbered, numbered.c.length == ConsentHead.length)
        .where(func.coalesce(numbered.c.hash, case((ConsentHead.length == 0, GENESIS), else_="")) != ConsentHead.head)
        .order_by(ConsentHead.id)
    )
    return [
        Break(None, f"The head of {length} events, signed {signed_at:%Y-%m-%d %H:%M}, is not this ledger's")
        for length, signed_at in heads
    ]


def save_head(folder: Path, signed: SignedHead) -> Path:
    """Writes a head into a folder that the operator copies elsewhere; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / signed.file_name
    draft = path.with_suffix(".draft")
    draft.write_bytes(signed.as_file())
    draft.replace(path)
    return path


async def export_ledger(session: AsyncSession, keys: KeyRing, now: datetime) -> AsyncIterator[bytes]:
    """The lines of an export. Run it in a transaction of one snapshot (`REPEATABLE READ`).

    Raises:
        LedgerDamaged: an event cannot be written down.
    """
    public_keys = await keep_public_keys(session, keys, now)
    signer, hasher = signer_of(keys), hashlib.sha256()
    count, head = 0, GENESIS
    async for line in _lines(session, public_keys, now):
        try:
            written = canonical(line) + b"\n"
        except Unverifiable as error:
            raise LedgerDamaged from error
        hasher.update(written)
        if line["kind"] == "event":
            count, head = count + 1, line["hash"]
        yield written
    told = {"events": count, "head": head, "sha256": hasher.hexdigest(), "signed_at": as_json(now)}
    yield canonical({"kind": "end", "jws": signer.sign(told, EXPORT_TYPE)}) + b"\n"


async def _lines(session: AsyncSession, public_keys: Mapping[str, str], now: datetime) -> AsyncIterator[dict[str, Any]]:
    yield {"kind": "export", "format": FORMAT, "version": FORMAT_VERSION, "exported_at": as_json(now)}
    for key_id, x in public_keys.items():
        yield {"kind": "key", "kid": key_id, "x": x}
    notices = await session.stream(
        select(ConsentNotice.sha256, ConsentNotice.language, ConsentNotice.text)
        .order_by(ConsentNotice.sha256)
        .execution_options(yield_per=_AT_ONCE)
    )
    async for notice in notices.mappings():
        yield {"kind": "notice", "sha256": notice["sha256"], "language": notice["language"], "text": notice["text"]}
    events = await session.stream(
        select(*ConsentEvent.__table__.c).order_by(ConsentEvent.seq).execution_options(yield_per=_AT_ONCE)
    )
    async for event in events.mappings():
        # A version that does not exist is exported as it stands: the verifier says so.
        names = HASHED_BY_VERSION.get(event["schema_version"], tuple(event))
        line = {"kind": "event", "seq": event["seq"], "hash": event["hash"]}
        yield line | {str(name): as_json(event[name]) for name in names}
    heads = await session.scalars(select(ConsentHead.jws).order_by(ConsentHead.id))
    for jws in heads:
        yield {"kind": "head", "jws": jws}


async def _read_head(session: AsyncSession) -> tuple[int, str]:
    last = select(ConsentEvent.hash).order_by(ConsentEvent.seq.desc()).limit(1).scalar_subquery()
    length, head = (await session.execute(select(func.count(), last).select_from(ConsentEvent))).one()
    return length, head or GENESIS


async def _hash_at(session: AsyncSession, length: int) -> str | None:
    if length == 0:
        return GENESIS
    return await session.scalar(select(ConsentEvent.hash).order_by(ConsentEvent.seq).offset(length - 1).limit(1))

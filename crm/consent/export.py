"""The ledger as a file that outsiders can check (`verify_ledger.py`). Changes no event.

An export is canonical JSON, a line each: what it is, keys, texts, events, heads, and a signature over all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import ParleyError
from crm.consent.chain import GENESIS, HASHED_BY_VERSION, as_json
from crm.consent.heads import Chain
from crm.consent.models import ConsentEvent, ConsentHead, ConsentNotice
from crm.consent.signing import keep_public_keys, signer_of
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


LEDGER = Chain(
    seq=ConsentEvent.seq,
    hash=ConsentEvent.hash,
    heads=ConsentHead,
    kind=HEAD_TYPE,
    file="head",
    name="ledger",
    rows="events",
    cut_off=LedgerCutOff,
)
"""The consent ledger as a chain that has signed heads."""


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

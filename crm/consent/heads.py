"""Signed heads of a hash chain: how long it was at a moment and its last hash. The ledger and the audit log have them.

What is cut off or written anew shows by a head that is kept elsewhere. Changes no row of a chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import SQLColumnExpression, case, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import ParleyError
from base.ids import new_id
from crm.consent.chain import GENESIS, Break, as_json
from crm.consent.models import HeadRow
from crm.consent.signing import jwks_of, keep_public_keys, read_public_keys, signer_of, to_json_file
from crm.consent.verify_ledger import Keys, Unverifiable, check_jws, read_keys


@dataclass(frozen=True, slots=True)
class Chain:
    """A table whose rows are chained by hashes, and where its heads are.

    Attributes:
        kind: what the header of a head's JWS says it is: a head of one chain is none of another's.
        file: what the names of its files begin with.
        name, rows: what it and its rows are called.
        cut_off: what is raised when it is not the one that was signed before.
    """

    seq: SQLColumnExpression[int]
    hash: SQLColumnExpression[str]
    heads: type[HeadRow]
    kind: str
    file: str
    name: str
    rows: str
    cut_off: type[ParleyError]


@dataclass(frozen=True, slots=True)
class SignedHead:
    """How long a chain was, its last hash, and both signed."""

    length: int
    head: str
    signed_at: datetime
    key_id: str
    jws: str

    def file_name(self, chain: Chain) -> str:
        """What its file is called."""
        return f"{chain.file}-{self.signed_at.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}.json"

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


async def sign_head(session: AsyncSession, chain: Chain, keys: KeyRing, now: datetime) -> SignedHead:
    """Signs how long the chain is now and its last hash, and keeps that.

    Raises:
        ParleyError: `cut_off`: it is shorter than, or another than, what was signed before.
    """
    length, head = await _read_head(session, chain)
    before = await find_last_head(session, chain)
    if before is not None and await _hash_at(session, chain, before.length) != before.head:
        raise chain.cut_off
    await keep_public_keys(session, keys, now)
    signer = signer_of(keys)
    jws = signer.sign({"length": length, "head": head, "signed_at": as_json(now)}, chain.kind)
    row = {"id": new_id(), "length": length, "head": head, "key_id": signer.key_id, "jws": jws, "signed_at": now}
    await session.execute(insert(chain.heads), [row])
    return SignedHead(length, head, now, signer.key_id, jws)


async def find_last_head(session: AsyncSession, chain: Chain) -> SignedHead | None:
    """The head that was signed last."""
    row = await session.scalar(select(chain.heads).order_by(chain.heads.id.desc()).limit(1))
    return None if row is None else _signed(row)


async def list_heads(session: AsyncSession, chain: Chain) -> list[SignedHead]:
    """All heads, the first first."""
    return [_signed(row) for row in await session.scalars(select(chain.heads).order_by(chain.heads.id))]


async def find_head_breaks(session: AsyncSession, chain: Chain) -> list[Break]:
    """The signed heads that the chain does not go on from, or whose signature does not hold."""
    numbered = select(chain.hash.label("hash"), func.row_number().over(order_by=chain.seq).label("length")).subquery()
    heads = chain.heads
    at_start = case((heads.length == 0, GENESIS), else_="")
    rows = await session.execute(
        select(heads, func.coalesce(numbered.c.hash, at_start))
        .outerjoin(numbered, numbered.c.length == heads.length)
        .order_by(heads.id)
    )
    keys = read_keys(jwks_of(await read_public_keys(session)))
    breaks = []
    for row, found in rows:
        told = f"The head of {row.length} {chain.rows}, signed {row.signed_at:%Y-%m-%d %H:%M},"
        if found != row.head:
            breaks.append(Break(None, f"{told} is not this {chain.name}'s"))
        elif not _holds(row, chain, keys):
            breaks.append(Break(None, f"{told} has a signature that does not hold"))
    return breaks


async def find_kept_head_breaks(
    session: AsyncSession, chain: Chain, kept: Iterable[Any], jwks: Mapping[str, Any]
) -> list[Break]:
    """What is wrong with heads (JWS) that were kept elsewhere, by keys that are trusted.

    Raises:
        Unverifiable: the keys are no JWK set.
    """
    keys = read_keys(jwks)
    breaks = []
    for jws in kept:
        try:
            _, told = check_jws(jws, keys, chain.kind)
            length, head = int(told["length"]), told["head"]
        except (Unverifiable, LookupError, TypeError, ValueError) as error:
            breaks.append(Break(None, f"A head that was kept {error}"))
            continue
        found = await _hash_at(session, chain, length)
        if found is None:
            breaks.append(Break(None, f"It was cut off: by a head that was kept it has {length} {chain.rows}"))
        elif found != head:
            breaks.append(Break(None, f"A head of {length} {chain.rows} that was kept is not this {chain.name}'s"))
    return breaks


def save_head(folder: Path, chain: Chain, signed: SignedHead) -> Path:
    """Writes a head into a folder that the operator copies elsewhere; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / signed.file_name(chain)
    draft = path.with_suffix(".draft")
    draft.write_bytes(signed.as_file())
    draft.replace(path)
    return path


def _signed(row: HeadRow) -> SignedHead:
    return SignedHead(row.length, row.head, row.signed_at, row.key_id, row.jws)


def _holds(row: HeadRow, chain: Chain, keys: Keys) -> bool:
    try:
        _, told = check_jws(row.jws, keys, chain.kind)
    except Unverifiable:
        return False
    return bool(told == {"length": row.length, "head": row.head, "signed_at": as_json(row.signed_at)})


async def _read_head(session: AsyncSession, chain: Chain) -> tuple[int, str]:
    last = select(chain.hash).order_by(chain.seq.desc()).limit(1).scalar_subquery()
    length, head = (await session.execute(select(func.count(chain.seq), last))).one()
    return length, head or GENESIS


async def _hash_at(session: AsyncSession, chain: Chain, length: int) -> str | None:
    if length <= 0:
        return GENESIS if length == 0 else None
    return await session.scalar(select(chain.hash).order_by(chain.seq).offset(length - 1).limit(1))

"""Limits that all processes of a set-up share: token buckets in the database, with a lease of tokens in memory.

A process takes some tokens of a bucket at once and spends them without asking again; whoever is refused is refused from
memory until a token has grown. So most checks cost no statement. What it holds of a bucket nobody else can spend, and
what it does not spend within the bucket's period is lost: the limit errs on the strict side, never on the other.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CursorResult,
    Select,
    Table,
    bindparam,
    delete,
    extract,
    func,
    select,
)
from sqlalchemy import Double as Number
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from base.database import Sessions, one_statement
from base.encryption import KeyRing
from base.errors import TooMany
from base.limits.models import RateBucket
from base.tables import table_of

KEPT_FOR = timedelta(days=1)
"""After which an unused bucket is forgotten; none needs longer to fill."""
_KEPT = 50_000
"""Leases remembered at most; the one longest unused is given up first."""
_LONGEST_NO = 5.0
"""Seconds a refusal is remembered at most before the database is asked again."""
_KEY = 16  # bytes


@dataclass(slots=True)
class _Lease:
    """Tokens to spend until a moment of `time.monotonic`; with none it is a refusal until then."""

    tokens: int
    until: float
    used: float
    """Which part of the bucket was gone when it was asked."""
    wait: float = 0.0
    """Seconds until there is a token, when it was asked."""


class SharedLimit:
    """A token bucket per key: `amount` at once, refilled evenly over `seconds`."""

    def __init__(
        self, sessions: Sessions, keys: KeyRing, name: str, amount: int, seconds: float, *, lease: int = 1
    ) -> None:
        """Creates it.

        Args:
            name: of the limit; limits of one name share their buckets.
            lease: tokens taken at once. With 1 each check that is not refused asks the database.

        Raises:
            ValueError: it would be forgotten before it is full again.
        """
        if seconds > KEPT_FOR.total_seconds():
            raise ValueError("a limit counts a day at most")
        self._sessions = sessions
        self._keys = keys
        self._name = name
        self._amount = float(amount)
        self._seconds = seconds
        self._refill = amount / seconds
        self._lease = min(lease, amount)
        self._leases: OrderedDict[str, _Lease] = OrderedDict()
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def check(self, key: str) -> float:
        """Takes one token.

        Args:
            key: whom it is counted for, an address maybe: only a keyed hash of it is stored.

        Returns:
            Which part of the bucket is gone, from 0 to 1, as far as this process knows.

        Raises:
            TooMany: there is none.
        """
        held = await self._hold(key)
        if held.tokens < 1:
            raise TooMany(retry_after=max(1, math.ceil(held.wait)))
        held.tokens -= 1
        if held.tokens < 1:
            self._leases.pop(key, None)
        return held.used

    async def look(self, session: AsyncSession, key: str) -> float:
        """Takes none.

        Returns:
            Which part of the bucket would be gone with one token more, from 0 to 1.

        Raises:
            TooMany: there is none.
        """
        filled = await session.scalar(_LOOK, self._given(key, 1))
        left = self._amount if filled is None else filled
        if left < 1:
            raise self._too_many(left)
        return 1 - (left - 1) / self._amount

    async def take(self, session: AsyncSession, key: str) -> None:
        """Takes one token as a part of a transaction, and gives it back if that is rolled back.

        Up to its end whoever wants one of the same bucket waits: take it last, and of several limits always in the
        same order.

        Raises:
            TooMany: there is none.
        """
        granted, left = (await session.execute(_TAKE, self._given(key, 1))).one()
        if granted < 1:
            raise self._too_many(left)

    def _given(self, key: str, wanted: int) -> dict[str, object]:
        return {
            "key": self._keys.blind_index(key, kind=f"limit:{self._name}")[:_KEY],
            "amount": self._amount,
            "wanted": float(wanted),
            "refill": self._refill,
        }

    def _too_many(self, left: float) -> TooMany:
        return TooMany(retry_after=max(1, math.ceil((1 - left) / self._refill)))

    async def _hold(self, key: str) -> _Lease:
        """What this process has of a bucket; many who come at once wait for one answer.

        Would each ask, one process could take all there is, and the next be refused while that lies idle.
        """
        while True:
            held = self._leases.get(key)
            if held is not None and held.until > time.monotonic():
                self._leases.move_to_end(key)
                return held
            asking = self._asking.get(key)
            if asking is None:
                asking = self._asking[key] = asyncio.create_task(self._renew(key))
            await asyncio.shield(asking)

    async def _renew(self, key: str) -> None:
        try:
            self._keep(key, await self._ask(key))
        finally:
            del self._asking[key]

    def _keep(self, key: str, held: _Lease) -> None:
        self._leases[key] = held
        self._leases.move_to_end(key)
        if len(self._leases) > _KEPT:
            self._leases.popitem(last=False)

    async def _ask(self, key: str) -> _Lease:
        async with one_statement(self._sessions) as session:
            connection = await session.connection()
            granted, left = (await connection.execute(_TAKE, self._given(key, self._lease))).one()
        used = 1 - left / self._amount
        if granted >= 1:
            return _Lease(int(granted), time.monotonic() + self._seconds, used)
        wait = (1 - left) / self._refill
        return _Lease(0, time.monotonic() + min(wait, _LONGEST_NO), used, wait)


async def forget_unused(session: AsyncSession) -> int:
    """Deletes buckets that nobody used for a day, and with them what is left of an address; returns how many."""
    gone = await session.execute(delete(RateBucket).where(RateBucket.filled_at < func.now() - KEPT_FOR))
    return gone.rowcount if isinstance(gone, CursorResult) else 0


def _filled(bucket: Table) -> ColumnElement[float]:
    """The tokens there are by now."""
    age = func.greatest(extract("epoch", func.now() - bucket.c.filled_at), 0)
    amount: BindParameter[float] = bindparam("amount", type_=Number())
    return func.least(amount, bucket.c.tokens + age * bindparam("refill", type_=Number()), type_=Number())


def _build_look() -> Select[float]:
    bucket = table_of(RateBucket)
    return select(_filled(bucket)).where(bucket.c.key == bindparam("key"))


def _build_take() -> ReturningInsert[float, float]:
    bucket = table_of(RateBucket)
    amount: BindParameter[float] = bindparam("amount", type_=Number())
    wanted: BindParameter[float] = bindparam("wanted", type_=Number())
    filled = _filled(bucket)
    taken = func.least(wanted, func.floor(filled))
    fresh = insert(bucket).values(key=bindparam("key"), tokens=amount - wanted, granted=wanted, filled_at=func.now())
    return fresh.on_conflict_do_update(
        index_elements=["key"], set_={"tokens": filled - taken, "granted": taken, "filled_at": func.now()}
    ).returning(bucket.c.granted, bucket.c.tokens)


_LOOK = _build_look()
_TAKE = _build_take()

"""A queue of very many messages: those that are due are found by an index, and as quickly as among few."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from base.database import transaction
from tests.faults.deliveries import delivery_of
from tests.faults.harried_worker import Clock
from tests.faults.test_kills import Scene, scene

_DUE, _PORTION = 60, 50_000
_FLOOD = """
INSERT INTO outbox (id, occurrence, contact_id, channel, purpose, message_class, text, state, due_at, attempts,
    created_at, updated_at)
SELECT gen_random_uuid(), 'flood-' || n, (SELECT id FROM contacts ORDER BY id LIMIT 1), 'sms', 'marketing',
    'promotional', 'News', CASE WHEN n % 4 = 0 THEN 'planned' ELSE 'delivered' END,
    cast(:later AS timestamptz) + n * interval '1 second', 0, :now, :now
FROM generate_series(cast(:first AS int), cast(:last AS int)) AS n
"""
_FIND_DUE = (
    "SELECT id FROM outbox WHERE state IN ('planned', 'deferred') AND due_at <= :now ORDER BY due_at, id LIMIT 8"
)


async def nodes_of(here: Scene, statement: str, **values: Any) -> set[str]:
    """The kinds of steps by which PostgreSQL answers."""
    async with here.sessions() as session:
        plan = await session.scalar(text(f"EXPLAIN (FORMAT JSON) {statement}"), values)
    found, open_ = set(), [plan[0]["Plan"]]
    while open_:
        node = open_.pop()
        found.add(f"{node['Node Type']} {node.get('Relation Name', node.get('Index Name', ''))}".strip())
        open_ += node.get("Plans", [])
    return found


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=pytest.mark.long)])
async def test_among_many_rows_a_claim_stays_on_its_index_and_quick(fresh_database_url: str, rows: int) -> None:
    async with scene(fresh_database_url, _DUE) as here:
        clock = Clock(here.orders.ahead)
        async with transaction(here.sessions) as session:
            later = clock.now() + timedelta(days=1)
            for first in range(0, rows, _PORTION):
                portion = {"first": first + 1, "last": min(first + _PORTION, rows)}
                await session.execute(text(_FLOOD), {**portion, "now": clock.now(), "later": later})
            await session.execute(text("ANALYZE outbox"))
        assert not {one for one in await nodes_of(here, _FIND_DUE, now=clock.now()) if one.startswith("Seq Scan")}
        delivery = await delivery_of(here)
        took, claimed = [], 0
        while True:
            began = time.perf_counter()
            claim = await delivery.claim(clock)
            took.append(time.perf_counter() - began)
            claimed += len(claim.messages)
            if not claim.looked_at:
                break
        median, longest = 1_000 * statistics.median(took), 1_000 * max(took)
        print(f"{rows} rows: {len(took)} claims, median {median:.0f} ms, longest {longest:.0f} ms")
        assert claimed == _DUE
        assert median < 250
        async with asyncio.timeout(5):
            assert not (await delivery.claim(clock)).looked_at

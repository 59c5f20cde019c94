"""A queue of very many messages: those that are due are found by an index, and as quickly as among few."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from base.database import transaction
from tests.faults.deliveries import delivery_of
from tests.faults.test_kills import Scene, scene
from tests.statements import nodes_of
from tests.time_zones import Clock

_DUE, _PORTION = 60, 50_000
_FLOOD = """
INSERT INTO outbox (id, occurrence, contact_id, channel, purpose, message_class, text, state, due_at, attempts,
    created_at, updated_at)
SELECT gen_random_uuid(), 'flood-' || n, (SELECT id FROM contacts ORDER BY id LIMIT 1), 'sms', 'marketing',
    'promotional', 'News', CASE WHEN n % 4 = 0 THEN 'planned' ELSE 'delivered' END,
    cast(:later AS timestamptz) + n * interval '1 second', 0, :now, :now
FROM generate_series(cast(:first AS int), cast(:last AS int)) AS n
"""


@contextmanager
def heard(here: Scene) -> Iterator[list[tuple[str, Any]]]:
    """The statements with their values that are executed meanwhile."""
    engine, said = here.sessions.kw["bind"].sync_engine, list[tuple[str, Any]]()

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        said.append((statement, values))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


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
        delivery = await delivery_of(here)
        with heard(here) as said:
            claimed = len((await delivery.claim(clock)).messages)
        asks = [(statement, values) for statement, values in said if re.search(r"\b(FROM|UPDATE) outbox\b", statement)]
        assert any("SKIP LOCKED" in statement for statement, _ in asks)
        for statement, values in asks:
            assert "Seq Scan outbox" not in await nodes_of(here.sessions, statement, values), statement
        took = []
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

"""A set of rows goes in by one statement, with every kind of value as it was."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select

from base.database import transaction
from base.ids import new_id
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.timeline.models import TimelineEvent

_NAMES = ("id", "contact_id", "conversation_id", "kind", "data", "occurred_at", "source", "received_at")
_EVENTS = table_of(TimelineEvent)
_TEXT = some.text(some.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@given(
    data=some.lists(
        some.dictionaries(_TEXT, some.one_of(_TEXT, some.integers(-9, 9), some.none(), some.booleans())), max_size=5
    )
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_rows_come_back_as_they_went_in(database, now, data):
    rows = [
        {
            "id": new_id(), "contact_id": None if number % 2 else new_id(), "conversation_id": None, "kind": "seen",
            "data": one, "occurred_at": now, "source": "platform", "received_at": now,
        }
        for number, one in enumerate(data)
    ]  # fmt: skip
    async with transaction(database.sessions) as session:
        await session.execute(insert_rows(_EVENTS, _NAMES), rows_of(rows))
        kept = await session.execute(
            select(*(_EVENTS.c[name] for name in _NAMES)).where(_EVENTS.c.id.in_([row["id"] for row in rows]))
        )
        assert {row.id: dict(row._mapping) for row in kept} == {row["id"]: row for row in rows}


def test_a_value_that_json_cannot_tell_is_refused():
    with pytest.raises(TypeError, match="bytes cannot stand in a set of rows"):
        rows_of([{"id": b"x"}])

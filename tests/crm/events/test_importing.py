"""Events out of a table: right rows are taken, wrong ones told, and the same file again writes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from base.clock import SystemClock
from base.database import transaction
from base.errors import InvalidInput
from crm.contacts.service import attach_address, create_contact
from crm.events.importing import Table, import_events
from crm.timeline.models import TimelineEvent

EMAIL = "ann@northwind-ledger.example"
ROWS = f"""Kind,Occurred at,E mail,email,order,Value,Currency,items,results,words
order_placed,2026-11-01 10:00,,{EMAIL},A-1,12.50,EUR,"[{{""product"": ""pen""}}]",,
order_placed,2026-11-02T10:00:00+01:00,,{EMAIL},A-2,7,EUR,,,
order_placed,,,{EMAIL},A-3,dear,EUR,,,
order_placed,,,nobody@nowhere.example,A-4,1,EUR,,,
search_done,2026-11-03,,{EMAIL},,,,,3,blue pens
danced,,,{EMAIL},,,,,,
,,,{EMAIL},A-5,1,EUR,,,
order_placed,,,,A-6,1,EUR,,,
order_placed,yesterday,,{EMAIL},A-7,1,EUR,,,
"""


@pytest.fixture
async def ann(database, keys, now):
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value=EMAIL, now=now)
    return contact_id


async def run(database, keys, path, **more):
    told = []
    table = Table(path, "utf-8-sig", "table", **more)
    done = await import_events(database.sessions, keys, table, SystemClock(), lambda one: told.append(one.rows))
    return done, told


async def test_right_rows_are_taken_and_wrong_ones_told_with_their_row_and_column(
    database, keys, ann, tmp_path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(ROWS)
    done, told = await run(database, keys, path, kind="order_placed")
    assert (done.rows, done.written, done.repeated, told) == (9, 4, 0, [9])
    assert {(one.row, one.column) for one in done.problems} == {
        (4, "value"), (5, "about"), (7, "kind"), (9, "about"), (10, "occurred_at"),
    }  # fmt: skip
    async with database.sessions() as session:
        events = (await session.scalars(select(TimelineEvent).order_by(TimelineEvent.occurred_at))).all()
    first = events[0]
    assert first.data == {"order": "A-1", "value": 12.5, "currency": "EUR", "items": [{"product": "pen"}]}
    assert (first.occurred_at.isoformat(), first.source) == ("2026-11-01T10:00:00+00:00", "import")
    assert events[1].occurred_at.hour == 9
    assert events[2].data == {"words": "blue pens", "results": 3}
    again, _ = await run(database, keys, path, kind="order_placed")
    assert (again.written, again.repeated) == (0, 4)


async def test_unknown_people_are_made_contacts_when_asked_for(database, keys, ann, tmp_path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("kind,external_id,id,product\n" + "".join(f"product_viewed,c-{n},v-{n},p\n" for n in (1, 2, 2)))
    done, _ = await run(database, keys, path, external_source="shop", creates=True)
    assert (done.written, done.repeated, done.contacts_made, done.problems) == (2, 1, 2, [])


async def test_rows_beyond_a_thousand_are_taken_in_sets(database, keys, ann, tmp_path) -> None:
    path = tmp_path / "views.csv"
    path.write_text("email,url\n" + "".join(f"{EMAIL},https://shop.example/{n}\n" for n in range(2_300)))
    done, told = await run(database, keys, path, kind="page_viewed")
    assert (done.written, told) == (2_300, [1_000, 2_000, 2_300])


async def test_what_is_no_table_is_refused(database, keys, tmp_path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("kind")
    with pytest.raises(InvalidInput):
        await run(database, keys, path)

"""Figures over the API, counted by a real PostgreSQL from what the other rooms write."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pytest
from pyarrow import parquet
from sqlalchemy import update

from base.database import transaction
from base.ids import new_id
from base.sms_segments import read_segments
from bot.conversations import append_message, start_conversation
from bot.models import Message
from crm.timeline.service import record
from tests.admin.people import make_contact, make_talk, outbox_row

NUMBERS = "/api/v1/numbers"
DAY = timedelta(days=1)


async def happen(session, contact, kind, at, **data) -> None:
    await record(session, kind=kind, contact_id=contact, conversation_id=None, data=data, now=at)


async def order(session, contact, at, number, value, *, currency="EUR") -> None:
    await happen(session, contact, "order_placed", at, order=number, value=value, currency=currency)


async def come(session, contact: UUID, at, channel="web", words=("Hello",)) -> UUID:
    talk: UUID = await start_conversation(
        session, channel=channel, language="en", time_zone=None, page_url=None, now=at, contact_id=contact
    )
    for number, said in enumerate(words):
        await append_message(
            session, conversation_id=talk, author="visitor", text=said, data={}, client_id=new_id(),
            now=at + timedelta(seconds=number),
        )  # fmt: skip
    return talk


def row_of(answer, name, key="items") -> dict:
    (row,) = [each for each in answer[key] if each["name"] == name]
    return row


async def test_the_funnel_tells_by_channel_how_far_those_who_came_have_come(signed_in, context, keys, now) -> None:
    async with transaction(context.sessions) as session:
        people = {
            name: await make_contact(session, keys, now - 40 * DAY, stage=stage)
            for name, stage in (
                ("quiet", "visitor"), ("lead", "lead"), ("mql", "mql"), ("lost", "disqualified"), ("buyer", "lead"),
                ("customer", "customer"), ("early", "customer"),
            )
        }  # fmt: skip
        await come(session, people["quiet"], now - DAY, words=())
        for name in ("lead", "mql", "lost", "buyer"):
            await come(session, people[name], now - DAY)
        await come(session, people["mql"], now - DAY, channel="sms")
        await come(session, people["customer"], now - DAY, channel="sms")
        await come(session, people["early"], now - 35 * DAY)
        await happen(session, people["lost"], "stage_changed", now - 2 * DAY, stage="sql", before="mql")
        await order(session, people["buyer"], now - DAY / 2, "o-1", 50)
        await order(session, people["lead"], now - 3 * DAY, "o-0", 50)  # before they came
        unknown = await start_conversation(
            session, channel="web", language="en", time_zone=None, page_url=None, now=now - DAY
        )
        await append_message(
            session, conversation_id=unknown, author="visitor", text="Hi", data={}, client_id=new_id(), now=now - DAY
        )
    told = await signed_in.read(f"{NUMBERS}/funnel")
    web = {"name": "web", "came": 6, "wrote": 5, "leads": 4, "qualified": 3, "accepted": 2, "won": 1}
    sms = {"name": "sms", "came": 2, "wrote": 2, "leads": 2, "qualified": 2, "accepted": 1, "won": 1}
    assert told["items"] == [web, sms]
    together = {"name": None, "came": 7, "wrote": 6, "leads": 5, "qualified": 4, "accepted": 3, "won": 2}
    assert told["total"] == together, "who came by two channels counts once"


async def test_the_funnel_is_told_by_flow_and_by_journey_too(signed_in, context, keys, now) -> None:
    async with transaction(context.sessions) as session:
        ann = await make_contact(session, keys, now - DAY, stage="mql")
        ben = await make_contact(session, keys, now - DAY)
        for contact, flows in ((ann, ["demo_request", "feedback"]), (ben, ["demo_request"])):
            talk = await come(session, contact, now - DAY)
            walked = [[flow, None, "ask"] for flow in flows] + [[flows[0], "ask", None]]
            await session.execute(
                update(Message).where(Message.conversation_id == talk).values(data={"walked": walked})
            )
        await happen(session, ann, "enrolled", now - DAY, journey="lead_nurture", name="Nurture")
    flows = await signed_in.read(f"{NUMBERS}/funnel", by="flow")
    assert [(row["name"], row["came"], row["wrote"], row["qualified"]) for row in flows["items"]] == [
        ("demo_request", 2, 2, 1),
        ("feedback", 1, 1, 1),
    ]
    journeys = await signed_in.read(f"{NUMBERS}/funnel", by="journey")
    assert [(row["name"], row["came"], row["qualified"]) for row in journeys["items"]] == [("lead_nurture", 1, 1)]


async def test_scores_are_judged_by_what_people_had_before_they_were_won(signed_in, context, keys, now) -> None:
    began, before = now - 30 * DAY, now - 60 * DAY
    async with transaction(context.sessions) as session:
        await make_contact(session, keys, before, score=5)
        await make_contact(session, keys, before, score=0)
        steady = await make_contact(session, keys, before, score=60)
        await order(session, steady, now - DAY, "o-1", 10)
        # Buying made this one hot; it was cold when the period began.
        risen = await make_contact(session, keys, before, score=90)
        await happen(session, risen, "score_changed", now - 9 * DAY, before=8, after=40)
        await happen(session, risen, "score_changed", now - 8 * DAY, before=40, after=90)
        await happen(session, risen, "stage_changed", now - 9 * DAY, stage="customer", before="lead")
        await make_contact(session, keys, before, score=70, stage="customer")
        known = await make_contact(session, keys, before, score=80)
        await order(session, known, now - 50 * DAY, "o-2", 10)
        await make_contact(session, keys, began + DAY, score=99)
    told = await signed_in.read(f"{NUMBERS}/scores")
    bands = {band["band"]: (band["people"], band["won"]) for band in told["bands"]}
    assert sum(people for people, _ in bands.values()) == 4, "customers, and who came later, are left out"
    assert bands["cold"] == (2, 1)
    assert bands["hot"] == (1, 1)
    assert bands[None] == (1, 0)
    assert told["bars"] == [
        {"least": 0, "below": 10, "people": 3, "won": 1},
        {"least": 60, "below": 70, "people": 1, "won": 1},
    ]
    assert told["right_order"] == 1, "both who were won stood above both who were not"
    assert all(0 <= band["low"] <= band["high"] <= 1 for band in told["bands"])


async def test_sales_are_credited_to_the_touches_before_them_and_to_no_others(signed_in, context, keys, now) -> None:
    async with transaction(context.sessions) as session:
        ann, ben, cat, dan = [await make_contact(session, keys, now - 99 * DAY) for _ in range(4)]
        await come(session, ann, now - 20 * DAY)
        for hours in (1, 2):
            await happen(
                session,
                ann,
                "message_sent",
                now - 19 * DAY + timedelta(hours=hours),
                channel="email",
                journey="nurture",
            )
        await order(session, ann, now - 10 * DAY, "o-1", 90)
        await order(session, ann, now - 10 * DAY, "o-1", 90)  # told twice
        await happen(session, ann, "link_clicked", now - 9 * DAY, channel="sms")
        await order(session, ann, now - 8 * DAY, "o-2", 40)
        await happen(session, ann, "order_refunded", now - 7 * DAY, order="o-2", value=10)
        await come(session, ben, now - 98 * DAY)  # too long ago
        await order(session, ben, now - DAY, "o-3", 5)
        await order(session, ben, now - DAY, "o-4", 500)
        await happen(session, ben, "order_cancelled", now, order="o-4")
        await come(session, cat, now - 2 * DAY)
        await order(session, cat, now - DAY, "o-5", 7, currency="USD")
        await come(session, dan, now - 2 * DAY)
    told = await signed_in.read(f"{NUMBERS}/revenue")
    euros, dollars = told["items"]
    assert [(one["currency"], one["orders"], one["value"]) for one in told["items"]] == [("EUR", 3, 125), ("USD", 1, 7)]
    assert {row["name"]: (row["first"], row["last"], row["linear"]) for row in euros["items"]} == {
        "web": (90, 0, 45),
        "email": (0, 90, 45),
        "sms": (30, 30, 30),
        None: (5, 5, 5),
    }
    for rule in ("first", "last", "linear", "data"):
        assert sum(row[rule] for row in euros["items"]) == pytest.approx(125)
    # Three paths come by web: one is sold at once, one goes on to e-mail and is sold, one is left; sms sells by itself.
    effects = {row["name"]: row["removal_effect"] for row in euros["items"]}
    assert effects == pytest.approx({"web": 2 / 3, "email": 1 / 3, "sms": 1 / 3, None: None})
    assert row_of(euros, "web")["data"] == pytest.approx(60)
    assert row_of(dollars, "web")["data"] == 7
    by_journey = await signed_in.read(f"{NUMBERS}/revenue", by="journey")
    assert {row["name"]: row["last"] for row in by_journey["items"][0]["items"]} == {"nurture": 90, None: 35}


TEXTS = (
    "Hello", "a" * 160, "a" * 161, "a" * 306, "a" * 307, "€" * 80, "€" * 81, "a" * 152 + "€" * 5, "ж" * 70, "ж" * 71,
    "ж" * 135, "😀" * 35, "😀" * 36, "ж" * 66 + "😀" * 5, "[ж]" * 40, "line\nbreak", "",
)  # fmt: skip


@pytest.mark.parametrize("said", TEXTS)
async def test_a_text_costs_what_each_of_its_parts_does(signed_in, context, keys, now, said) -> None:
    async with transaction(context.sessions) as session:
        contact = await make_contact(session, keys, now - DAY)
        session.add(outbox_row(contact, now - DAY, channel="sms", text=said, state="delivered"))
    told = await signed_in.read(f"{NUMBERS}/costs")
    assert told["total"]["cost"] == pytest.approx(read_segments(said).count * 0.08)


async def test_what_went_out_is_set_against_the_leads_that_came_by_the_same(signed_in, context, keys, now) -> None:
    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now - DAY, stage="lead")
        await come(session, lead, now - DAY, channel="sms")
        await happen(session, lead, "enrolled", now - DAY, journey="demo_follow_up")
        for state in ("delivered", "read", "planned", "skipped"):
            session.add(outbox_row(lead, now - DAY, channel="sms", state=state))
        session.add(outbox_row(lead, now - DAY, channel="email", state="accepted", journey=None))
        session.add(outbox_row(lead, now - 40 * DAY, channel="sms", state="delivered"))
    told = await signed_in.read(f"{NUMBERS}/costs")
    assert (told["currency"], told["prices"]) == ("EUR", context.prices.version)
    assert row_of(told, "sms") == pytest.approx(
        {"name": "sms", "messages": 2, "cost": 0.16, "leads": 1, "per_lead": 0.16}
    )
    assert row_of(told, "email")["per_lead"] is None
    assert told["total"] == pytest.approx({"name": None, "messages": 3, "cost": 0.161, "leads": 1, "per_lead": 0.161})
    by_journey = await signed_in.read(f"{NUMBERS}/costs", by="journey")
    assert row_of(by_journey, "demo_follow_up")["per_lead"] == pytest.approx(0.16)
    assert row_of(by_journey, None)["messages"] == 1


async def test_deliveries_tell_what_arrived_and_after_what_people_opted_out(signed_in, context, keys, now) -> None:
    async with transaction(context.sessions) as session:
        ann, ben, cat = [await make_contact(session, keys, now - 50 * DAY) for _ in range(3)]
        for state in ("planned", "accepted", "delivered", "read", "undelivered", "failed", "skipped"):
            session.add(outbox_row(ann, now - 3 * DAY, state=state))
        session.add(outbox_row(ann, now - 2 * DAY, channel="sms", journey="win_back", state="delivered"))
        session.add(outbox_row(ben, now - 9 * DAY, channel="sms", state="delivered"))
        talk = await make_talk(session, cat, now)
        session.add(outbox_row(cat, now - DAY, state="delivered", message_id=new_id(), conversation_id=talk))
        for contact in (ann, ben, cat):
            await happen(session, contact, "opted_out", now - DAY, channel="all", purpose="all")
        await happen(session, ann, "opted_out", now - DAY / 2, channel="all", purpose="marketing")
    told = await signed_in.read(f"{NUMBERS}/deliveries")
    email = {"planned": 7, "sent": 4, "delivered": 2, "read": 1, "failed": 2, "held_back": 1, "opted_out": 0}
    assert row_of(told, "email") == {"name": "email", **email}
    assert row_of(told, "sms")["opted_out"] == 1
    assert row_of(told, None)["opted_out"] == 2, "one was written to too long before, one only in a talk"
    by_journey = await signed_in.read(f"{NUMBERS}/deliveries", by="journey")
    assert row_of(by_journey, "win_back")["opted_out"] == 1


async def test_each_table_is_a_file_that_no_spreadsheet_takes_for_a_formula(signed_in, context, keys, now) -> None:
    async with transaction(context.sessions) as session:
        ann = await make_contact(session, keys, now - 40 * DAY)
        await happen(session, ann, "enrolled", now - DAY, journey="=cmd()")
        await come(session, ann, now - 2 * DAY)
        await order(session, ann, now - DAY, "o-1", 12.5)
        session.add(outbox_row(ann, now - DAY, state="delivered"))
    for table in ("funnel", "scores", "revenue", "costs", "deliveries"):
        answer = await signed_in.get(f"{NUMBERS}/table", table=table)
        assert (answer.status, answer.content_type) == (200, "text/csv"), table
        assert f'"{table}.csv"' in answer.headers["Content-Disposition"]
        rows = list(csv.DictReader(io.StringIO(await answer.text())))
        assert rows, table
    answer = await signed_in.get(f"{NUMBERS}/table", table="revenue")
    (sold,) = csv.DictReader(io.StringIO(await answer.text()))
    assert (sold["currency"], sold["name"], float(sold["data"])) == ("EUR", "web", 12.5)
    answer = await signed_in.get(f"{NUMBERS}/table", table="funnel", by="journey")
    (entered,) = csv.DictReader(io.StringIO(await answer.text()))
    assert (entered["name"], entered["came"]) == ("'=cmd()", "1")


async def test_each_table_is_a_parquet_file_too_with_counts_as_counts_and_amounts_as_decimals(
    signed_in, context, keys, now
) -> None:
    async with transaction(context.sessions) as session:
        ann = await make_contact(session, keys, now - 40 * DAY, stage="lead")
        await come(session, ann, now - 2 * DAY)
        await order(session, ann, now - DAY, "o-1", 12.5)
        session.add(outbox_row(ann, now - DAY, state="delivered"))
    tables = {}
    for table in ("funnel", "scores", "revenue", "costs", "deliveries"):
        answer = await signed_in.get(f"{NUMBERS}/table", table=table, format="parquet")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/vnd.apache.parquet"), table
        assert f'"{table}.parquet"' in answer.headers["Content-Disposition"]
        tables[table] = parquet.read_table(io.BytesIO(await answer.read()))
        as_csv = await (await signed_in.get(f"{NUMBERS}/table", table=table)).text()
        assert tables[table].column_names == as_csv.splitlines()[0].split(","), table
        assert tables[table].num_rows == len(as_csv.splitlines()) - 1 > 0, table
    assert tables["funnel"].schema.field("won").type == pa.int64()
    assert tables["revenue"].schema.field("data").type == pa.decimal128(18, 6)
    (sold,) = tables["revenue"].to_pylist()
    assert (sold["currency"], sold["name"], sold["first"]) == ("EUR", "web", Decimal("12.5"))
    costs = {row["name"]: row for row in tables["costs"].to_pylist()}
    assert (costs["email"]["cost"], costs["email"]["per_lead"]) == (Decimal("0.001"), None)
    about = tables["funnel"].schema.metadata
    assert about[b"until"].decode() == now.isoformat()
    assert about[b"since"].decode() == (now - 30 * DAY).isoformat()


async def test_a_period_that_ends_before_it_begins_is_refused(signed_in, now) -> None:
    answer = await signed_in.get(f"{NUMBERS}/funnel", since=now.isoformat(), until=(now - DAY).isoformat())
    assert answer.status == 422
    assert (await answer.json())["errors"] == [{"field": "since", "message": "This must be before until."}]
    answer = await signed_in.get(f"{NUMBERS}/table", table="costs", by="flow")
    assert answer.status == 422


async def test_where_nothing_happened_yet_there_are_figures_all_the_same(signed_in) -> None:
    assert (await signed_in.read(f"{NUMBERS}/funnel"))["total"]["came"] == 0
    assert (await signed_in.read(f"{NUMBERS}/revenue"))["items"] == []
    scores = await signed_in.read(f"{NUMBERS}/scores")
    assert (scores["right_order"], scores["bars"], scores["bands"][0]["people"]) == (None, [], 0)
    assert (await signed_in.read(f"{NUMBERS}/costs"))["total"]["per_lead"] is None
    assert (await signed_in.read(f"{NUMBERS}/deliveries"))["items"] == []

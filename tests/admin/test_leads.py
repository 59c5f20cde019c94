"""The list of leads and one lead's story, read through the API from what the other rooms wrote."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from base.database import transaction
from base.ids import new_id
from crm.consent.withdrawal import withdraw
from crm.contacts.models import Contact
from crm.scoring.rules import load_rules
from crm.scoring.service import add_points
from crm.segments.work import SegmentWork
from tests.admin.people import consent, make_contact, make_leads, make_talk, outbox_row, say

NASTY = "<script>alert(1)</script> \u202eevil\u202c 😀 {{7*7}} ' OR 1=1 --"


async def pages_of(admin, path: str, **params) -> list[dict]:
    items, cursor = [], {}
    while True:
        page = await admin.read(path, **params, **cursor)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        assert len(page["items"]) == int(params["limit"])
        cursor = {"cursor": page["next_cursor"]}


async def ids_found(admin, **params) -> set[str]:
    return {lead["id"] for lead in (await admin.read("/api/v1/leads", **params))["items"]}


async def test_a_row_shows_the_lead_as_all_rooms_know_it(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        lead = await make_contact(
            session,
            keys,
            now,
            email="grace@navy.example",
            phone="+14155552671",
            fields={"first_name": "Grace", "last_name": "Hopper", "company": "Navy"},
            stage="mql",
            qualification="hot",
            score=75,
        )
        await make_talk(session, lead, now - timedelta(days=2), texts=("Old",))
        await make_talk(session, lead, now, texts=("Hello", "Again"))
        await consent(session, lead, "given", now)
        await consent(session, lead, "refused", now, channel="sms")
        await consent(session, lead, "given", now, purpose="news", valid_until=now)

    (row,) = (await signed_in.read("/api/v1/leads"))["items"]

    assert row == {
        "id": str(lead),
        "name": "Grace Hopper",
        "email": "grace@navy.example",
        "phone": "+14155552671",
        "company": "Navy",
        "stage": "mql",
        "score": 75,
        "band": "hot",
        "consents": [
            {"purpose": "marketing", "channel": "email", "state": "given"},
            {"purpose": "marketing", "channel": "sms", "state": "refused"},
            {"purpose": "news", "channel": "email", "state": "none"},
        ],
        "channel": "web",
        "owner": None,
        "created_at": "2026-11-23T15:00:00Z",
        "last_message_at": "2026-11-23T15:00:02Z",
    }


async def test_only_who_can_be_reached_or_matters_is_a_lead(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        visitor = await make_contact(session, keys, now, fields={"first_name": "Visitor"})
        await make_talk(session, visitor, now, texts=("Hello",))
        reachable = await make_contact(session, keys, now, phone="+14155552671")
        qualified = await make_contact(session, keys, now, qualification="cold")
        waiting = await make_contact(session, keys, now)
        await make_talk(session, waiting, now, status="handed_off")
    assert await ids_found(signed_in) == {str(reachable), str(qualified), str(waiting)}


async def test_a_lead_of_whom_nothing_else_is_known_shows_so(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        contact_id = await make_contact(session, keys, now, email="x@example.com")
        # As it could be written before fields had types.
        odd = {"first_name": 7, "company": [" "]}
        await session.execute(update(Contact).where(Contact.id == contact_id).values(fields=odd))
    (row,) = (await signed_in.read("/api/v1/leads"))["items"]
    assert (row["name"], row["company"], row["band"], row["last_message_at"]) == (None, None, None, None)
    assert (row["channel"], row["consents"]) == ("unknown", [])


@pytest.mark.parametrize("limit", [1, 3, 12, 50])
async def test_pages_hold_every_lead_once_in_one_order(signed_in, context, now, limit):
    made = await make_leads(context, now, 12)
    found = await pages_of(signed_in, "/api/v1/leads", limit=limit)
    assert len(found) == 12
    assert {lead["id"] for lead in found} == {str(lead) for lead in made}
    assert [lead["created_at"] for lead in found] == sorted((lead["created_at"] for lead in found), reverse=True)


async def test_leads_that_come_or_chat_meanwhile_do_not_disturb_the_pages(signed_in, context, keys, now):
    made = await make_leads(context, now, 6)
    first = await signed_in.read("/api/v1/leads", limit=3)
    async with transaction(context.sessions) as session:
        await make_contact(session, keys, now + timedelta(minutes=1), email="new@example.com")
        await make_talk(session, made[-1], now + timedelta(minutes=1), texts=("I am back",))
    second = await signed_in.read("/api/v1/leads", limit=3, cursor=first["next_cursor"])
    assert {lead["id"] for lead in first["items"] + second["items"]} == {str(lead) for lead in made}
    assert second["next_cursor"] is None


async def test_the_number_of_queries_does_not_grow_with_the_leads(signed_in, context, now, counted):
    await make_leads(context, now, 20)
    numbers = {}
    for limit in (1, 20):
        with counted() as statements:
            assert len((await signed_in.read("/api/v1/leads", limit=limit))["items"]) == limit
        numbers[limit] = len(statements)
    assert numbers[1] == numbers[20] <= 9


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", True),
        ("LOVELACE", True),
        ("Ada Love", True),
        ("  engine  ", True),
        ("ada.l@engine.example", True),
        ("ADA.L@ENGINE.EXAMPLE ", True),
        ("+1 415 555 2671", True),
        ("+1 (415) 555-2671", True),
        ("100%", True),
        ("", True),
        ("   ", True),
        ("%", True),
        ("_", False),
        ("A_a", False),
        ("Ad%ce", False),
        ("ada.l", False),
        ("engine.example", False),
        ("+1 415 555 2672", False),
        ("4155552671", False),
        ("\\", False),
        ("/", False),
        ("'", False),
        ("😀" * 200, False),
    ],
)
async def test_a_search_finds_names_and_whole_addresses_and_knows_no_wildcards(
    *, signed_in, context, keys, now, text, found
):
    async with transaction(context.sessions) as session:
        ada = await make_contact(
            session,
            keys,
            now,
            email="ada.l@engine.example",
            phone="+14155552671",
            fields={"first_name": "Ada", "last_name": "Lovelace", "company": "100% Engine"},
        )
        other = await make_contact(session, keys, now, email="other@example.com")
    assert (str(ada) in await ids_found(signed_in, q=text)) is found
    assert (str(other) in await ids_found(signed_in, q=text)) is (not text.strip())


async def test_bands_part_the_leads_as_the_rows_say(signed_in, context, keys, now):
    bands = load_rules().bands
    edges = {bands.hot: "hot", bands.hot - 1: "warm", bands.warm: "warm", bands.warm - 1: "cold", -5: "cold", 0: None}
    async with transaction(context.sessions) as session:
        for number, score in enumerate(edges):
            await make_contact(session, keys, now, email=f"a{number}@example.com", score=score)
        await make_contact(session, keys, now, qualification="cold")
    rows = (await signed_in.read("/api/v1/leads"))["items"]
    assert {row["score"]: row["band"] for row in rows if row["email"]} == edges
    for band in ("hot", "warm", "cold"):
        assert await ids_found(signed_in, band=band) == {row["id"] for row in rows if row["band"] == band}


async def test_a_filter_holds_on_every_page(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        for number in range(8):
            fields = {"company": "Acme" if number % 2 else "Other"}
            await make_contact(session, keys, now, email=f"a{number}@example.com", fields=fields)
    found = await pages_of(signed_in, "/api/v1/leads", limit=3, q="acme")
    assert [lead["company"] for lead in found] == ["Acme"] * 4


async def test_the_story_of_a_lead_holds_reasons_consents_talks_and_what_comes(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now, email="ada@example.com", fields={"first_name": "Ada"})
        talk = await make_talk(session, lead, now, texts=("Hello",))
        notice = await say(session, talk, "May we e-mail you?", now + timedelta(seconds=5))
        evidence = {"conversation_id": str(talk), "notice_message_id": str(notice)}
        await consent(session, lead, "given", now, notice_text="May we e-mail you?", evidence=evidence)
        await add_points(session, lead, rule="demo/qualify/0", points=20, reason="Big team", message_id=notice, now=now)
        session.add(outbox_row(lead, now + timedelta(hours=1)))
        later = now + timedelta(minutes=1)
        await withdraw(
            session, contact_id=lead, method="one_click", evidence={"id": "link"}, actor="subject", now=later
        )

    story = await signed_in.read(f"/api/v1/leads/{lead}")

    assert (story["name"], story["score"], story["fields"]) == ("Ada", 20, {"first_name": "Ada"})
    (reason,) = story["reasons"]
    assert (reason["points"], reason["reason"], reason["message_id"]) == (20, "Big team", str(notice))
    given, withdrawn = story["consent_events"]
    assert (given["event"], given["text"], given["message_id"]) == ("given", "May we e-mail you?", str(notice))
    assert (withdrawn["event"], withdrawn["text"], withdrawn["message_id"]) == ("withdrawn", "", None)
    assert {consent["state"] for consent in story["consents"]} == {"withdrawn"}
    assert [each["page_url"] for each in story["conversations"]] == ["https://shop.example/"]
    assert [message["text"] for message in story["transcript"]] == ["Hello", "May we e-mail you?"]
    assert [each["state"] for each in story["follow_ups"]] == ["planned"]
    assert [event["summary"] for event in story["timeline"]] == [
        "Opted out of everything",
        "Started a conversation on web chat",
    ]


async def test_the_transcript_joins_all_talks_in_order_without_their_unseen_opening(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now, email="ada@example.com")
        first = await make_talk(session, lead, now, texts=("one", "two"))
        second = await make_talk(session, lead, now + timedelta(days=1), texts=("three",))
        await say(session, first, "four", now + timedelta(days=2))
        stranger = await make_contact(session, keys, now)
        await make_talk(session, stranger, now, texts=("not this",))
    story = await signed_in.read(f"/api/v1/leads/{lead}")
    assert [message["text"] for message in story["transcript"]] == ["one", "two", "three", "four"]
    assert [message["conversation_id"] for message in story["transcript"]] == [
        str(each) for each in (first, first, second, first)
    ]


async def test_of_a_very_long_talk_the_latest_thousand_messages_are_shown(signed_in, context, keys, now):
    from sqlalchemy import insert

    from bot.models import Message

    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now, email="ada@example.com")
        talk = await make_talk(session, lead, now)
        rows = [
            {
                "id": new_id(),
                "conversation_id": talk,
                "seq": number,
                "author": "visitor",
                "kind": "text",
                "text": str(number),
                "data": {},
                "created_at": now + timedelta(seconds=number),
            }
            for number in range(1, 1_051)
        ]
        await session.execute(insert(Message), rows)
    story = await signed_in.read(f"/api/v1/leads/{lead}")
    assert [message["text"] for message in story["transcript"]] == [str(number) for number in range(51, 1_051)]


@pytest.mark.parametrize(
    ("data", "choices", "source"),
    [
        (
            {"choices": [{"value": "a", "label": "A"}], "source": {"title": "Prices", "link": "https://x.example"}},
            [{"value": "a", "label": "A"}],
            {"title": "Prices", "link": "https://x.example"},
        ),
        ({"source": {"title": "Prices"}}, [], {"title": "Prices", "link": None}),
        ({"choices": None, "source": None, "notice": None}, [], None),
        ({"choices": "abc", "source": "abc", "notice": 7}, [], None),
        ({"choices": [1, {"value": 1, "label": "A"}, {"value": "b"}, None], "source": {"title": 1}}, [], None),
        ({"choices": {"value": "a"}, "source": {"title": "P", "link": {"x": 1}}}, [], {"title": "P", "link": None}),
    ],
)
async def test_of_message_data_only_well_formed_parts_are_shown(
    *, signed_in, context, keys, now, data, choices, source
):
    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now, email="ada@example.com")
        await say(session, await make_talk(session, lead, now), "Hello", now, data)
    (message,) = (await signed_in.read(f"/api/v1/leads/{lead}"))["transcript"]
    assert (message["choices"], message["source"], message["notice"]) == (choices, source, None)


async def test_untrusted_text_comes_back_letter_for_letter_as_json(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        fields = {"first_name": NASTY, "company": NASTY, "problem": NASTY}
        lead = await make_contact(session, keys, now, email="ada@example.com", fields=fields)
        await make_talk(session, lead, now, texts=(NASTY,))
        await consent(session, lead, "given", now, notice_text=NASTY)
        await add_points(session, lead, rule="demo/q/0", points=1, reason=NASTY, message_id=None, now=now)
        session.add(outbox_row(lead, now, subject=NASTY, text=NASTY, state="skipped", reason_rule="x", reason=NASTY))
    answer = await signed_in.get(f"/api/v1/leads/{lead}")
    story = await answer.json()
    assert answer.content_type == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    shown = [
        story["name"],
        story["company"],
        story["fields"]["problem"],
        story["transcript"][0]["text"],
        story["consent_events"][0]["text"],
        story["reasons"][0]["reason"],
        story["follow_ups"][0]["subject"],
        story["follow_ups"][0]["text"],
        story["follow_ups"][0]["reason"]["text"],
    ]
    assert shown == [NASTY] * len(shown)
    assert await ids_found(signed_in, q=NASTY) == {str(lead)}


async def test_the_story_takes_as_many_queries_for_a_long_lead_as_for_a_short_one(
    signed_in, context, keys, now, counted
):
    async with transaction(context.sessions) as session:
        short = await make_contact(session, keys, now, email="a@example.com")
        long = await make_contact(session, keys, now, email="b@example.com")
        for day in range(10):
            at = now + timedelta(days=day)
            await make_talk(session, long, at, texts=("one", "two"))
            await consent(session, long, "given", at)
            session.add(outbox_row(long, at))
    numbers = []
    for lead in (short, long):
        with counted() as statements:
            await signed_in.read(f"/api/v1/leads/{lead}")
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 18


async def test_contacts_are_found_by_a_rule_a_page_at_a_time(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        made = [
            await make_contact(session, keys, now + timedelta(seconds=number), fields={"country": country})
            for number, country in enumerate(("DE", "FR", "DE", "DE"))
        ]
    german = {"fact": "country", "op": "is", "value": "DE"}
    await SegmentWork(context.sessions, context.keys, context.clock).do_all()
    first = await (await signed_in.send("POST", "/api/v1/contacts/search", {"tree": german, "limit": 2})).json()
    assert [row["id"] for row in first["items"]] == [str(made[3]), str(made[2])]
    body = {"tree": german, "limit": 2, "cursor": first["next_cursor"]}
    rest = await (await signed_in.send("POST", "/api/v1/contacts/search", body)).json()
    assert [row["id"] for row in rest["items"]] == [str(made[0])]
    assert rest["next_cursor"] is None
    unknown = {"tree": {"segment": str(new_id())}}
    assert (await signed_in.send("POST", "/api/v1/contacts/search", unknown)).status == 422


async def test_tags_are_given_and_taken_away_and_leads_are_found_by_them(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now, email="ada@engine.example", stage="mql")
        await make_contact(session, keys, now, email="bob@engine.example")
    answer = await signed_in.send("POST", f"/api/v1/contacts/{lead}/tags", {"add": ["vip", "fair_2026"]})
    assert (answer.status, (await answer.json())["tags"]) == (200, ["vip", "fair_2026"])
    assert await ids_found(signed_in, tag="vip") == await ids_found(signed_in, stage="mql") == {str(lead)}
    answer = await signed_in.send("POST", f"/api/v1/contacts/{lead}/tags", {"remove": ["vip"]})
    assert (await answer.json())["tags"] == ["fair_2026"]
    story = await signed_in.read(f"/api/v1/leads/{lead}")
    assert story["tags"] == ["fair_2026"]
    assert [event["kind"] for event in story["timeline"]].count("tag_added") == 2
    answer = await signed_in.send("POST", f"/api/v1/contacts/{lead}/tags", {"add": ["Not a tag"]})
    assert answer.status == 422


async def test_leads_are_found_by_the_segment_they_are_in(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now, email="ada@engine.example", fields={"country": "DE"})
        await make_contact(session, keys, now, email="bob@engine.example", fields={"country": "FR"})
    rule = {"name": "Germans", "tree": {"fact": "country", "op": "is", "value": "DE"}}
    segment = await (await signed_in.send("POST", "/api/v1/segments", rule)).json()
    await SegmentWork(context.sessions, context.keys, context.clock).do_all()
    assert await ids_found(signed_in, segment=segment["id"]) == {str(lead)}

"""Journeys tried out over the API: letters as channels make them, people in virtual time, and how it really went."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from admin.journeys.desk import JourneyDesk
from base.database import transaction
from base.ids import new_id
from channels.email.look import EmailLook
from channels.email.settings import EmailSettings
from channels.voice.opening import CallLook
from crm.segments.refreshing import refresh_noted
from crm.segments.service import create_segment
from crm.segments.tree import SegmentTree
from flows.compiler import compile_journeys, load_content
from outreach.enrolment import exit_all, publish_journeys
from outreach.gatekeeper import Gatekeeper
from outreach.planning import Planner
from outreach.rule_pack import read_rule_pack
from server.journeys_simulating import ScratchServer, ScratchTalks
from tests.admin.conftest import Admin, client_of
from tests.admin.people import make_contact

API = "/api/v1/journeys"
# A weekday's morning.
BEGINS = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
COMPILED = compile_journeys(load_content(intents=None))
AGREED = {"marketing/email": "given"}


class Aside:
    """A laboratory on the tests' own PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._server = ScratchServer(url)

    async def try_out(self, work: Any) -> Any:
        async with self._server.place("parley_template") as place:
            return await work(place, ScratchTalks())


@pytest.fixture
async def context(context, postgres_url, now):
    settings = EmailSettings(from_address="news@example.org", from_name="Northwind", postal_address="1 High Street")
    looks = [EmailLook(settings, context.clock), CallLook("Northwind")]
    async with transaction(context.sessions) as session:
        await publish_journeys(session, {"win_back": COMPILED["win_back"]}, now)
    return replace(context, journeys=JourneyDesk(Aside(postgres_url), {look.channel: look for look in looks}))


async def simulate(admin, *, status=200, **wish):
    body = {"journey": "win_back", "state": "live", "days": 120, "begins_at": BEGINS.isoformat(), **wish}
    answer = await admin.send("POST", f"{API}/simulations", body)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def preview(admin, *, status=200, **wish):
    answer = await admin.send("POST", f"{API}/previews", {"language": "en", **wish})
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_a_person_is_followed_day_by_day_with_every_message_and_what_the_gate_said(signed_in, context):
    found = await simulate(
        signed_in,
        person={"entry": "cancelled", "consents": AGREED, "stage": "customer", "fields": {"first_name": "Ada"}},
    )
    person = found["person"]
    assert (person["left_by"], person["stands_on"], found["people"]) == ("let_go", None, None)
    told = [(one["what"], one["step"]) for one in person["moments"]]
    assert told[0] == ("entered", "cancelled")
    assert told[-1] == ("left", "end_let_go")
    assert told.index(("came_to", "mail_news")) + 1 == told.index(("message", "mail_news"))

    by_what = {(one["what"], one["step"]): one for one in person["moments"]}
    a_month = by_what["came_to", "may_write"]
    assert (a_month["came_from"], a_month["waited_seconds"], a_month["day"]) == ("a_month", 30 * 86_400, 31)
    assert a_month["way"] == {"by": "next", "condition": None}
    first = by_what["message", "mail_news"]
    assert datetime.fromisoformat(first["at"]) == datetime(2026, 4, 7, 9, 0, tzinfo=UTC), "ten by London's clock"
    rendering = first["message"]["rendering"]
    assert "Hello Ada" in rendering["texts"][0]
    assert "Hello Ada" in rendering["html"]
    assert "1 High Street" in rendering["html"], "the footer of the channel that really sends"
    assert [(one["stage"], one["answer"]) for one in first["message"]["gate"]] == [
        ("plan", "allow"), ("claim", "allow"), ("wire", "allow"),
    ]  # fmt: skip
    assert first["message"]["state"] == "accepted"
    async with context.sessions() as session:
        for table in ("contacts", "enrolments", "outbox", "timeline_events"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, "nothing of it is the site's"


async def test_what_the_gate_refuses_is_told_with_the_rule_and_the_fork_that_follows(signed_in):
    found = await simulate(signed_in, person={"entry": "cancelled"})
    moments = found["person"]["moments"]
    fork = next(one for one in moments if one["step"] == "end_no_consent")
    assert fork["way"] == {"by": "not_allowed", "condition": None}
    assert found["person"]["left_by"] == "no_consent"
    assert not any(one["what"] == "message" for one in moments)


async def test_a_person_does_things_on_the_way_and_the_journey_heeds_them(signed_in):
    withdrawn = await simulate(
        signed_in,
        person={
            "entry": "cancelled", "consents": AGREED,
            "deeds": [{"after_seconds": 36 * 86_400, "withdraws": "marketing/email"}],
        },
    )  # fmt: skip
    assert withdrawn["person"]["left_by"] == "consent_withdrawn"
    bought = await simulate(
        signed_in,
        person={
            "consents": AGREED,
            "deeds": [
                {"event": "subscription_cancelled", "data": {"subscription": "s-1"}},
                {"after_seconds": 40 * 86_400, "event": "subscription_started", "data": {"value": 79}},
            ],
        },
    )  # fmt: skip
    assert bought["person"]["left_by"] == "goal"
    happened = [one["rule"] for one in bought["person"]["moments"] if one["what"] == "happened"]
    assert happened == ["subscription_cancelled", "subscription_started"]
    idle = await simulate(signed_in, person={"consents": AGREED})
    assert (idle["person"]["left_by"], idle["person"]["stands_on"]) == (None, None), "nothing let them in"


async def test_whatever_a_person_is_and_does_they_are_played(signed_in):
    person = {
        "entry": "cancelled", "consents": AGREED, "segments": ["Old friends", " ", "É" * 100], "tags": ["vip"],
        "scores": {"fit": 5, "total": 9}, "fields": {"size": 1e15, "paid": True, "country": "ZZ"},
        "channels": ["email", "sms", "web", "telegram", "voice"], "time_zone": "Pacific/Kiritimati",
        "deeds": [
            {"joins": "Old friends"}, {"after_seconds": 86_400, "leaves": "Old friends"}, {"sets": {"size": "1"}},
            {"after_seconds": 3, "replies": True}, {"event": "no_such_kind"},
            {"after_seconds": 12_345, "handed_off": True},
            {"conversation": {"flow": "hello", "outcome": "done"}},
        ],
        "answers": {"mail_news": {"outcome": "yes", "after_seconds": 0}}, "connectors": {"shop": {"ok": False}},
    }  # fmt: skip
    found = await simulate(signed_in, person=person)
    happened = [one["rule"] for one in found["person"]["moments"] if one["what"] == "happened"]
    assert happened == ["tag_added", "no_such_kind", "flow_ended", "message_received", "handed_off", "tag_removed"]
    assert found["person"]["left_by"] == "handed_off"


async def test_people_are_drawn_and_counted_with_cost_and_load_and_the_same_seed_draws_the_same(signed_in):
    found = await simulate(signed_in, people={"count": 30, "seed": 3})
    people = found["people"]
    assert people["people"] == people["entered"] + people["held_out"] == 30
    by_step = {one["step"]: one for one in people["steps"]}
    assert by_step["cancelled"]["arrived"] == people["entered"]
    assert sum(people["outcomes"].values()) + sum(one["stand_here"] for one in people["steps"]) == people["entered"]
    (mail,) = people["sends"]
    assert mail["channel"] == "email"
    assert mail["messages"] == sum(sum(day["channels"].values()) for day in people["load"])
    assert people["cost"] == mail["cost"] == pytest.approx(mail["messages"] * 0.001)
    assert people["currency"] == "EUR"
    assert 0 < people["busiest_messages"] <= mail["messages"]
    assert datetime.fromisoformat(people["busiest_hour"]).minute == 0


@pytest.fixture
async def segment(context, now):
    """Two are in it, one is not."""
    tree = SegmentTree.model_validate({"tag": "vip"})
    async with transaction(context.sessions) as session:
        for tags in (["vip"], ["vip"], []):
            fields = {"first_name": "Cleo", "shoe_size": "38"}
            await make_contact(
                session, context.keys, now, tags=tags, fields=fields, email=f"{len(tags)}{new_id()}@a.example"
            )
        while await refresh_noted(session, context.keys, now, 100):
            pass
        return await create_segment(session, name="Old friends", tree=tree, by="a", now=now)


async def test_people_of_a_segment_go_through_and_nothing_of_theirs_is_written(signed_in, context, segment):
    async with context.sessions() as session:
        before = await _rows(session)
    found = (await simulate(signed_in, people={"segment": "Old friends", "count": 1_000}))["people"]
    assert found["people"] == 2
    by_id = (await simulate(signed_in, people={"segment": str(segment.id)}))["people"]
    assert by_id["people"] == 2
    async with context.sessions() as session:
        assert await _rows(session) == before
    await simulate(signed_in, people={"segment": "Nobody knows"}, status=404)


async def _rows(session):
    tables = ("contacts", "enrolments", "outbox", "timeline_events", "gate_decisions", "consent_events")
    return [await session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]


async def test_what_cannot_be_tried_out_is_said_so(signed_in):
    await simulate(signed_in, journey="nowhere", person={}, status=404)
    await simulate(signed_in, journey="nowhere", state="draft", person={}, status=404)
    await simulate(signed_in, status=422)
    await simulate(signed_in, person={}, people={}, status=422)
    for wrong in (
        {"time_zone": "Moon/Base"},
        {"entry": "mail_news"},
        {"variants": {"mail_news": "a"}},
        {"country": "XX", "channels": ["sms"]},
        {"deeds": [{"after_seconds": 5}]},
        {"deeds": [{"replies": True, "opts_out": True}]},
    ):
        await simulate(signed_in, person=wrong, status=422)


async def test_without_a_place_to_play_it_is_said_what_is_missing(context, clock, user):
    async with client_of(replace(context, journeys=JourneyDesk())) as client:
        admin = Admin(client, context, clock)
        await admin.sign_in()
        answer = await admin.send("POST", f"{API}/simulations", {"journey": "win_back", "state": "live", "person": {}})
        assert answer.status == 503
        assert (await answer.json())["code"] == "nowhere_to_try"


async def test_a_letter_is_shown_as_its_channels_make_it_and_where_nothing_is_known(signed_in):
    step = {"id": "hello", "step": "send", "channels": ["email", "sms"]}
    wording = {
        "subject": "For {{ first_name | you }}",
        "text": {"default": "Hello {{ first_name | there }}, {{ company }} is in.", "sms": "Hi {{ first_name }} – €1"},
    }
    found = await preview(signed_in, step=step, wording=wording, values={"first_name": "Zoë"})
    email, sms = found["renderings"]
    assert (email["subject"], email["channel"]) == ("For Zoë", "email")
    assert "Hello Zoë, Northwind is in." in email["texts"][0]
    assert "<p" in email["html"]
    assert "/unsubscribe/" in email["html"], "marketing always has its way out"
    assert (sms["texts"], sms["segments"], sms["alphabet"], sms["cost"]) == (["Hi Zoë – €1"], 1, "UCS-2", 0.08)
    bare_email, bare_sms = found["unknown"]
    assert bare_email["subject"] == "For you"
    assert "Hello there,  is in." in bare_email["texts"][0]
    assert bare_sms["texts"] == ["Hi  – €1"]
    assert {one["name"]: one["fallback"] for one in found["asked"]} == {"first_name": None, "company": None}

    service = await preview(signed_in, step=step, wording=wording, purpose="service")
    assert "/unsubscribe/" not in service["renderings"][0]["html"]


async def test_a_call_says_who_calls_and_how_to_stop_it_before_its_text(signed_in):
    found = await preview(signed_in, step={"id": "ring", "step": "call"}, wording={"text": "We have news."})
    (voice,) = found["renderings"]
    assert "Northwind" in voice["spoken"][0]
    assert "stop" in voice["spoken"][1]
    assert voice["spoken"][2] == "We have news."


async def test_a_value_that_could_be_a_trap_is_left_out_of_a_preview_as_of_a_letter(signed_in):
    step = {"id": "hello", "step": "send", "channels": ["telegram"]}
    found = await preview(
        signed_in, step=step, wording={"text": "Hello {{ first_name | there }}!"}, values={"first_name": "evil.example"}
    )
    assert found["renderings"][0]["texts"] == ["Hello there!"]


async def test_what_is_no_letter_is_refused_with_the_place(signed_in):
    await preview(signed_in, step={"id": "x", "step": "branch"}, wording={"text": "Hi"}, status=422)
    refused = await preview(signed_in, step={"id": "x", "step": "send"}, wording={"text": 5}, status=422)
    assert refused["errors"][0]["field"].startswith("wording.text")
    refused = await preview(signed_in, step={"id": "x", "step": "send"}, wording={"text": {"web": "Hi"}}, status=422)
    assert refused["errors"] == [{"field": "wording.text", "message": "a text by channel needs a default"}]


def compiled(version="v1"):
    """Who comes waits an hour, goes one of two ways, and ends."""
    return {
        "journey": "nurture", "name": "Nurture", "version": version, "purpose": "marketing",
        "exit_when": ["opted_out"], "first": "rest", "wording": {},
        "steps": {
            "rest": {"step": "wait_for", "seconds": 3_600, "next": [{"to": "fork"}]},
            "fork": {"step": "branch", "next": [
                {"if": {"fact": "stage", "op": "is", "value": "customer"}, "to": "customers"}, {"to": "day"},
            ]},
            "day": {"step": "wait_for", "seconds": 86_400, "next": [{"to": "others"}]},
            "customers": {"step": "exit", "outcome": "bought"},
            "others": {"step": "exit", "outcome": "let_go"},
        },
    }  # fmt: skip


async def test_how_people_really_went_is_counted_by_step_and_way_with_the_reasons_and_the_median(
    signed_in, context, clock
):
    planner = Planner(context.sessions, Gatekeeper(read_rule_pack(), {}, ("UTC",), keys=context.keys))
    async with transaction(context.sessions) as session:
        await publish_journeys(session, {"nurture": compiled()}, clock.now())
        people = [await make_contact(session, context.keys, clock.now()) for _ in range(4)]
    for contact_id in people:
        entered = await signed_in.send("POST", f"{API}/enrol", {"journey": "nurture", "contact": str(contact_id)})
        assert (await entered.json())["entered"]
    async with transaction(context.sessions) as session:
        await session.execute(text("UPDATE contacts SET stage = 'customer' WHERE id = :id"), {"id": people[0]})
        await exit_all(session, people[1], "opted_out", clock.now())
    clock.forward(hours=1)
    await planner.advance_due(clock.now())
    clock.forward(minutes=1)

    found = await signed_in.read(f"{API}/drop-off", journey="nurture")
    assert found["people"] == 4
    steps = {one["step"]: one for one in found["steps"]}
    assert (steps["rest"]["arrived"], steps["rest"]["went_on"], steps["rest"]["stopped"]) == (4, 3, 1)
    assert steps["rest"]["left"] == [
        {"reason": "opted_out", "text": "The contact does not want to hear from us any more.", "people": 1}
    ]
    assert steps["rest"]["median_seconds"] == 3_600
    assert (steps["fork"]["arrived"], steps["fork"]["went_on"], steps["fork"]["median_seconds"]) == (3, 3, 0)
    assert (steps["day"]["arrived"], steps["day"]["went_on"], steps["day"]["median_seconds"]) == (2, 0, None)
    assert (steps["customers"]["ended"], steps["customers"]["stopped"]) == (1, 0)
    ways = {(one["step"], one["to"]): one for one in found["edges"]}
    assert ways["fork", "day"]["share"] == pytest.approx(2 / 3)
    assert (ways["rest", "fork"]["people"], ways["rest", "fork"]["median_seconds"]) == (3, 3_600)

    until = (clock.now() - timedelta(minutes=30)).isoformat()
    before = await signed_in.read(f"{API}/drop-off", journey="nurture", until=until)
    assert {one["step"] for one in before["steps"]} == {"rest"}
    assert (await signed_in.get(f"{API}/drop-off", journey="nowhere")).status == 404
    async with context.sessions() as session:
        held = await session.scalar(
            text("SELECT count(*) FROM timeline_events WHERE kind = 'journey_walked' AND contact_id IS NOT NULL")
        )
        assert held == 0, "it is counted, and about nobody"
        await session.execute(text("SET enable_seqscan = off"))
        plan = "\n".join(
            await session.scalars(
                text(
                    "EXPLAIN SELECT data FROM timeline_events WHERE kind = 'journey_walked' "
                    "AND occurred_at >= now() AND data ->> 'journey' = 'nurture'"
                )
            )
        )
        assert "ix_timeline_events_kind_occurred_at" in plan

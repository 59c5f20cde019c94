"""What each kind of step does with those who stand on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from base.database import transaction
from base.ids import new_id
from crm.owners.service import assign_owner
from crm.scoring.models import ScoreEntry
from crm.tasks.service import list_open_tasks
from outreach.definitions import Step
from outreach.steps.table import STEPS
from outreach.steps.time import choose_time, moment_of
from outreach.wall_clock import instant_of, next_at

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def exits(**outcomes):
    return {name: {"step": "exit", "outcome": outcome} for name, outcome in outcomes.items()}


async def run(site, journey, steps, contact_id, **fields):
    """Publishes a journey of these steps, puts somebody in and lets them go on as far as they can at once."""
    await site.publish(journey(steps, **fields))
    assert await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    return await site.enrolment(contact_id)


def test_no_kind_of_step_is_named_that_the_language_does_not_have():
    assert STEPS.keys() <= set(Step.model_fields["step"].annotation.__args__)


def test_a_time_of_day_that_the_clock_leaves_out_comes_an_hour_later():
    assert instant_of(date(2026, 3, 8), "02:30", NEW_YORK) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    twice = instant_of(date(2026, 11, 1), "01:30", NEW_YORK)
    assert twice == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_the_next_time_of_day_keeps_its_wall_time_over_a_change_of_the_clock():
    before = datetime(2026, 3, 28, 9, 30, tzinfo=BERLIN)
    assert next_at(before, "09:00", BERLIN) == datetime(2026, 3, 29, 9, 0, tzinfo=BERLIN)
    assert next_at(before, "09:30", BERLIN) == before
    monday = next_at(before, "09:00", BERLIN, ("mon",))
    assert (monday.astimezone(BERLIN).weekday(), monday.astimezone(BERLIN).hour) == (0, 9)


@pytest.mark.parametrize(
    ("value", "step", "moment"),
    [
        ("2026-12-24", {}, datetime(2026, 12, 24, 9, tzinfo=BERLIN)),
        ("2026-12-24", {"at": "17:15", "days": -2}, datetime(2026, 12, 22, 17, 15, tzinfo=BERLIN)),
        ("2026-12-24T15:00:00+00:00", {"hours": -1}, datetime(2026, 12, 24, 15, tzinfo=BERLIN)),
        ("2026-12-24T15:00:00+00:00", {"at": "08:00"}, datetime(2026, 12, 24, 8, tzinfo=BERLIN)),
        # Over the change of the clock a day later is the same time of day.
        ("2026-03-28T12:00:00+01:00", {"days": 1}, datetime(2026, 3, 29, 12, tzinfo=BERLIN)),
        ("2026-12-24", {"weekdays": ("mon",)}, datetime(2026, 12, 28, 9, tzinfo=BERLIN)),
        ("soon", {}, None),
        (None, {}, None),
    ],
)
def test_a_moment_is_counted_from_what_the_field_holds(value, step, moment):
    assert moment_of(value, Step(step="wait_until", **step), BERLIN) == moment


def test_the_best_hour_is_taken_within_the_window_and_in_time():
    step = Step(step="best_time", earliest="09:00", latest="20:00", default="10:00", seconds=86_400)
    morning = datetime(2026, 11, 23, 8, 0, tzinfo=BERLIN)
    assert choose_time(step, morning, BERLIN, None) == datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)
    assert choose_time(step, morning, BERLIN, 18) == datetime(2026, 11, 23, 18, 0, tzinfo=BERLIN)
    assert choose_time(step, morning, BERLIN, 23) == datetime(2026, 11, 23, 20, 0, tzinfo=BERLIN)
    hurried = step.model_copy(update={"seconds": 3_600})
    # Not at the wished hour, but not before the window opens.
    assert choose_time(hurried, morning, BERLIN, 18) == datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)


async def test_wait_until_waits_by_the_recipients_clock(site, journey):
    steps = {"wait": {"step": "wait_until", "at": "09:00", "next": [{"to": "done"}]}, **exits(done="completed")}
    early = await site.contact(time_zone="America/New_York")
    found = await run(site, journey, steps, early)
    assert found.due_at == next_at(site.clock.now(), "09:00", NEW_YORK)
    site.clock.moment = found.due_at - timedelta(seconds=1)
    assert (await site.planner.advance_due(site.clock.now())).advanced == 0
    await site.go_on(seconds=1)
    assert (await site.enrolment(early)).exit_reason == "completed"


@pytest.mark.parametrize(
    ("fields", "came_to"),
    [({}, "no_date"), ({"renewal": "2026-11-01"}, "too_late"), ({"renewal": "2026-12-01"}, None)],
)
async def test_wait_until_a_date_has_ways_for_none_and_for_one_that_is_over(site, journey, fields, came_to):
    steps = {
        "wait": {
            "step": "wait_until", "field": "renewal", "days": -3, "missing": "missing", "past": "past",
            "next": [{"to": "done"}],
        },
        **exits(done="completed", missing="no_date", past="too_late"),
    }  # fmt: skip
    found = await run(site, journey, steps, await site.contact(fields=fields))
    assert found.exit_reason == came_to
    if came_to is None:
        assert found.due_at == datetime(2026, 11, 28, 9, tzinfo=ZoneInfo("Europe/London"))


async def test_wait_event_goes_on_when_they_do_it_and_remembers_what_it_brought(site, journey):
    steps = {
        "wait": {
            "step": "wait_event", "kind": "order_placed", "seconds": 86_400, "timed_out": "late",
            "where": {"property": "total", "op": "at_least", "value": 50}, "remember": {"sum": "total"},
            "next": [{"to": "done"}],
        },
        **exits(done="bought", late="timed_out"),
    }  # fmt: skip
    buyer, other = await site.contact(), await site.contact()
    await run(site, journey, steps, buyer)
    await site.enrol(other, "follow_up")
    await site.go_on(minutes=1)
    await site.happen(buyer, "order_placed", total=20)
    await site.go_on(minutes=1)
    assert (await site.enrolment(buyer)).state == "active"
    await site.happen(buyer, "order_placed", total=80)
    await site.go_on(minutes=1)
    found = await site.enrolment(buyer)
    assert (found.exit_reason, found.remembered) == ("bought", {"sum": 80})
    await site.go_on(days=1)
    assert (await site.enrolment(other)).exit_reason == "timed_out"


async def test_a_wake_up_that_was_lost_is_made_up_for_when_the_time_is_over(site, journey):
    steps = {
        "wait": {
            "step": "wait_event", "kind": "order_placed", "seconds": 600, "timed_out": "late",
            "next": [{"to": "done"}],
        },
        **exits(done="bought", late="timed_out"),
    }  # fmt: skip
    contact_id = await site.contact()
    await run(site, journey, steps, contact_id)
    site.clock.forward(minutes=1)
    await site.happen(contact_id, "order_placed")
    async with transaction(site.sessions) as session:
        await session.execute(text("DELETE FROM event_queue"))
    await site.go_on(minutes=10)
    assert (await site.enrolment(contact_id)).exit_reason == "bought"


async def test_since_entry_counts_what_happened_before_the_step(site, journey):
    def steps(since):
        return {
            "rest": {"step": "wait_for", "seconds": 600, "next": [{"to": "wait"}]},
            "wait": {
                "step": "wait_event", "kind": "order_placed", "since": since, "seconds": 600, "timed_out": "late",
                "next": [{"to": "done"}],
            },
            **exits(done="bought", late="timed_out"),
        }  # fmt: skip

    came_to = {}
    for since in ("entry", "arrival"):
        contact_id = await site.contact()
        await site.publish(journey(steps(since), journey=since))
        await site.enrol(contact_id, since)
        site.clock.forward(minutes=1)
        await site.happen(contact_id, "order_placed")
        await site.go_on(minutes=9)
        await site.go_on(minutes=10)
        came_to[since] = (await site.enrolment(contact_id, since)).exit_reason
    assert came_to == {"entry": "bought", "arrival": "timed_out"}


async def test_best_time_learns_only_of_who_may_be_profiled(site, journey):
    steps = {
        "wait": {
            "step": "best_time", "earliest": "08:00", "latest": "21:00", "default": "10:00", "seconds": 172_800,
            "next": [],
        }
    }  # fmt: skip
    living = {"time_zone": "America/New_York", "fields": {"country": "US", "state": "NY"}}
    known, objects, new = [await site.contact(**living) for _ in range(3)]
    await site.consent(objects, "withdrawn", channel="all", purpose="profiling")
    site.clock.moment = datetime(2026, 11, 22, 19, 20, tzinfo=NEW_YORK)
    for contact_id in (known, objects):
        await site.happen(contact_id, "link_clicked")
    site.clock.moment = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    await site.publish(journey(steps))
    for contact_id in (known, objects, new):
        await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    hours = [(await site.enrolment(one)).due_at.astimezone(NEW_YORK).hour for one in (known, objects, new)]
    assert hours == [19, 10, 10]


async def test_a_branch_goes_by_facts_scores_segments_and_what_happened(site, journey):
    def way(condition, to):
        return {"if": condition, "to": to}

    steps = {
        "fork": {
            "step": "branch",
            "next": [
                way({"happened": "order_placed", "within_seconds": 3_600, "at_least": 2}, "twice"),
                way({"segment": "Regulars"}, "regular"),
                way({"score": "total", "op": "at_least", "value": 10}, "scored"),
                way({"not": {"fact": "company", "op": "known"}}, "nobody"),
                {"to": "done"},
            ],
        },
        **exits(twice="twice", regular="regular", scored="scored", nobody="nobody", done="done"),
    }
    twice, once, regular, scored, known = (
        await site.contact(fields={"company": "x"}),
        await site.contact(),
        await site.contact(),
        await site.contact(score=10),
        await site.contact(fields={"company": "x"}),
    )
    await site.happen(twice, "order_placed")
    await site.happen(twice, "order_placed")
    await site.happen(once, "order_placed")
    async with transaction(site.sessions) as session:
        await session.execute(
            text(
                "WITH made AS (INSERT INTO segments (id, name, tree, state, made_by, created_at, updated_at) "
                "VALUES (gen_random_uuid(), 'Regulars', '{}', 'live', 'user:1', now(), now()) RETURNING id) "
                "INSERT INTO segment_members (segment_id, contact_id, entered_at) SELECT id, :contact, now() FROM made"
            ),
            {"contact": regular},
        )
    await site.publish(journey(steps))
    people = {"twice": twice, "nobody": once, "regular": regular, "scored": scored, "done": known}
    for contact_id in people.values():
        await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    assert {name: (await site.enrolment(one)).exit_reason for name, one in people.items()} == {
        name: name for name in people
    }


async def test_the_consent_gate_lets_through_whom_one_channel_may_reach(site, journey):
    steps = {
        "gate": {
            "step": "consent_gate", "channels": ["web", "email"], "purpose": "marketing", "not_allowed": "no",
            "next": [{"to": "yes"}],
        },
        **exits(yes="yes", no="no"),
    }  # fmt: skip
    agreed, silent = await site.contact(), await site.contact(consent=None)
    assert (await run(site, journey, steps, agreed)).exit_reason == "yes"
    await site.enrol(silent, "follow_up")
    await site.planner.advance_due(site.clock.now())
    assert (await site.enrolment(silent)).exit_reason == "no"
    # It is only asked whether: nothing stands in the outbox.
    assert await site.outbox() == []


async def test_update_sets_and_forgets_fields_and_changes_tags(site, journey):
    steps = {
        "note": {
            "step": "update", "set": {"plan": "pro", "note": None}, "add": ["customer", "happy"], "remove": ["trial"],
            "next": [],
        }
    }  # fmt: skip
    contact_id = await site.contact(fields={"note": "x", "company": "y"}, tags=["trial", "happy"])
    await run(site, journey, steps, contact_id)
    contact = await site.known(contact_id)
    assert contact.fields == {"company": "y", "plan": "pro"}
    assert contact.tags == ["happy", "customer"]
    told = [(kind, data["tag"]) for kind, data in await site.timeline(contact_id) if kind.startswith("tag_")]
    assert told == [("tag_added", "customer"), ("tag_removed", "trial")]


async def test_a_contact_that_somebody_holds_is_looked_at_again_in_a_second(site, journey):
    await site.publish(journey({"note": {"step": "update", "set": {"plan": "pro"}, "next": []}}))
    held, free = await site.contact(), await site.contact()
    for contact_id in (held, free):
        await site.enrol(contact_id, "follow_up")
    async with transaction(site.sessions) as session:
        await session.execute(text("SELECT FROM contacts WHERE id = :id FOR UPDATE"), {"id": held})
        await site.planner.advance_due(site.clock.now())
    assert (await site.known(free)).fields == {"plan": "pro"}
    assert (await site.enrolment(held)).due_at == site.clock.now() + timedelta(seconds=1)
    await site.go_on(seconds=1)
    assert (await site.known(held)).fields == {"plan": "pro"}


async def test_points_are_given_once_an_arrival_and_a_stage_only_goes_forward(site, journey):
    steps = {
        "more": {
            "step": "adjust_score_stage", "score": "engagement", "points": 7, "reason": "Read the series",
            "stage": "mql", "next": [{"to": "less"}],
        },
        "less": {"step": "adjust_score_stage", "stage": "lead", "next": []},
    }  # fmt: skip
    contact_id, objects = await site.contact(), await site.contact()
    await site.consent(objects, "withdrawn", channel="all", purpose="profiling")
    await run(site, journey, steps, contact_id)
    await site.enrol(objects, "follow_up")
    await site.planner.advance_due(site.clock.now())
    assert (await site.known(contact_id)).stage == "mql"
    async with site.sessions() as session:
        entries = list(await session.scalars(select(ScoreEntry).where(ScoreEntry.rule.like("journey/%"))))
    # Who objected to being profiled gets no points.
    assert [(one.contact_id, one.score, one.points, one.reason) for one in entries] == [
        (contact_id, "engagement", 7, "Read the series")
    ]


async def test_a_colleague_is_given_a_task_with_what_is_known(site, journey):
    steps = {
        "tell": {
            "step": "task_or_notify", "to": "owner", "team": "sales", "kind": "task",
            "text": "Call {{ first_name | somebody }} about {{ plan }}", "due_seconds": 3_600, "next": [],
        }
    }  # fmt: skip
    contact_id = await site.contact(fields={"first_name": "Ada", "plan": "pro"})
    await run(site, journey, steps, contact_id)
    async with site.sessions() as session:
        (task,) = await list_open_tasks(session)
    assert (task.title, task.kind, task.data["team"]) == ("Call Ada about pro", "task", "sales")
    assert task.due_at == site.clock.now() + timedelta(hours=1)
    assert "task_made" in [kind for kind, _ in await site.timeline(contact_id)]


@pytest.mark.parametrize(("to", "is_theirs"), [("owner", True), ("team", False)])
async def test_a_task_is_of_whoever_looks_after_the_contact_unless_it_is_for_the_team(site, journey, to, is_theirs):
    steps = {"tell": {"step": "task_or_notify", "to": to, "team": "sales", "text": "Call them", "next": []}}
    contact_id, colleague = await site.contact(), new_id()
    async with transaction(site.sessions) as session:
        await assign_owner(session, contact_id, colleague, by="user:1", now=site.clock.now())
    await run(site, journey, steps, contact_id)
    async with site.sessions() as session:
        (task,) = await list_open_tasks(session)
    assert task.owner_id == (colleague if is_theirs else None)


async def test_an_exit_leads_on_to_another_journey_and_also_to_the_same(site, journey):
    again = {
        "pause": {"step": "wait_for", "seconds": 60, "next": [{"to": "done"}]},
        "done": {"step": "exit", "link_journey": "next_one"},
    }
    await site.publish(
        journey(again, journey="next_one", re_entry="after_exit"),
        journey({"done": {"step": "exit", "outcome": "read", "link_journey": "next_one"}}),
    )
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    assert (await site.enrolment(contact_id)).exit_reason == "read"
    first = await site.enrolment(contact_id, "next_one")
    await site.go_on(minutes=1)
    second = await site.enrolment(contact_id, "next_one")
    assert second.id != first.id
    assert second.state == "active"


async def test_a_journey_leaves_out_what_meets_quiet_hours_if_it_says_so(site, journey):
    steps = {"say": {"step": "send", "channels": ["email"], "next": []}}
    night = await site.contact(time_zone="Pacific/Honolulu")
    await run(site, journey, steps, night, quiet_hours="skip")
    (row,) = await site.outbox()
    assert (row.state, row.reason_rule) == ("skipped", "quiet_hours")


async def test_a_message_says_what_an_event_brought_in_the_words_of_its_channel(site, journey):
    definition = journey({"say": {"step": "send", "channels": ["email"], "next": []}})
    definition["wording"] = {"en": {"say": {"subject": "Hi", "text": "x", "by_channel": {"email": "See {{ link }}"}}}}
    definition["steps"] |= {
        "on_cart": {
            "step": "on_event", "kind": "cart_updated", "remember": {"link": "url"}, "next": [{"to": "say"}],
        }
    }  # fmt: skip
    await site.publish(definition | {"entries": ["on_cart"], "first": None})
    shop, browser = await site.contact(), await site.contact()
    await site.happen(shop, "cart_updated", url="https://shop.example/1")
    await site.happen(browser, "cart_updated", source="web", url="https://evil.example/1")
    await site.go_on(seconds=1)
    said = {row.contact_id: row.text for row in await site.outbox()}
    # A visitor's browser may say anything, so no address of its gets into our mail.
    assert said == {shop: "See https://shop.example/1", browser: "See "}
